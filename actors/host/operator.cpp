#include "actors/host/operator.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

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
  auto past = journal::past_of(**rows, objects, accepted_at);
  rows->reset();
  if (!past)
    return past;
  auto of_objects = from_.journal.past_of_objects(objects, journal::past_found_max);
  if (!of_objects)
    return of_objects.failure();
  if (!*of_objects)
    return past;
  auto& all = **of_objects;
  const auto is_earlier = [](const journal::invocation_row& a, const journal::invocation_row& b) {
    return a.invocation.id < b.invocation.id;
  };
  std::vector<journal::invocation_row> found; // Those that both have once.
  std::set_union(std::make_move_iterator(all.found.begin()),
                 std::make_move_iterator(all.found.end()),
                 std::make_move_iterator(past->found.begin()),
                 std::make_move_iterator(past->found.end()), std::back_inserter(found), is_earlier);
  all.found = std::move(found);
  all.is_whole = all.is_whole && past->is_whole;
  return std::move(all);
}

result<journal::listed_page>
operator_view::listed(const std::optional<journal::listing_place>& behind, std::size_t rows,
                      std::size_t most,
                      const std::function<bool(const journal::listed_object&)>& take) const {
  return from_.journal.listed(behind, std::min(rows, list_rows_max), std::min(most, list_found_max),
                              take);
}

result<journal::marked_page>
operator_view::marked(std::span<const std::string> marks,
                      const std::optional<journal::listing_place>& behind, std::size_t most) const {
  return from_.journal.marked(marks, behind, std::min(most, list_found_max));
}

result<std::vector<journal::listed_object>> operator_view::bearing(std::string_view text,
                                                                   std::size_t most) const {
  return from_.journal.bearing(text, std::min(most, list_found_max));
}

result<std::vector<std::string>>
operator_view::keys_of(std::string_view service, std::string_view prefix, std::size_t most) const {
  return from_.journal.keys_of(service, prefix, {}, std::min(most, list_found_max));
}

result<std::optional<journal::listed_object>> operator_view::listing_of(const object_id& id) const {
  return from_.journal.listing_of(id);
}

unix_ms operator_view::now() const {
  return std::max(from_.time.wall_ms(), from_.journal.last_time());
}

} // namespace orderhub::host
