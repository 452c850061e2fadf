#include "actors/handlers/shipments/label_refund.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/webhooks/swept.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/read_refund.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
using providers::webhooks::event;
using providers::webhooks::event_kind;
namespace shippo = providers::shippo;

namespace {

constexpr std::uint8_t refund_version = 1;

/// The body of `FollowRefund`.
struct followed_refund {
  std::string label_id;
  unix_ms since = 0;
  std::uint32_t polls = 0;
  std::uint32_t refusals = 0; ///< In a row.

  [[nodiscard]] std::string encode() const {
    byte_writer w(64);
    w.u8(refund_version);
    w.str16(label_id);
    w.i64(since);
    w.u32(polls);
    w.u32(refusals);
    return w.take();
  }
  static result<followed_refund> decode(std::string_view bytes) {
    byte_reader r(bytes);
    followed_refund f;
    const auto version = r.u8();
    f.label_id = r.str16();
    f.since = r.i64();
    f.polls = r.u32();
    f.refusals = r.u32();
    if (version != refund_version || !r.done())
      return fail({error_kind::corrupt, "label_refund", "what is followed cannot be read"});
    return f;
  }
};

bool is_decided(const event& e) {
  return e.kind == event_kind::label_refunded || e.kind == event_kind::label_refund_failed;
}

bool is_refusal(const error& why) {
  return why.kind == error_kind::rejected || why.kind == error_kind::invalid;
}

task<void> leave_to_a_person(context ctx, settings_ptr settings, std::string label_id,
                             std::string why) {
  why = "whether the label " + label_id + " was paid back is not known: " + why;
  const std::string step(refused_later_step);
  order_facts f;
  f.attention[step] = why;
  report_facts(ctx, f);
  co_await call_a_person(ctx, std::move(settings), step, std::move(why));
}

handler_task follow_once(context ctx, std::string body, settings_ptr settings) {
  auto refund = followed_refund::decode(body);
  if (!refund)
    co_return refund.failure();

  // 1. What has become of it?
  shippo::read_refund_request request;
  request.ref = ctx.step("refund_of_label", std::to_string(refund->polls));
  request.transaction_id = refund->label_id;
  auto ask = shippo::read_refund(request);
  auto stands = co_await ctx.effect(std::move(ask));
  auto time = co_await ctx.time();
  const unix_ms now = time ? std::stoll(*time) : ctx.accepted_at();

  // 2. Decided: its shipment hears of it.
  if (stands && is_decided(stands->what)) {
    std::vector<event> news;
    news.push_back(std::move(stands->what));
    news.back().about.order_id = ctx.key();
    co_await give_swept(ctx, settings, "shippo", std::move(news), now);
    co_return std::string("null");
  }

  // 3. Nobody says it, or not in time: for a person.
  refund->refusals = !stands && is_refusal(stands.error()) ? refund->refusals + 1 : 0;
  if (refund->refusals >= label_refund_refusals_max) {
    co_await leave_to_a_person(ctx, settings, refund->label_id, stands.error().message);
    co_return std::string("null");
  }
  if (now - refund->since >= label_refund_followed_ms) {
    co_await leave_to_a_person(ctx, settings, refund->label_id, "not decided in 30 days");
    co_return std::string("null");
  }

  // 4. Asked again later.
  ++refund->polls;
  ctx.send(ctx.object(), label_refund_handler, refund->encode(),
           label_refund_pause_ms(refund->polls));
  co_return std::string("null");
}

} // namespace

std::int64_t label_refund_pause_ms(std::uint32_t polls) {
  constexpr std::int64_t hour_ms = 3'600'000;
  return std::min(hour_ms << std::min<std::uint32_t>(polls, 20), 12 * hour_ms);
}

void follow_label_refund(context ctx, const shippo::void_outcome& taken,
                         const std::string& label_id) {
  if (taken.status == "SUCCESS")
    return;
  followed_refund refund;
  refund.label_id = label_id;
  refund.since = ctx.accepted_at();
  ctx.send(parcel_object(ctx.key()), label_refund_handler, refund.encode(),
           label_refund_pause_ms(0));
}

durable::handler_definition label_refund_follower(settings_ptr settings) {
  durable::handler_definition h;
  h.mode = durable::handler_mode::shared;
  h.internal = true;
  h.ephemeral = true;
  h.follows = [](std::string_view) { return std::string(); };
  h.run = [settings = std::move(settings)](context ctx, std::string body) {
    return follow_once(ctx, std::move(body), settings);
  };
  return h;
}

} // namespace orderhub::handlers
