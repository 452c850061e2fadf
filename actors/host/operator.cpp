#include "actors/host/operator.hpp"

#include <algorithm>

namespace orderhub::host {

result<journal::object_state> operator_view::object(const object_id& id) const {
  return from_.journal.load(id);
}

result<std::optional<journal::invocation_row>>
operator_view::invocation(const invocation_id& id) const {
  return from_.journal.find_invocation(id);
}

result<journal::past_invocations> operator_view::past(std::span<const object_id> objects,
                                                      unix_ms accepted_at) const {
  auto rows = from_.tables.read();
  if (!rows)
    return rows.failure();
  return journal::past_of(**rows, objects, accepted_at);
}

unix_ms operator_view::now() const {
  return std::max(from_.time.wall_ms(), from_.journal.last_time());
}

} // namespace orderhub::host
