#include "actors/handlers/bulk/bulk_check.hpp"

#include "actors/handlers/bulk/operate.hpp"
#include "actors/handlers/explain/order_moves.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

bulk_check skipped(bulk_skip why) {
  return {why, {}};
}

/// Of what needs no record at any of its objects.
bulk_skip why_nothing(bulk_action action) {
  switch (action) {
  case bulk_action::retry:
    return bulk_skip::nothing_to_retry;
  case bulk_action::pause:
    return bulk_skip::already_paused;
  case bulk_action::resume:
    return bulk_skip::not_paused;
  case bulk_action::cancel:
    return bulk_skip::already_cancelled;
  case bulk_action::replay:
    break;
  }
  return bulk_skip::not_dead;
}

} // namespace

bulk_check check_order(bulk_action action, const std::string& key, bool accepts_repeat,
                       const object_loader& load, const explain_now& now) {
  const order_reader reader{
      load,
      [](std::span<const object_id>, unix_ms) -> result<journal::past_invocations> {
        return journal::past_invocations();
      },
      [](const invocation_id&) -> result<std::optional<journal::invocation_row>> {
        return std::optional<journal::invocation_row>();
      }};
  const auto objects = read_order(reader, key);
  if (objects.is_unknown() || objects.deployment_alone() != nullptr)
    return skipped(bulk_skip::no_such_order);
  if (!objects.set_aside.empty() || !objects.not_read.empty())
    return skipped(bulk_skip::unreadable);
  if (objects.is_purged())
    return skipped(bulk_skip::purged);
  const auto shown = explain(objects, now);
  if (action == bulk_action::pause && shown.state == "done")
    return skipped(bulk_skip::finished);
  auto moves = moves_of(verb_of(action), objects, shown, accepts_repeat);
  switch (moves.refusal) {
  case move_refusal::none:
    break;
  case move_refusal::may_repeat:
    return skipped(bulk_skip::may_repeat);
  case move_refusal::on_its_way:
    return skipped(bulk_skip::on_its_way);
  case move_refusal::unreadable:
    return skipped(bulk_skip::unreadable);
  }
  std::erase_if(moves.objects, [](const object_id& object) { return !is_operated(object); });
  if (moves.objects.empty())
    return skipped(why_nothing(action));
  return {std::nullopt, std::move(moves.objects)};
}

bulk_check check_webhook(const std::string& key, const object_loader& load) {
  const auto state = load(webhook_object(key));
  if (!state)
    return skipped(bulk_skip::unreadable);
  if (state->value(received_entry) == nullptr)
    return skipped(bulk_skip::no_such_webhook);
  const auto became = became_of(*state, {});
  if (!became)
    return skipped(bulk_skip::unreadable);
  if (became->verdict != event_verdict::unmatched)
    return skipped(bulk_skip::not_dead);
  return {std::nullopt, {state->id}};
}

} // namespace orderhub::handlers
