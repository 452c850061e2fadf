#include "http_gateway/server/places.hpp"

#include <algorithm>

namespace orderhub::http_gateway {
namespace {

constexpr std::size_t classes_with_floor = 4;

std::size_t index_of(request_class c) {
  return static_cast<std::size_t>(c);
}

} // namespace

std::size_t place_table::floor_of(request_class c) const {
  return c == request_class::wait ? 0 : limits_.floor();
}

bool place_table::take(place p) {
  if (p.of == request_class::always)
    return true;
  // Each of these counts is right by itself at any time: whoever lifts a class above its floor adds
  // to what is shared, whoever brings it back down takes from it, and a place that turns out to be
  // one too many is given back as any other.
  const auto before = of_class_[index_of(p.of)].fetch_add(1, std::memory_order_relaxed);
  total_.fetch_add(1, std::memory_order_relaxed);
  if (p.is_extra)
    extra_.fetch_add(1, std::memory_order_relaxed);
  bool fits = p.of != request_class::wait || before < limits_.waits_max;
  if (before >= floor_of(p.of)) {
    const auto pool = limits_.in_flight_max - classes_with_floor * limits_.floor();
    fits = shared_.fetch_add(1, std::memory_order_relaxed) < pool && fits;
  }
  if (!fits)
    give_back(p);
  return fits;
}

void place_table::give_back(place p) {
  if (p.of == request_class::always)
    return;
  if (of_class_[index_of(p.of)].fetch_sub(1, std::memory_order_relaxed) > floor_of(p.of))
    shared_.fetch_sub(1, std::memory_order_relaxed);
  if (p.is_extra)
    extra_.fetch_sub(1, std::memory_order_relaxed);
  total_.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t place_table::share(std::size_t most) const {
  const auto taken = extra_.load(std::memory_order_relaxed);
  const auto half = limits_.extra_max() / 2;
  if (taken < half)
    return most;
  if (taken >= limits_.extra_max())
    return 1;
  return std::max<std::size_t>(1,
                               most * (limits_.extra_max() - taken) / (limits_.extra_max() - half));
}

std::size_t place_table::now(request_class c) const {
  return c == request_class::always ? 0 : of_class_[index_of(c)].load(std::memory_order_relaxed);
}

} // namespace orderhub::http_gateway
