#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/contracts/keys.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace orderhub::providers::mock {

/// A service as a shop may have one, for custom providers: `POST` or `PUT /orders/{reference}` with
/// any JSON object notes that it was told (201, `{"id":…,"reference":…}`); the same again under the
/// same idempotency key is the first answer again, without one it is told again. `GET
/// /orders/{reference}` shows it, else 404. An object whose `order` contains `refused` is refused
/// (422), `{"error":{"code":"not_wanted",…}}`.
///
/// `POST /token` gives OAuth 2 tokens for client credentials, Basic or in the body, each for an
/// hour; a secret that contains `invalid` is refused (401, `invalid_client`). A bearer token that
/// begins as those do must be one that was given and has not expired. Internal to the mock.
class custom {
public:
  explicit custom(shared_state& shared) : shared_(shared), keys_(shared.settings) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);
  /// Every token that was given is refused from now on.
  void expire_tokens() { tokens_.clear(); }

private:
  struct told {
    std::uint64_t number = 0;
    std::string body;
  };

  void give_token(call& c);
  void take(call& c, const std::string& reference);
  [[nodiscard]] bool admits(const call& c) const;

  shared_state& shared_;
  contract_keys keys_;
  std::unordered_map<std::string, told> told_;
  std::deque<std::string> oldest_;
  std::set<std::string, std::less<>> tokens_;
  std::uint64_t made_ = 0, tokens_given_ = 0;
};

} // namespace orderhub::providers::mock
