// The verified events that came for an order.
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

said told_of(const listed_webhook& one, unix_ms now) {
  const auto& event = one.received.what;
  const auto vendor = title_of_vendor(one.received.vendor);
  const auto at = moment_text(one.received.received_at, now);
  const auto& text = one.became.text;
  const auto say_it = [&](sentence which, std::string_view what) {
    return say(
        which,
        {{"vendor", vendor}, {"id", event.id}, {"type", event.type}, {"at", at}, {"what", what}});
  };
  switch (one.became.verdict) {
  case event_verdict::applied:
    return say_it(sentence::event_applied, text.empty() ? std::string_view("applied") : text);
  case event_verdict::unchanged:
    return say_it(sentence::event_known, {});
  case event_verdict::contradicts:
    return say_it(sentence::event_contradicts, text);
  case event_verdict::routed:
    return say_it(sentence::event_on_its_way, {});
  case event_verdict::skipped:
  case event_verdict::foreign:
  case event_verdict::unmatched:
  case event_verdict::refused:
    break;
  }
  auto what = std::string(name_of(one.became.verdict));
  if (!text.empty())
    what += ", " + text;
  return say_it(sentence::event_without_effect, what);
}

} // namespace

void add_webhooks(explanation& e, const order_objects& objects, const explain_now& now) {
  for (const auto& one : objects.webhooks) {
    explained_webhook w;
    w.at = one.received.received_at;
    w.id = one.key;
    w.vendor = one.received.vendor;
    w.type = one.received.what.type;
    w.verdict = name_of(one.became.verdict);
    if (one.became.verdict == event_verdict::applied && !one.became.text.empty())
      w.changed.push_back(one.became.text);
    else
      w.note = one.became.verdict == event_verdict::unchanged ? "known already" : one.became.text;
    w.what = told_of(one, now.at);
    e.webhooks.push_back(std::move(w));
  }
  if (objects.has_more_webhooks)
    e.gaps.push_back(say(sentence::gap_webhooks));
}

} // namespace orderhub::handlers
