#include "actors/handlers/shipments/order_report.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/label_order.hpp"

namespace orderhub::handlers {

order_facts bought_facts(std::string_view label) {
  auto f = label_facts(label);
  if (!f.label_id.empty())
    f.pending["label"] = "done";
  if (!f.label_id.empty() && f.tracking_number.empty())
    f.pending[std::string(tracking_step)] = tracking_awaited;
  return f;
}

void report_facts(durable::context ctx, const order_facts& facts) {
  ctx.send(order_object(ctx.key()), "RecordLabel", facts.encode());
}

void report_label(durable::context ctx, std::string_view label) {
  report_facts(ctx, bought_facts(label));
}

void report_refusal(durable::context ctx, const std::string& why) {
  order_facts f;
  f.attention["label"] = why;
  report_facts(ctx, f);
}

void report_nothing(durable::context ctx) {
  order_facts f;
  f.pending["label"] = "done";
  report_facts(ctx, f);
}

void report_maybe(durable::context ctx, const std::string& why) {
  order_facts f;
  f.pending["label"] = "done";
  f.attention["void_label"] = why;
  report_facts(ctx, f);
}

} // namespace orderhub::handlers
