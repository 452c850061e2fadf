#pragma once
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_role.hpp"
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/server/message.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/secret.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace orderhub::http_gateway {

/// Who may act with which token. The token itself is kept nowhere.
struct admin_token {
  std::string name;
  admin_role role = admin_role::read;
  digest sha256{};
  unix_ms expires_at = 0; ///< 0: never.
  bool on_behalf = false; ///< May say for whom it acts: header `x-orderhub-actor`.
};
/// The token of a setting.
admin_token token_of(std::string name, admin_role role, const secret& token);

struct admin_access_rules {
  std::vector<admin_token> tokens;
  /// Of requests to a loopback host name, where there are no tokens at all.
  admin_role without_token = admin_role::admin;
  std::string public_url; ///< Its web origin may act too; empty: none but the `Host` itself.
  /// Of who comes by the Unix socket and is in the hub's group; root and the hub's own user are
  /// admin.
  admin_role at_socket = admin_role::operate;
};

/// Who asks.
struct admin_caller {
  std::string name; ///< At most 100 bytes.
  admin_role role = admin_role::read;
  std::string_view via;  ///< `token`, `loopback` or `socket`.
  std::string on_behalf; ///< The token's name, where `name` is whom it speaks for; else empty.
};

/// Tells who asks, and refuses who may not. From any thread.
///
/// A token is compared by its digest with all of them, in a time that says nothing of either. After
/// `attempts_max` wrong ones within a minute none is looked at from that address until the minute
/// is over.
///
/// At the Unix socket no token is looked at: the kernel says whose process it is, and the machine's
/// list of users how that is called (`uid 1000` where it has no name). Who is neither root, nor the
/// hub's own user, nor in its group is refused, whatever the mode of the file has become.
///
/// Whatever the token: a web page acts here only from this origin (`Origin` equals `Host` or the
/// public URL), and a browser that says where a POST comes from (`Sec-Fetch-Site`) says `none` or
/// `same-origin`. Without tokens `Host` must be a loopback name, so that no other name that leads
/// here does.
class admin_access {
public:
  static constexpr int attempts_max = 10;
  /// `time` outlives it.
  admin_access(admin_access_rules rules, const clock& time);
  /// Others count from the next request on.
  void set(admin_access_rules rules);
  /// `peer`: the address that it came from; `at_socket`: who it is, where it came by the socket.
  [[nodiscard]] std::variant<admin_caller, admin_problem>
  caller_of(const http_request& request, const std::string& peer,
            const std::optional<local_peer>& at_socket = std::nullopt);

private:
  struct attempts {
    std::int64_t since_ms = 0;
    int count = 0;
  };
  [[nodiscard]] std::variant<admin_caller, admin_problem>
  caller_at_socket(const admin_access_rules& rules, const http_request& request,
                   const local_peer& who);
  std::string user_name(std::uint32_t uid);
  /// Seconds until tokens from there are looked at again; 0: they are.
  [[nodiscard]] std::int64_t shut_out_s(const std::string& peer);
  void note_failed(const std::string& peer);

  const clock& time_;
  std::mutex mutex_; ///< Guards the rest.
  std::shared_ptr<const admin_access_rules> rules_;
  std::map<std::string, attempts, std::less<>> failed_; ///< At most `peers_max`.
  std::map<std::uint32_t, std::string> user_names_;     ///< Likewise.
};

} // namespace orderhub::http_gateway
