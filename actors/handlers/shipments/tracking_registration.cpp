#include "actors/handlers/shipments/tracking_registration.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/register_tracking.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace shippo = providers::shippo;

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t wishes_version = 1;

std::string encoded(const std::string& carrier, const std::string& number) {
  byte_writer w(64);
  w.u8(version);
  w.str8(carrier);
  w.str16(number);
  return w.take();
}

result<shippo::tracking_request> decoded(std::string_view bytes) {
  byte_reader r(bytes);
  shippo::tracking_request request;
  const auto v = r.u8();
  request.carrier = r.str8();
  request.tracking_number = r.str16();
  if (v != version || !r.done())
    return fail({error_kind::corrupt, "shipment", "what is registered cannot be read"});
  return request;
}

shipment_state state_of(std::string_view status) {
  if (status == "TRANSIT")
    return shipment_state::in_transit;
  if (status == "RETURNED")
    return shipment_state::returned;
  return status == "DELIVERED" ? shipment_state::delivered : shipment_state::none;
}

task<void> leave_to_a_person(context ctx, settings_ptr settings, std::string why) {
  order_facts f;
  f.attention[std::string(register_tracking_step)] = why;
  report_facts(ctx, f);
  co_await call_a_person(ctx, std::move(settings), std::string(register_tracking_step),
                         std::move(why));
}

} // namespace

std::string parcel_wishes::encode() const {
  byte_writer w(32);
  w.u8(wishes_version);
  w.str8(carrier);
  w.u8(registers ? 1 : 0);
  w.i64(asks_after_ms);
  return w.take();
}

result<parcel_wishes> parcel_wishes::decode(std::string_view bytes) {
  byte_reader r(bytes);
  parcel_wishes wishes;
  const auto v = r.u8();
  wishes.carrier = r.str8();
  wishes.registers = r.u8() != 0;
  wishes.asks_after_ms = r.i64();
  if (v != wishes_version || !r.done())
    return fail({error_kind::corrupt, "shipment", "the parcel's wishes cannot be read"});
  return wishes;
}

task<void> track_parcel(context ctx, std::string tracking_number) {
  auto recorded = co_await ctx.get(parcel_entry);
  if (!recorded)
    co_return;
  const auto wishes = parcel_wishes::decode(*recorded);
  if (!wishes)
    co_return; // Nothing of the order hangs on it.
  if (wishes->registers)
    ctx.send(ctx.object(), "RegisterTracking", encoded(wishes->carrier, tracking_number));
  if (wishes->asks_after_ms > 0 && !wishes->carrier.empty())
    follow_parcel(ctx, wishes->carrier, tracking_number, wishes->asks_after_ms);
}

handler_task register_tracking_once(context ctx, std::string body, settings_ptr settings) {
  auto request = decoded(body);
  if (!request)
    co_return request.failure();

  // 1. The label was given back, or is about to be: nobody follows the parcel.
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return std::string("null");
  if (request->carrier.empty()) {
    co_await leave_to_a_person(ctx, settings, "the carrier is none that Shippo's tracking names");
    co_return std::string("null");
  }

  // 2. Shippo follows it from now on, or refuses to.
  request->ref = ctx.step(std::string(register_tracking_step));
  auto registration = shippo::register_tracking(*request);
  auto registered = co_await ctx.effect(std::move(registration));
  if (!registered) {
    if (registered.error().kind != error_kind::cancelled)
      co_await leave_to_a_person(ctx, settings, registered.error().message);
    co_return std::string("null");
  }

  // 3. It is on its way already.
  order_facts moved;
  moved.shipment = state_of(registered->status);
  if (moved.shipment != shipment_state::none)
    report_facts(ctx, moved);
  co_return std::string("null");
}

} // namespace orderhub::handlers
