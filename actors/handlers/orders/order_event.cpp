#include "actors/handlers/orders/order_event.hpp"

#include "journal/base/bytes.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {
constexpr std::uint8_t event_version = 1;
} // namespace

std::string order_event::encode() const {
  byte_writer w(256);
  w.u8(event_version);
  w.str8(name);
  w.str32(learned.encode());
  w.u8(static_cast<std::uint8_t>(evidence.size()));
  for (const auto& e : evidence) {
    w.str8(e.step);
    w.str8(e.attempt);
    w.u8(e.happened ? 1 : 0);
    w.str32(e.value);
  }
  return w.take();
}

result<order_event> order_event::decode(std::string_view bytes) {
  byte_reader r(bytes);
  order_event event;
  const auto version = r.u8();
  event.name = r.str8();
  auto learned = order_facts::decode(r.str32());
  for (auto count = r.u8(); count > 0 && r.ok(); --count) {
    durable::step_evidence e;
    e.step = r.str8();
    e.attempt = r.str8();
    e.happened = r.u8() != 0;
    e.value = r.str32();
    event.evidence.push_back(std::move(e));
  }
  if (version != event_version || !r.done() || !learned)
    return fail({error_kind::corrupt, "order_event", "the event cannot be read"});
  event.learned = std::move(*learned);
  return event;
}

} // namespace orderhub::handlers
