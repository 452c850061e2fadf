#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/result.hpp"
#include "providers/custom/values.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

/// How a notice goes.
enum class notice_way : std::uint8_t { mail, sms, message };

/// A second provider of a notice: a custom one, which the configuration names (`fallback.mail`,
/// `fallback.sms`, or `instead_of` on its page).
struct second_sender {
  std::string provider; ///< Its page's name; empty: there is none.
  notice_way way = notice_way::mail;
  std::string first; ///< The vendor that comes first: `sendgrid`.
  std::string step;  ///< The first one's.
  providers::custom::values with;
};

/// Its step's name is the first one's and this.
inline constexpr std::string_view second_suffix = "_instead";
/// What stands in an order's notices of one that the second provider sent: its name follows.
inline constexpr std::string_view sent_by_mark = "sent: by custom.";

/// What is done after the first provider's failure; its text is journaled.
enum class second_move : std::uint8_t {
  send,       ///< It has not been sent there, and another may do better.
  keep_doubt, ///< It may have been sent, or was cancelled: the first one's word counts.
  same_fault, ///< The message itself is at fault: another would refuse it too, or must not send it.
};
second_move move_after(notice_way way, const error& why);
std::string_view text_of(second_move move);

/// What became of a notice whose first provider said `first`. Where there is a second one, what it
/// does is decided once and journaled (`<step>_second`), so a replay takes the same way; it sends
/// as a step of its own, `<step>_instead`, with its own policy in doubt. `sent`, or `sent: by
/// custom.<name>`; else the failure of whoever was asked last, which names the second one.
durable::task<result<std::string>> or_second(durable::context ctx, settings_ptr settings,
                                             result<void> first, second_sender second);

/// A step's outcome without what only its vendor's own steps need.
template <class T>
result<void> success_of(const result<T>& outcome) {
  if (!outcome)
    return outcome.failure();
  return {};
}

} // namespace orderhub::handlers
