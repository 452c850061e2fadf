#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/objects.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// Twilio's Messages: create, list, fetch. Internal to the mock.
class twilio {
public:
  explicit twilio(shared_state& shared) : shared_(shared), messages_(shared.settings.objects_max) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);

private:
  struct message {
    std::string account, to, from, service, body;
    unix_ms created_at = 0;
    unix_ms decided_at = 0;  ///< `queued` before it; 0: never decided.
    std::int64_t failed = 0; ///< Twilio's code where it is not delivered then.
  };

  void refuse(call& c, int status, std::int64_t code, std::string_view text);
  /// False, with the answer made, where the credential is none of this account's.
  bool is_let_in(call& c, std::string_view& account);
  /// False, with the answer made, if the message is refused.
  bool is_sound(call& c);
  void create(call& c, std::string_view account);
  void list(call& c, std::string_view account);
  void fetch(call& c, std::string_view account);
  void append(std::string& out, std::uint64_t number, const message& m, unix_ms now) const;
  /// What becomes of a message, to the URL that it was sent with.
  void tell(std::uint64_t number, const message& m, std::string_view callback);

  shared_state& shared_;
  objects<message> messages_;
};

} // namespace orderhub::providers::mock
