#include "tests/simulation/world/vendors.hpp"
#include "tests/simulation/world/world.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::testing {

namespace mock = providers::mock;

namespace {

providers::transport_outcome outcome_of(const mock::mock_response& reply) {
  if (reply.wire == mock::wire_action::answer || reply.wire == mock::wire_action::answer_then_reset)
    return {providers::outcome_kind::response, reply.response, {}};
  return {providers::outcome_kind::lost, {}, "the connection was cut"};
}

} // namespace

// ── Channels: what one sender has for one receiver keeps its order ───────────────────────────

void world::put(const std::string& channel, unix_ms at, std::variant<to_object, to_vendor> what) {
  if (power_off_)
    return;
  auto& parcels = channels_[channel];
  if (parcels.empty())
    fronts_.emplace(at, channel);
  parcels.push_back({at, std::move(what)});
}

void world::deliver(std::string channel) {
  auto it = channels_.find(channel);
  auto& parcels = it->second;
  fronts_.erase({parcels.front().at, channel});
  auto content = std::move(parcels.front().content);
  parcels.pop_front();
  if (parcels.empty())
    channels_.erase(it);
  else
    fronts_.emplace(parcels.front().at, it->first);
  if (auto* request = std::get_if<to_vendor>(&content)) {
    arrive(std::move(*request));
    return;
  }
  auto& to = std::get<to_object>(content);
  if (auto* event = std::get_if<host::object_event>(&to.event))
    if (auto* outcome = std::get_if<host::vendor_outcome>(event))
      outcome->place.answered(outcome->outcome);
  if (const auto* in = std::get_if<from_client>(&to.event))
    take_in(*in);
  else
    handle(to.object, std::move(std::get<host::object_event>(to.event)), std::move(to.source));
}

// ── Vendors ──────────────────────────────────────────────────────────────────────────────────

void world::send(durable::vendor_call call, const host::activation& from) {
  point(call.early ? "an early call has not left, nor is its turn durable"
                   : "the intent is durable, the call has not left");
  if (power_off_)
    return;
  const auto now = time.true_ms();
  auto channel = "call " + std::to_string(++numbers_);
  auto place = gate_->leave(call.vendor, call.ref, host::kind_of(call.call_class, call.lookup));
  place.carries(call);
  // The vendor has reset it behind its last answer, which nobody has noticed: the call is written
  // into it and lost.
  if (!call.fresh && dead_connections_.erase(call.vendor) > 0) {
    put(channel, now + latency(),
        to_object{from.object, host::vendor_outcome{
                                   call.ref,
                                   from.incarnation,
                                   {providers::outcome_kind::lost, {}, "reused connection died"},
                                   std::move(place)}});
    return;
  }
  if (settings_.not_sent_per_mille > 0 && dice_.below(1'000) < settings_.not_sent_per_mille) {
    put(channel, now + latency(),
        to_object{from.object,
                  host::vendor_outcome{call.ref,
                                       from.incarnation,
                                       {providers::outcome_kind::not_sent, {}, "no route"},
                                       std::move(place)}});
    return;
  }
  std::string line = call.request.method + " /" + call.vendor + call.request.target;
  for (const auto& [name, value] : call.request.headers)
    if (lower(name) == "idempotency-key")
      line += ' ' + value;
  requests_.push_back(std::move(line));
  bodies_.push_back(call.request.body);
  put(channel, now + latency(), to_vendor{std::move(call), from, false, now, std::move(place)});
  point("the call has left");
}

void world::arrive(to_vendor request) {
  const auto now = time.true_ms();
  if (settings_.watched.contains(request.call.vendor))
    arrivals_[request.call.vendor].push_back(now);
  const auto reply =
      mock.handle(request_of(vendors_, request.call.vendor, request.call.request), now);
  if (reply.wire == mock::wire_action::answer_then_reset)
    dead_connections_.insert(request.call.vendor);
  auto outcome = outcome_of(reply);
  auto at = now + reply.delay_ms + latency();
  if (const auto cut = request.left_at + request.call.deadline_ms; at > cut) {
    outcome = {providers::outcome_kind::lost, {}, "the deadline has passed"};
    at = std::max(cut, now);
  }
  outcome.took_ms = at - request.left_at;
  if (!request.orphan)
    put("answer " + std::to_string(++numbers_), at,
        to_object{request.from.object,
                  host::vendor_outcome{request.call.ref, request.from.incarnation,
                                       std::move(outcome), std::move(request.place)}});
  point("the vendor has done its work");
}

/// At once: it is no part of what is told apart here.
void world::fetch(durable::vendor_call call, host::place_lease /*place*/, callback done) {
  if (fetches_parts_)
    done(outcome_of(mock.handle(request_of(vendors_, call.vendor, call.request), time.true_ms())));
  else
    done({providers::outcome_kind::not_sent, {}, "left out"});
}

bool world::calling(std::string_view vendor, std::string_view path_part) const {
  for (const auto& [name, parcels] : channels_)
    for (const auto& p : parcels)
      if (const auto* request = std::get_if<to_vendor>(&p.content);
          request != nullptr && !request->orphan && request->call.vendor == vendor &&
          request->call.request.target.find(path_part) != std::string::npos)
        return true;
  return false;
}

} // namespace orderhub::testing
