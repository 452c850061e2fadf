#include "actors/handlers/attention.hpp"

#include "journal/base/log.hpp"
#include "journal/base/time.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

result<std::string> report(settings_ptr s, std::string order_id, std::string step,
                           std::string reason) {
  count_attention(*s, step);
  log::error("order_needs_attention", {{"order", order_id}, {"step", step}, {"reason", reason}});
  return std::string();
}

result<std::string> warn(settings_ptr s, std::string order_id, std::string vendor,
                         std::string reason, unix_ms now) {
  count_attention(*s, "notice");
  s->refused_notices->note(vendor, reason, order_id, now);
  return std::string();
}

} // namespace

void count_attention(const order_settings& settings, std::string_view step) {
  // Those that end in a name of somebody's, or in a number.
  for (const std::string_view own : {"refund", "cancel_extra", "custom", "charge", "label"})
    if (step.starts_with(own))
      step = own;
  const auto end = step.find_last_not_of("0123456789");
  if (end != std::string_view::npos && end + 1 < step.size() && step[end] == '_')
    step = step.substr(0, end);
  settings.attention_count->fetch_add(1, std::memory_order_relaxed);
  settings.attention_by_step->add({step});
}

durable::task<void> call_a_person(durable::context ctx, settings_ptr s, std::string step,
                                  std::string why) {
  const auto name = "report_" + step;
  auto reported = co_await ctx.run(name, &report, std::move(s), ctx.key(), step, why);
  static_cast<void>(reported); // `report` cannot fail.
}

durable::task<void> report_refused_notice(durable::context ctx, settings_ptr s, std::string step,
                                          std::string vendor, std::string why) {
  auto now = co_await ctx.time();
  const unix_ms at = now ? std::stoll(*now) : 0;
  const auto name = "report_" + step;
  auto warned =
      co_await ctx.run(name, &warn, std::move(s), ctx.key(), std::move(vendor), std::move(why), at);
  static_cast<void>(warned); // `warn` cannot fail.
}

} // namespace orderhub::handlers
