#include "actors/handlers/webhooks/conclusion.hpp"

#include "actors/handlers/objects.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

bool is_for_a_person(event_verdict verdict) {
  return verdict == event_verdict::unmatched || verdict == event_verdict::contradicts;
}

} // namespace

std::optional<webhook_match> match_of(const journal::object_state& webhook) {
  const auto* recorded = webhook.value(matched_entry);
  auto match = recorded != nullptr ? webhook_match::decode(*recorded)
                                   : result<webhook_match>(webhook_match());
  if (!match || match->order_id.empty())
    return std::nullopt;
  return std::move(*match);
}

void conclude(durable::event_outcome& outcome, const settings_ptr& settings,
              const routed_event& routed, concluded with) {
  if (!routed.concludes)
    return;
  outcome.response = with.answer();
  if (is_for_a_person(with.verdict)) // Counted there.
    outcome.sends.push_back({webhook_object(routed.webhook), "Conclude", with.encode()});
  else
    ++settings->webhooks->ended.at(static_cast<std::size_t>(with.verdict));
}

result<concluded>
became_of(const journal::object_state& webhook,
          const std::function<std::optional<result<std::string>>(const invocation_id&)>& ended) {
  const auto* recorded = webhook.value(verdict_entry);
  auto said = recorded != nullptr ? concluded::decode(*recorded) : concluded();
  const auto* text = webhook.value(routed_entry);
  if (!said || said->verdict != event_verdict::routed || text == nullptr)
    return said;
  const auto id = invocation_id::parse(*text);
  const auto end = id && ended ? ended(*id) : std::nullopt;
  if (!end)
    return said;
  if (!*end) // Such an object does not take it.
    return concluded{event_verdict::unmatched, end->error().message};
  return concluded::from_answer(**end);
}

} // namespace orderhub::handlers
