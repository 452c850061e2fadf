#include "journal/turn.hpp"

#include "journal/key.hpp"

#include <string>
#include <utility>

namespace orderhub::journal {

result<record_refs> checked_refs(const record& r) {
  auto invalid = [](std::string message) {
    return fail({error_kind::invalid, "journal.hub", std::move(message)});
  };
  if (!storable(r.object))
    return invalid("an object's service and key have 1 to 255 bytes each");
  if (r.payload.size() > payload_size_max)
    return invalid("a record's payload has at most " + std::to_string(payload_size_max) + " bytes");
  auto refs = refs_of(r);
  if (!refs)
    return invalid(refs.error().message);
  if (refs->other && !storable(*refs->other))
    return invalid("an object's service and key have 1 to 255 bytes each");
  return refs;
}

result<void> prepare(turn& t) {
  if (t.records.empty() || t.prepared)
    return {};
  auto ready = std::make_shared<prepared_turn>();
  ready->records.reserve(t.records.size());
  for (const auto& r : t.records) {
    auto refs = checked_refs(r);
    if (!refs)
      return refs.failure();
    auto& p = ready->records.emplace_back();
    const auto from = ready->bytes.size();
    ready->bytes += encode(r);
    p.time = r.time;
    p.size = ready->bytes.size() - from;
    p.refs = std::move(*refs);
    p.own = object_key(r.object);
    if (p.refs.other)
      p.other = object_key(*p.refs.other);
  }
  t.prepared = std::move(ready);
  return {};
}

} // namespace orderhub::journal
