#include "actors/handlers/bulk/operate.hpp"

#include "actors/handlers/explain/order_moves.hpp"
#include "actors/handlers/shipments/label_webhook.hpp"
#include "journal/base/bytes.hpp"
#include "journal/record.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::event_outcome;
using journal::object_state;
using journal::operator_verb;

namespace {

constexpr std::uint8_t version = 1;

bool is_known(const object_state& state, const std::string& id) {
  return !id.empty() && std::any_of(state.operators.begin(), state.operators.end(),
                                    [&](const auto& o) { return o.action.id == id; });
}

/// Something is open beside this call itself.
bool has_open(const object_state& state) {
  return std::any_of(state.live.begin(), state.live.end(),
                     [](const auto& i) { return i.input.handler != operate_handler; });
}

bool changes(const object_state& state, operator_verb verb) {
  switch (verb) {
  case operator_verb::retry:
    return has_open(state) || has_stayed_open(state);
  case operator_verb::pause:
    return !state.paused_by_operator;
  case operator_verb::resume:
    return state.paused_by_operator;
  default:
    return true;
  }
}

std::vector<object_id> begun_by(const object_state& state) {
  std::vector<object_id> called;
  for (const auto& i : state.live)
    for (const auto& e : i.entries) {
      if (e.kind != journal::record_kind::call && e.kind != journal::record_kind::send)
        continue;
      const auto p = journal::decode_call(e.payload);
      if (p && p->target != state.id && is_operated(p->target) &&
          called.size() < operated_called_max &&
          std::find(called.begin(), called.end(), p->target) == called.end())
        called.push_back(p->target);
    }
  return called;
}

result<event_outcome> operate(const object_state& state, std::string_view body) {
  auto action = journal::decode_operator(body);
  if (!action)
    return action.failure();
  event_outcome outcome;
  outcome.name = "operated";
  operated said;
  if (is_known(state, action->id)) {
    said.what = operated::kind::known;
  } else if (changes(state, action->verb)) {
    said.what = operated::kind::recorded;
    if (action->verb == operator_verb::cancel)
      outcome.sends.push_back({state.id, "CancelOrder", {}});
    if (const auto* later = label_for_later(state);
        later != nullptr && action->verb == operator_verb::retry)
      outcome.sends.push_back({state.id, "BuyLabel", later->input.body});
    if (action->verb == operator_verb::retry && has_stayed_open(state))
      outcome.sends.push_back({state.id, "CancelOrder", {}});
    outcome.acts = std::move(*action);
  }
  if (said.what != operated::kind::nothing)
    said.called = begun_by(state);
  outcome.response = said.encode();
  return outcome;
}

} // namespace

bool is_operated(const object_id& object) {
  return std::find(operated_services.begin(), operated_services.end(), object.service) !=
         operated_services.end();
}

std::string operated::encode() const {
  byte_writer w(64);
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(what));
  w.u8(static_cast<std::uint8_t>(called.size()));
  for (const auto& object : called) {
    w.str8(object.service);
    w.str8(object.key);
  }
  return w.take();
}

result<operated> operated::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  const auto what = r.u8();
  operated said;
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    object_id object;
    object.service = r.str8();
    object.key = r.str8();
    said.called.push_back(std::move(object));
  }
  if (v != version || what < 1 || what > 3 || !r.done())
    return fail({error_kind::corrupt, "operate", "the answer cannot be read"});
  said.what = static_cast<kind>(what);
  return said;
}

durable::handler_definition operate_definition() {
  durable::handler_definition h;
  h.mode = durable::handler_mode::event;
  h.internal = true;
  h.event = &operate;
  return h;
}

} // namespace orderhub::handlers
