#include "http_gateway/program/wire_places.hpp"

#include <algorithm>

namespace orderhub::http_gateway {

namespace {

constexpr std::uint64_t lookups_min = 32;
constexpr std::uint64_t places_min = 16;

} // namespace

host::gate_limits places_for(host::gate_limits others, std::uint64_t calls_max) {
  others.effects = calls_max;
  others.reads = others.lookups = std::max(calls_max / 4, lookups_min);
  return others;
}

std::uint64_t files_wanted(const host::gate_limits& places, const file_use& use) {
  return use.others + use.endpoints * use.each_call * places.a_vendor();
}

host::gate_limits places_within(host::gate_limits places, const file_use& use,
                                std::uint64_t files) {
  if (files_wanted(places, use) <= files)
    return places;
  const std::uint64_t left = files - std::min(files, use.others);
  const std::uint64_t a_vendor = left / std::max<std::uint64_t>(use.endpoints * use.each_call, 1);
  const auto all = places.a_vendor();
  for (auto* kind : {&places.effects, &places.reads, &places.lookups})
    *kind = std::min(*kind, std::max(*kind * a_vendor / all, places_min));
  return places;
}

} // namespace orderhub::http_gateway
