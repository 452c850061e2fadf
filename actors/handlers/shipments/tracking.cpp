#include "actors/handlers/shipments/tracking.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/tracking_registration.hpp"
#include "providers/shippo/retrieve_label.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace shippo = providers::shippo;

namespace {

/// There is none to be had: a person knows, and the order waits for it no more.
task<void> give_up(context ctx, settings_ptr settings, std::string why) {
  order_facts f;
  f.attention[std::string(tracking_step)] = why;
  f.pending[std::string(tracking_step)] = "done";
  report_facts(ctx, f);
  co_await call_a_person(ctx, std::move(settings), std::string(tracking_step), std::move(why));
}

} // namespace

task<void> await_tracking(context ctx, settings_ptr settings, std::string label_id) {
  follow_up what;
  what.step = tracking_step;
  what.subject = std::move(label_id);
  what.last = "the label has no tracking number yet";
  co_await ask_later(ctx, std::move(settings), tracking_follower, std::move(what));
}

handler_task follow_tracking_once(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();

  // 1. The label was given back, or is about to be: nobody needs its number.
  auto stopped = co_await ctx.get("stopped");
  if (stopped) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }

  // 2. Has it one by now?
  shippo::retrieve_label_request request;
  request.ref = ctx.step("follow_tracking", std::to_string(what->polls));
  request.transaction_id = what->subject;
  auto ask = shippo::retrieve_label(request);
  auto label = co_await ctx.effect(std::move(ask));
  if (label && !label->tracking_number.empty()) {
    co_await ask_no_more(ctx, settings, *what);
    ctx.send(ctx.object(), "RecordTracking", label->encode());
    co_await track_parcel(ctx, label->tracking_number);
    co_return std::string("null");
  }

  // 3. The label is none any more, or no number has come for too long: for a person.
  const bool is_over = ctx.accepted_at() - what->since >= tracking_given_up_ms;
  if (is_over || (!label && label.error().kind == error_kind::rejected)) {
    co_await ask_no_more(ctx, settings, *what);
    const auto why = is_over ? std::string("no tracking number in 30 days") : label.error().message;
    co_await give_up(ctx, settings, why);
    co_return std::string("null");
  }

  // 4. Asked again later.
  ++what->polls;
  if (!label)
    what->last = label.error().message;
  co_await ask_later(ctx, settings, tracking_follower, *what);
  co_return std::string("null");
}

result<durable::event_outcome> record_tracking(const journal::object_state& state,
                                               std::string_view body) {
  durable::event_outcome outcome;
  outcome.name = "tracked";
  outcome.merges.emplace_back("label", std::string(body));
  outcome.sends.push_back({order_object(state.id.key), "RecordLabel", bought_facts(body).encode()});
  return outcome;
}

} // namespace orderhub::handlers
