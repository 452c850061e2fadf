#include "actors/handlers/fulfilment/fulfilment_event.hpp"

#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "actors/handlers/fulfilment/job_word.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/ids.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

result<fulfilment_facts> known_of(const journal::object_state& state) {
  const auto* recorded = state.value("facts");
  if (recorded == nullptr)
    return fail(no_such_fulfilment(state.id.key));
  return fulfilment_facts::decode(*recorded);
}

/// What the event says of a job, as far as it can; who waits for it is told.
job_fact heard(const job_fact& known, const job_fact& said, durable::event_outcome& outcome) {
  job_fact news;
  const bool is_news = said.stand == job_stand::open || said.stand == job_stand::done ||
                       said.stand == job_stand::failed;
  const bool is_awaited = known.stand == job_stand::asked || known.stand == job_stand::open;
  if (!is_news || !is_awaited)
    return news;
  news.stand = said.stand;
  if (said.stand == job_stand::failed)
    news.reason = shortened(said.reason);
  if (const auto awakeable = awakeable_id::parse(known.awakeable);
      awakeable && said.stand != job_stand::open)
    outcome.resolves.emplace_back(*awakeable, "null");
  return news;
}

} // namespace

result<durable::event_outcome> record_job_event(const journal::object_state& state,
                                                std::string_view body) {
  auto said = fulfilment_facts::decode(body);
  if (!said)
    return said.failure();
  const auto known = known_of(state);
  if (!known)
    return known.failure();
  durable::event_outcome outcome;
  outcome.name = "fulfilment_event";
  fulfilment_facts learned;
  learned.round = known->round;
  learned.ticket = heard(known->ticket, said->ticket, outcome);
  learned.pickup = heard(known->pickup, said->pickup, outcome);
  if (known->pickup.stand >= job_stand::asked && known->tracking_number.empty()) {
    learned.tracking_number = said->tracking_number;
    learned.tracking_url = said->tracking_url;
  }
  outcome.merges.emplace_back("facts", learned.encode());
  return outcome;
}

result<durable::event_outcome> record_shipped_notices(const journal::object_state& state,
                                                      std::string_view body) {
  auto told = order_facts::decode(body);
  if (!told)
    return told.failure();
  const auto known = known_of(state);
  if (!known)
    return known.failure();
  fulfilment_facts learned;
  learned.round = known->round;
  learned.notices = std::move(told->notices);
  learned.attention = std::move(told->attention);
  durable::event_outcome outcome;
  outcome.name = "deliveries_recorded";
  outcome.merges.emplace_back("facts", learned.encode());
  return outcome;
}

result<durable::event_outcome> stop_fulfilment_now(const journal::object_state& state,
                                                   std::string_view) {
  const auto known = known_of(state);
  if (!known)
    return known.failure();
  durable::event_outcome outcome;
  outcome.name = "stopped";
  outcome.cancels_running = true;
  return outcome;
}

} // namespace orderhub::handlers
