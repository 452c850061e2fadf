#pragma once
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_role.hpp"
#include "http_gateway/admin/admin_session.hpp"
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
  /// Its web origin may act too; empty: none but the `Host` itself. Where it is https, sessions
  /// are for https alone.
  std::string public_url;
  /// Of who comes by the Unix socket and is in the hub's group; root and the hub's own user are
  /// admin.
  admin_role at_socket = admin_role::operate;
};

/// Who asks.
struct admin_caller {
  std::string name; ///< At most 100 bytes.
  admin_role role = admin_role::read;
  std::string_view via;  ///< `token`, `session`, `loopback` or `socket`.
  std::string on_behalf; ///< The token's name, where `name` is whom it speaks for; else empty.
  unix_ms ends_at = 0;   ///< When token or session does; 0: never.
};

/// A login: who he is now, and the value of `Set-Cookie` that his browser is to keep.
struct begun_session {
  admin_caller who;
  std::string cookie;
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
/// A session (`admin_session`) is looked at where no `Authorization` is sent. It is its token's in
/// a browser, for twelve hours at most: over when that token is no longer named, has another role
/// or digest, or has ended. It speaks for nobody else, and with it every request that says where it
/// comes from (`Sec-Fetch-Site`) must say `same-origin`. Nobody guesses a seal, and cookies of
/// other hubs on the same host come along by themselves: a wrong one is no failed attempt.
///
/// Whatever the token: a web page acts here only from this origin (`Origin` equals `Host` or the
/// public URL), and a browser that says where a POST comes from (`Sec-Fetch-Site`) says `none` or
/// `same-origin`. Without tokens `Host` must be a loopback name, so that no other name that leads
/// here does.
class admin_access {
public:
  static constexpr int attempts_max = 10;
  static constexpr int sessions_max = 30; ///< Begun or ended of one name, within a minute.
  /// `time` outlives it. Without a key there are no sessions.
  admin_access(admin_access_rules rules, const clock& time, secret session_key = {});
  /// Others count from the next request on.
  void set(admin_access_rules rules);
  /// `peer`: the address that it came from; `at_socket`: who it is, where it came by the socket.
  /// `known`: whose token or session it is, also where it is refused for something else.
  [[nodiscard]] std::variant<admin_caller, admin_problem>
  caller_of(const http_request& request, const std::string& peer,
            const std::optional<local_peer>& at_socket = std::nullopt,
            std::optional<admin_caller>* known = nullptr);
  /// A session of the token in `request`, whose caller is `who`. Refused: who came without a token
  /// of his own, and, as each is on record, more than `sessions_max`.
  [[nodiscard]] std::variant<begun_session, admin_problem>
  begin_session(const http_request& request, const admin_caller& who);
  /// Has his browser forget it; likewise. Nothing else knows of it: a copy of its cookie is good
  /// until its end.
  [[nodiscard]] std::variant<begun_session, admin_problem> end_session(const admin_caller& who);

private:
  /// How often within a minute, by name or address; at most `peers_max` of them are known. For who
  /// holds the lock.
  class minute_counts {
  public:
    /// Seconds until there are fewer than `most` again; 0: there are.
    [[nodiscard]] std::int64_t wait_s(const std::string& of, int most, std::int64_t now);
    void note(const std::string& of, std::int64_t now);

  private:
    struct attempts {
      std::int64_t since_ms = 0;
      int count = 0;
    };
    std::map<std::string, attempts, std::less<>> counts_;
  };
  [[nodiscard]] std::variant<admin_caller, admin_problem>
  caller_at_socket(const admin_access_rules& rules, const http_request& request,
                   const local_peer& who, std::optional<admin_caller>* known);
  [[nodiscard]] std::variant<admin_caller, admin_problem>
  caller_in_session(const admin_access_rules& rules, const http_request& request,
                    std::optional<admin_caller>* known) const;
  [[nodiscard]] std::shared_ptr<const admin_access_rules> rules();
  [[nodiscard]] std::optional<admin_problem> too_many_sessions(const std::string& name);
  std::string user_name(std::uint32_t uid);
  /// Seconds until tokens from there are looked at again; 0: they are.
  [[nodiscard]] std::int64_t shut_out_s(const std::string& peer);
  void note_failed(const std::string& peer);

  const clock& time_;
  const secret session_key_;
  std::mutex mutex_; ///< Guards the rest.
  std::shared_ptr<const admin_access_rules> rules_;
  minute_counts failed_;                            ///< By address.
  minute_counts turned_;                            ///< Sessions, begun or ended, by name.
  std::map<std::uint32_t, std::string> user_names_; ///< At most `peers_max`.
};

} // namespace orderhub::http_gateway
