#pragma once
#include "providers/mock/call.hpp"

#include <cstdint>
#include <string_view>

namespace orderhub::providers::mock {

/// SendGrid's mail send. Keeps nothing but the number of mails: there is
/// no way to ask afterwards, as with the real one. Internal to the mock.
class sendgrid {
public:
  explicit sendgrid(shared_state& shared) : shared_(shared) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);

private:
  void refuse(call& c, int status, std::string_view field, std::string_view message);
  /// False, with the answer made, if the mail is refused.
  bool validate(call& c);
  /// That a mail was taken, and a moment later that it is delivered; `args` are members of JSON.
  void tell(std::uint64_t number, std::string_view to, const std::string& args, unix_ms at);

  shared_state& shared_;
  std::uint64_t mails_ = 0;
};

} // namespace orderhub::providers::mock
