#pragma once
#include "http_gateway/admin/admin_problem.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::http_gateway {

/// What the body of an action says.
struct action_body {
  std::string reason; ///< 5 to 500 characters; empty only of a retry.
  std::optional<std::uint64_t> expect_version;
  bool accept_repeat = false;
  bool has_happened = false; ///< Of a resolve: `outcome`.
  bool force_probe = false;
  bool is_unverified = false; ///< Of a resolve: believed without reading at the vendor.
  /// Of a resolve: `value`, by its members.
  std::map<std::string, std::string, std::less<>> value;
  unix_ms until = 0;         ///< Of a pause: when it ends by itself; 0: it does not.
  std::int64_t lasts_ms = 0; ///< Or after so long.
  std::string evidence;      ///< Of a resolve: `label_id=3005…, case 8812`; at most 200 bytes.
};
/// Which members it may have.
enum class body_form : std::uint8_t {
  plain,      ///< `reason` (needed), `expect_version`
  pause,      ///< and `until` or `for`
  retry,      ///< both may be left out, and `accept_repeat`, `force_probe`
  resolve,    ///< `reason`, `outcome`, `expect_version`, `value`, `evidence`, `unverified`
  many,       ///< Of a bulk: `reason` (needed);
  many_retry, ///< `reason`, `accept_repeat`, which may be left out;
  start,      ///< `reason`, which the plan has already.
};
/// An empty body is an empty object. 400 names the member that is wrong. `also`: further members,
/// which whoever calls looks at.
std::variant<action_body, admin_problem>
read_action_body(std::string_view bytes, body_form form,
                 std::initializer_list<std::string_view> also = {});

/// The first member, at any depth, that a JSON object has twice: which of the two is meant nobody
/// can say.
std::optional<std::string> member_twice(std::string_view bytes);

} // namespace orderhub::http_gateway
