#include "actors/handlers/orders/order_changes.hpp"

#include "journal/base/bytes.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {
constexpr std::uint8_t changes_version = 1;
} // namespace

std::string with_change(const std::string* recorded, order_change change) {
  std::vector<order_change> changes;
  if (recorded != nullptr)
    if (auto before = decode_changes(*recorded))
      changes = std::move(*before);
  if (change.fields.size() > changed_fields_max)
    change.fields.resize(changed_fields_max);
  changes.push_back(std::move(change));
  const auto dropped = changes.size() - std::min(changes.size(), changes_max);

  byte_writer w(128);
  w.u8(changes_version);
  w.u16(static_cast<std::uint16_t>(changes.size() - dropped));
  for (std::size_t i = dropped; i < changes.size(); ++i) {
    w.i64(changes[i].at);
    w.u16(static_cast<std::uint16_t>(changes[i].fields.size()));
    for (const auto& field : changes[i].fields)
      w.str8(field);
  }
  return w.take();
}

result<std::vector<order_change>> decode_changes(std::string_view bytes) {
  byte_reader r(bytes);
  const auto version = r.u8();
  std::vector<order_change> changes;
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    order_change change;
    change.at = r.i64();
    for (auto fields = r.u16(); fields > 0 && r.ok(); --fields)
      change.fields.emplace_back(r.str8());
    changes.push_back(std::move(change));
  }
  if (version != changes_version || !r.done())
    return fail({error_kind::corrupt, "order_changes", "the order's changes cannot be read"});
  return changes;
}

} // namespace orderhub::handlers
