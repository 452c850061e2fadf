#pragma once
#include "journal/base/time.hpp"
#include "providers/transport.hpp"

#include <memory>

namespace orderhub::providers {

/// Shows tokens: a request that names a client (`wire_request::token`) gets the client's token as
/// its Authorization before it goes on to the transport behind; every other one goes on as it is.
///
/// A client's token is kept in memory, renewed early, and asked for once however many wait for it.
/// A 401 under a token that was kept lets that one request go once more, under a new token: a 401
/// says that nothing was done. No token, and no client's secret, is logged or comes out anywhere.
///
/// The wait for a token counts towards the request's deadline. Without one the outcome is
/// `not_sent`, and `is_credential_refused` where the token endpoint refuses the client.
///
/// Thread-safe. What is under way when this is destroyed ends as the transport behind ends it.
class token_transport final : public transport {
public:
  token_transport(transport& behind, const clock& time);
  ~token_transport() override;
  token_transport(const token_transport&) = delete;
  token_transport& operator=(const token_transport&) = delete;

  void send(wire_request request, callback done) override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace orderhub::providers
