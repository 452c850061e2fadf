#include "actors/handlers/attention.hpp"

#include "journal/base/log.hpp"
#include "journal/base/time.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

result<std::string> report(settings_ptr s, std::string order_id, std::string step,
                           std::string reason) {
  s->attention_count->fetch_add(1, std::memory_order_relaxed);
  log::error("order_needs_attention", {{"order", order_id}, {"step", step}, {"reason", reason}});
  return std::string();
}

result<std::string> warn(settings_ptr s, std::string order_id, std::string vendor,
                         std::string reason, unix_ms now) {
  s->attention_count->fetch_add(1, std::memory_order_relaxed);
  s->refused_notices->note(vendor, reason, order_id, now);
  return std::string();
}

} // namespace

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
