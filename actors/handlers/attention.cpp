#include "actors/handlers/attention.hpp"

#include "journal/base/log.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

result<std::string> report(settings_ptr s, std::string order_id, std::string step,
                           std::string reason) {
  s->attention_count->fetch_add(1, std::memory_order_relaxed);
  log::error("order_needs_attention", {{"order", order_id}, {"step", step}, {"reason", reason}});
  return std::string();
}

} // namespace

durable::task<void> call_a_person(durable::context ctx, settings_ptr s, std::string step,
                                  std::string why) {
  const auto name = "report_" + step;
  auto reported = co_await ctx.run(name, &report, std::move(s), ctx.key(), step, why);
  static_cast<void>(reported); // `report` cannot fail.
}

} // namespace orderhub::handlers
