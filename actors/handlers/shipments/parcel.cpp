#include "actors/handlers/shipments/parcel.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/label_refund.hpp"
#include "actors/handlers/webhooks/swept.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/log.hpp"
#include "providers/shippo/read_track.hpp"

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

constexpr std::uint8_t follow_version = 1;
constexpr std::uint8_t plan_version = 1;

/// The body of `Follow`.
struct followed_parcel {
  std::string carrier, number;
  unix_ms since = 0;
  std::uint32_t polls = 0;
  std::uint32_t refusals = 0; ///< In a row.

  [[nodiscard]] std::string encode() const {
    byte_writer w(64);
    w.u8(follow_version);
    w.str8(carrier);
    w.str16(number);
    w.i64(since);
    w.u32(polls);
    w.u32(refusals);
    return w.take();
  }
  static result<followed_parcel> decode(std::string_view bytes) {
    byte_reader r(bytes);
    followed_parcel p;
    const auto version = r.u8();
    p.carrier = r.str8();
    p.number = r.str16();
    p.since = r.i64();
    p.polls = r.u32();
    p.refusals = r.u32();
    if (version != follow_version || !r.done())
      return fail({error_kind::corrupt, "parcel", "what is followed cannot be read"});
    return p;
  }
};

/// What it takes from the configuration, journaled.
struct parcel_plan {
  std::int64_t every_ms = 0; ///< 0: parcels are followed no more.
  std::int64_t for_ms = 0;
};

result<std::string> journaled_plan(settings_ptr s) {
  byte_writer w(24);
  w.u8(plan_version);
  w.i64(s->parcel_sweep_after_ms > 0 ? s->parcel_sweep_every_ms : 0);
  w.i64(s->parcel_sweep_for_ms);
  return w.take();
}

task<result<parcel_plan>> decide_plan(context ctx, settings_ptr s) {
  auto text = co_await ctx.run("plan", &journaled_plan, std::move(s));
  if (!text)
    co_return text.failure();
  byte_reader r(*text);
  const auto version = r.u8();
  parcel_plan plan;
  plan.every_ms = r.i64();
  plan.for_ms = r.i64();
  if (version != plan_version || !r.done())
    co_return fail({error_kind::corrupt, "parcel", "the plan cannot be read"});
  co_return plan;
}

result<std::string> written(std::string order_id, std::string why) {
  log::info("parcel_followed_no_more", {{"order", order_id}, {"reason", why}});
  return std::string();
}

/// It has moved, or could not be brought: what an order has use for.
bool is_news(const event& e) {
  return e.kind == event_kind::in_transit || e.kind == event_kind::delivered ||
         e.kind == event_kind::returned || e.kind == event_kind::delivery_failed;
}

handler_task follow(context ctx, std::string body, settings_ptr settings) {
  auto parcel = followed_parcel::decode(body);
  if (!parcel)
    co_return parcel.failure();
  auto plan = co_await decide_plan(ctx, settings);
  if (!plan)
    co_return plan.failure();
  if (plan->every_ms <= 0)
    co_return std::string("null");

  // 1. It has come, or its label was given back: nobody asks any more.
  auto asked = ctx.call(order_object(ctx.key()), "AwaitsParcel", parcel->number);
  auto awaited = co_await asked;
  if (!awaited || *awaited != "true")
    co_return std::string("null");

  // 2. Where is it?
  shippo::track_request request;
  request.ref = ctx.step("where_is_it", std::to_string(parcel->polls));
  request.carrier = parcel->carrier;
  request.tracking_number = parcel->number;
  auto ask = shippo::read_track(request);
  auto track = co_await ctx.effect(std::move(ask));
  auto time = co_await ctx.time();
  const unix_ms now = time ? std::stoll(*time) : ctx.accepted_at();

  // 3. The order hears of what is new.
  if (track && is_news(track->what)) {
    std::vector<event> news;
    news.push_back(std::move(track->what));
    news.back().about.order_id = ctx.key();
    co_await give_swept(ctx, settings, "shippo", std::move(news), now);
  }

  // 4. Asked again later.
  const bool is_refused = !track && (track.error().kind == error_kind::rejected ||
                                     track.error().kind == error_kind::invalid);
  parcel->refusals = is_refused ? parcel->refusals + 1 : 0;
  std::string over;
  if (now - parcel->since >= plan->for_ms)
    over = "it has not come in time";
  else if (parcel->refusals >= track_refusals_max)
    over = track.error().message;
  if (!over.empty()) {
    auto told = co_await ctx.run("report", &written, ctx.key(), over);
    static_cast<void>(told); // It cannot fail.
    co_return std::string("null");
  }
  ++parcel->polls;
  ctx.send(ctx.object(), parcel_handler, parcel->encode(), plan->every_ms);
  co_return std::string("null");
}

} // namespace

void follow_parcel(context ctx, const std::string& carrier, const std::string& tracking_number,
                   std::int64_t after_ms) {
  followed_parcel parcel;
  parcel.carrier = carrier;
  parcel.number = tracking_number;
  parcel.since = ctx.accepted_at();
  ctx.send(parcel_object(ctx.key()), parcel_handler, parcel.encode(), after_ms);
}

durable::service_definition parcel_service(settings_ptr settings) {
  durable::handler_definition h;
  h.internal = true;
  h.ephemeral = true;
  h.follows = [](std::string_view) { return std::string(); };
  h.run = [settings](context ctx, std::string body) {
    return follow(ctx, std::move(body), settings);
  };
  durable::service_definition service;
  service.handlers.emplace(parcel_handler, std::move(h));
  service.handlers.emplace(label_refund_handler, label_refund_follower(std::move(settings)));
  return service;
}

} // namespace orderhub::handlers
