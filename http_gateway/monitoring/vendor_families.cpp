#include "http_gateway/monitoring/families.hpp"

#include <array>

namespace orderhub::http_gateway {

namespace {

using enum metric_kind;
using host::vendor_places;

/// 0 closed, 1 half open, 2 open, 3 paused by an operator.
int shown_state(const vendor_places& v) {
  if (v.hold == host::vendor_hold::paused_by_operator)
    return 3;
  if (v.hold == host::vendor_hold::opened_by_operator)
    return 2;
  switch (v.breaker) {
  case providers::breaker_state::closed:
    return 0;
  case providers::breaker_state::half_open:
    return 1;
  case providers::breaker_state::open:
    return 2;
  }
  return 0;
}

void add_states(metrics_page& page, const vendor_facts& facts) {
  page.family("orderhub_vendor_breaker_state", gauge,
              "0 closed, 1 half open, 2 open, 3 paused by an operator.");
  for (const auto& v : facts.places)
    page.sample({{"vendor", v.vendor}}, shown_state(v));
  page.family("orderhub_vendor_breaker_transitions_total", counter,
              "How often the breaker came into a state.");
  for (const auto& v : facts.places)
    for (std::size_t n = 0; n < v.breaker_entered.size(); ++n)
      page.sample({{"vendor", v.vendor}, {"to", name_of(static_cast<providers::breaker_state>(n))}},
                  v.breaker_entered[n]);
  page.family("orderhub_vendor_hold", gauge, "Why calls wait: 1 at the reason.");
  for (const auto& v : facts.places)
    page.sample({{"vendor", v.vendor}, {"why", name_of(v.hold)}}, 1);
  const auto by_vendor = [&](std::string_view name, auto number, std::string_view help) {
    page.family(name, counter, help);
    for (const auto& v : facts.places)
      page.sample({{"vendor", v.vendor}}, v.*number);
  };
  by_vendor("orderhub_vendor_holds_total", &vendor_places::holds,
            "How often calls were held for a credential or the breaker.");
  by_vendor("orderhub_vendor_unreachable_total", &vendor_places::unreachable,
            "Calls without an answer, or with a server error.");
  by_vendor("orderhub_vendor_misconfigured_total", &vendor_places::misconfigured,
            "Calls for which it refused our credential.");
  by_vendor("orderhub_vendor_limited_total", &vendor_places::limited,
            "Calls refused for its limit.");
}

void add_queues(metrics_page& page, const vendor_facts& facts) {
  page.family("orderhub_vendor_places", gauge, "Calls that may be on the wire at once, by kind.");
  for (const auto& v : facts.places)
    for (std::size_t k = 0; k < host::place_kinds; ++k)
      page.sample({{"vendor", v.vendor}, {"kind", name_of(static_cast<host::place_kind>(k))}},
                  v.limit[k]);
  page.family("orderhub_vendor_queue", gauge, "Steps that wait for a place or a token.");
  for (const auto& v : facts.places)
    for (const auto& q : v.queues)
      page.sample({{"vendor", v.vendor}, {"call_class", q.call_class}}, q.queued);
  page.family("orderhub_vendor_tokens", gauge, "Calls that its limit has left now.");
  for (const auto& v : facts.places)
    for (const auto& l : v.limits)
      if (l.key.empty() && l.tokens)
        page.sample({{"vendor", v.vendor}, {"call_class", l.call_class}}, *l.tokens);
  page.family("orderhub_steps_waiting", gauge, "Steps that wait, by vendor and cause.");
  for (const auto& w : facts.waiting)
    page.sample({{"vendor", w.vendor}, {"cause", name_of(w.cause)}}, w.count);
}

void add_calls(metrics_page& page, const vendor_facts& facts) {
  page.family("orderhub_vendor_calls_in_flight", gauge, "Calls on the wire.");
  for (const auto& v : facts.calls)
    for (const auto& c : v.classes)
      page.sample({{"vendor", v.vendor}, {"call_class", c.call_class}}, c.in_flight);
  const auto each = [&](auto add) {
    for (const auto& v : facts.calls)
      for (const auto& c : v.classes)
        for (std::size_t r = 0; r < c.took.size(); ++r)
          add({{"vendor", v.vendor},
               {"call_class", c.call_class},
               {"result", host::call_results[r]}},
              c.took[r]);
  };
  page.family("orderhub_vendor_calls_total", counter,
              "Calls that ended: ok, refused (4xx), failed (5xx, or not sent), lost (no answer).");
  each([&](metrics_page::labels of, const histogram_values& took) {
    page.sample(of, took.count());
  });
  page.family("orderhub_vendor_call_duration_seconds", metric_kind::histogram,
              "From leaving to the answer, or to the end without one.");
  each([&](metrics_page::labels of, const histogram_values& took) { page.sample(of, took); });
  page.family("orderhub_vendor_queue_wait_seconds", metric_kind::histogram,
              "From asking for a place to having it, also where one was free.");
  for (const auto& v : facts.places)
    for (const auto& q : v.queues)
      page.sample({{"vendor", v.vendor}, {"call_class", q.call_class}}, q.waited);
}

} // namespace

void add_vendors(metrics_page& page, const vendor_facts& facts) {
  add_states(page, facts);
  add_queues(page, facts);
  add_calls(page, facts);
}

} // namespace orderhub::http_gateway
