#include "actors/handlers/orders/order_list.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order_listing.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

using journal::listed_object;
using journal::listing_place;

namespace {

constexpr std::size_t marked_at_once = 200;

class list_search {
public:
  list_search(const order_filter& filter, const list_reader& reader,
              const std::optional<listing_place>& behind, std::size_t most, unix_ms now,
              std::int64_t call_after_ms, list_bounds bounds)
      : filter_(filter), reader_(reader), behind_(behind), most_(most), now_(now),
        call_after_ms_(call_after_ms), bounds_(bounds) {}

  result<order_page> run() {
    auto keys = named_keys();
    if (!keys)
      return keys.failure();
    if (*keys)
      return of_keys(**keys);
    const auto marks = marks_of_filter();
    if (filter_.longest_first)
      return by_waiting(marks);
    if (!marks.empty()) {
      auto found = marked_keys(marks);
      if (!found)
        return found.failure();
      if (*found)
        return of_keys(**found);
    }
    return of_all();
  }

  result<std::optional<list_item>> one(const std::string& key) { return item_of(key); }
  [[nodiscard]] bool is_shown(const list_item& item) const { return is_wanted(item); }

private:
  using key_set = std::set<std::string, std::less<>>;

  // ── Where it is looked ──

  [[nodiscard]] std::size_t objects_left() const {
    return bounds_.objects - std::min(bounds_.objects, objects_read_);
  }

  /// Keys of what was asked for by a name; nothing: it was not, or there are too many.
  result<std::optional<key_set>> named_keys() {
    using found = std::optional<key_set>;
    if (!filter_.email.empty() || !filter_.phone.empty()) {
      auto keys = bearers(filter_.email.empty() ? key_of_phone(filter_.phone)
                                                : key_of_email(filter_.email));
      if (!keys)
        return keys.failure();
      return found(std::move(*keys));
    }
    if (!filter_.q.empty()) {
      auto own = reader_.listing_of(order_object(filter_.q));
      if (own && *own)
        return found(key_set{filter_.q});
      auto begun = begun_with(filter_.q);
      if (!begun)
        return begun.failure();
      if (*begun && !(*begun)->empty())
        return std::move(*begun);
      auto keys = bearers(key_of_id(filter_.q));
      if (!keys)
        return keys.failure();
      return found(std::move(*keys));
    }
    if (!filter_.key_prefix.empty())
      return begun_with(filter_.key_prefix);
    return found();
  }

  result<std::optional<key_set>> begun_with(std::string_view prefix) {
    auto keys = reader_.keys_of(order_service_name, prefix, bounds_.orders() + 1);
    if (!keys)
      return keys.failure();
    page_.scanned += keys->size();
    if (keys->size() > bounds_.orders())
      return std::optional<key_set>();
    return std::optional(
        key_set(std::make_move_iterator(keys->begin()), std::make_move_iterator(keys->end())));
  }

  result<key_set> bearers(const std::string& text) {
    auto objects = reader_.bearing(text, bounds_.orders());
    if (!objects)
      return objects.failure();
    page_.scanned += objects->size();
    page_.is_complete = objects->size() < bounds_.orders();
    key_set keys;
    for (auto& o : *objects)
      keys.insert(std::move(o.object.key));
    return keys;
  }

  /// Marks of which each order that is wanted has one, as few as may be; empty: there are none.
  [[nodiscard]] std::vector<std::string> marks_of_filter() const {
    const auto one = [](std::string_view mark) { return std::vector{std::string(mark)}; };
    if (filter_.stuck == true)
      return one(list_mark::maybe_stuck);
    if (filter_.in_doubt == true)
      return one(list_mark::in_doubt);
    if (filter_.paused == true)
      return one(list_mark::paused);
    std::vector<std::string> marks;
    for (const auto cause : filter_.waits)
      marks.push_back(std::string(list_mark::waits).append(durable::name_of(cause)));
    if (marks.empty())
      for (const auto& vendor : filter_.vendors)
        marks.push_back(std::string(list_mark::vendor) + vendor);
    if (marks.empty() && !filter_.longest_first && !filter_.statuses.empty() &&
        std::none_of(filter_.statuses.begin(), filter_.statuses.end(), &is_common_status))
      for (const auto& status : filter_.statuses)
        marks.push_back(std::string(list_mark::status) + status);
    // Who is called by time has no mark of its own, and something open.
    if (marks.empty() && (filter_.longest_first || filter_.open == true ||
                          filter_.attention == true || !filter_.reasons.empty()))
      return one(list_mark::open);
    return marks;
  }

  /// Nothing: there are too many.
  result<std::optional<key_set>> marked_keys(const std::vector<std::string>& marks) {
    auto found = reader_.marked(marks, std::nullopt, bounds_.orders() + 1);
    if (!found)
      return found.failure();
    page_.scanned += found->scanned;
    if (!found->is_whole || found->found.size() > bounds_.orders())
      return std::optional<key_set>();
    key_set keys;
    for (auto& m : found->found)
      keys.insert(std::move(m.object.key));
    return std::optional(std::move(keys));
  }

  // ── What is found ──

  result<order_page> of_keys(const key_set& keys) {
    std::vector<std::pair<listing_place, list_item>> items;
    for (const auto& key : keys) {
      if (objects_left() == 0) {
        page_.is_complete = false;
        break;
      }
      auto item = item_of(key);
      if (!item)
        return item.failure();
      if (!*item || !is_wanted(**item))
        continue;
      auto place =
          listing_place{filter_.longest_first && (*item)->open_since > 0 ? (*item)->open_since
                                                                         : (*item)->created_at,
                        key_place(key)};
      if (behind_ && (filter_.longest_first ? place <= *behind_ : place >= *behind_))
        continue;
      items.emplace_back(std::move(place), std::move(**item));
    }
    std::sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
      return filter_.longest_first ? a.first < b.first : b.first < a.first;
    });
    for (auto& [place, item] : items) {
      if (page_.items.size() == most_)
        break;
      page_.items.push_back(std::move(item));
      if (page_.items.size() == most_ && items.size() > most_)
        page_.next = place;
    }
    return std::move(page_);
  }

  /// The longest first, by the marks that were asked for.
  result<order_page> by_waiting(const std::vector<std::string>& marks) {
    auto behind = behind_;
    for (;;) {
      auto found = reader_.marked(marks, behind, marked_at_once);
      if (!found)
        return found.failure();
      page_.scanned += found->scanned;
      for (const auto& m : found->found) {
        auto place = journal::place_of(m);
        if (page_.items.size() == most_ || objects_left() == 0) {
          page_.next = behind;
          page_.is_complete = page_.items.size() == most_;
          return std::move(page_);
        }
        auto item = item_of(m.object.key, &marks);
        if (!item)
          return item.failure();
        // It is here for each of its marks; its longest counts.
        if (*item && first_mark_ == std::pair(m.since, m.object) && is_wanted(**item))
          page_.items.push_back(std::move(**item));
        behind = std::move(place);
      }
      if (found->is_whole)
        return std::move(page_);
    }
  }

  /// The newest first.
  result<order_page> of_all() {
    auto behind = behind_;
    for (;;) {
      const auto rows = bounds_.rows - std::min(bounds_.rows, page_.scanned);
      if (rows == 0 || page_.items.size() >= most_ || objects_left() == 0) {
        page_.next = behind;
        page_.is_complete = page_.items.size() >= most_;
        return std::move(page_);
      }
      auto found = reader_.listed(behind, rows, most_ - page_.items.size(),
                                  [&](const listed_object& o) { return may_be_wanted(o); });
      if (!found)
        return found.failure();
      page_.scanned += found->scanned;
      for (auto& o : found->found) {
        if (objects_left() == 0) {
          page_.next = behind;
          page_.is_complete = false;
          return std::move(page_);
        }
        auto place = journal::place_of(o);
        auto item = item_with_parts(std::move(o), nullptr);
        if (!item)
          return item.failure();
        if (*item && is_wanted(**item))
          page_.items.push_back(std::move(**item));
        behind = std::move(place);
      }
      if (!found->next)
        return std::move(page_);
      behind = std::move(found->next);
      if (filter_.since && behind->at < *filter_.since)
        return std::move(page_); // All that follow are older.
    }
  }

  static std::string key_place(const std::string& key) {
    listed_object o;
    o.object = order_object(key);
    return journal::place_of(o).digest;
  }

  /// Nothing: there is no such order.
  result<std::optional<list_item>> item_of(const std::string& key,
                                           const std::vector<std::string>* marks = nullptr) {
    ++objects_read_;
    auto own = reader_.listing_of(order_object(key));
    if (!own && own.error().kind == error_kind::corrupt)
      return std::optional<list_item>(); // It is set aside: its page says so.
    if (!own)
      return own.failure();
    if (!*own)
      return std::optional<list_item>();
    return item_with_parts(std::move(**own), marks);
  }

  void note_marks(const listed_object& o, const std::vector<std::string>* marks) {
    if (marks == nullptr)
      return;
    for (const auto& m : o.what.marks)
      if (std::find(marks->begin(), marks->end(), m.name) != marks->end())
        if (const auto here = std::pair(m.since, o.object);
            first_mark_.first == 0 || here < first_mark_)
          first_mark_ = here;
  }

  result<std::optional<list_item>> item_with_parts(listed_object own,
                                                   const std::vector<std::string>* marks) {
    auto row = order_row::decode(own.what.row);
    if (!row)
      return std::optional<list_item>();
    list_item item;
    item.key = own.object.key;
    item.created_at = own.what.created;
    item.version = own.version;
    item.row = std::move(*row);
    first_mark_ = {};
    note_marks(own, marks);
    bool is_worked_on = false;
    // What is done has nobody who works for it, but for what was asked for by a mark.
    const auto parts = objects_in_lists(item.key);
    for (std::size_t i = 1; i < parts.size() && (item.row.is_open || marks != nullptr); ++i) {
      ++objects_read_;
      auto part = reader_.listing_of(parts.at(i));
      if (!part && part.error().kind != error_kind::corrupt)
        return part.failure();
      if (!part || !*part)
        continue;
      auto open = order_row::decode((*part)->what.row);
      if (!open)
        continue;
      note_marks(**part, marks);
      is_worked_on = true;
      add(item.row, std::move(*open));
    }
    std::sort(item.row.steps.begin(), item.row.steps.end(), [](const auto& a, const auto& b) {
      return std::tie(a.since, a.step, a.ref) < std::tie(b.since, b.step, b.ref);
    });
    item.is_stuck = item.row.may_be_stuck && !is_worked_on;
    if (!item.row.steps.empty())
      item.open_since = item.row.steps.front().since;
    else if (item.row.is_open)
      item.open_since = item.created_at;
    call_by_time(item.row);
    return std::optional(std::move(item));
  }

  static void add(order_row& to, order_row part) {
    to.is_open = true;
    to.is_paused = to.is_paused || part.is_paused;
    for (auto& person : part.attention)
      if (!to.is_called_for(person.step))
        to.attention.push_back(std::move(person));
    std::move(part.steps.begin(), part.steps.end(), std::back_inserter(to.steps));
  }

  /// As GetOrder does: who waits too long wants a person.
  void call_by_time(order_row& row) const {
    for (const auto& s : row.steps) {
      const auto bound = durable::too_long_ms(s.cause, call_after_ms_);
      if (bound > 0 && now_ - s.since >= bound && !row.is_called_for(s.step))
        row.attention.push_back({s.step, too_long_text(s.cause, now_ - s.since, s.last)});
    }
  }

  // ── What is wanted ──

  template <class Set>
  static bool one_of(const Set& wanted, const auto& value) {
    return wanted.empty() || wanted.contains(value);
  }

  /// By its own row alone: what it says here no other object changes.
  [[nodiscard]] bool may_be_wanted(const listed_object& o) const {
    const auto& key = o.object.key;
    if ((filter_.since && o.what.created < *filter_.since) ||
        (filter_.until && o.what.created >= *filter_.until) ||
        !std::string_view(key).starts_with(filter_.key_prefix) ||
        (!filter_.key_contains.empty() && key.find(filter_.key_contains) == std::string::npos))
      return false;
    const auto row = order_row::decode(o.what.row);
    if (!row || !fits_row(*row))
      return false;
    const bool asks_for_open = filter_.open == true || filter_.attention == true ||
                               filter_.in_doubt == true || filter_.paused == true ||
                               filter_.stuck == true || !filter_.vendors.empty() ||
                               !filter_.waits.empty() || !filter_.reasons.empty();
    return row->is_open || !asks_for_open;
  }

  [[nodiscard]] bool fits_row(const order_row& row) const {
    return one_of(filter_.statuses, row.status) && one_of(filter_.currencies, row.currency) &&
           (!filter_.updated_since || row.updated_at >= *filter_.updated_since) &&
           (!filter_.min_total || row.total >= *filter_.min_total) &&
           (!filter_.max_total || row.total <= *filter_.max_total);
  }

  [[nodiscard]] bool is_wanted(const list_item& item) const {
    const auto& row = item.row;
    const auto is = [](const std::optional<bool>& wanted, bool value) {
      return !wanted || *wanted == value;
    };
    const auto any_step = [&](auto&& is_meant) {
      return std::any_of(row.steps.begin(), row.steps.end(), is_meant);
    };
    if ((filter_.since && item.created_at < *filter_.since) ||
        (filter_.until && item.created_at >= *filter_.until) ||
        !std::string_view(item.key).starts_with(filter_.key_prefix) ||
        (!filter_.key_contains.empty() &&
         item.key.find(filter_.key_contains) == std::string::npos) ||
        !fits_row(row))
      return false;
    if (filter_.older_than_ms) {
      const auto age_of = item.open_since > 0 ? item.open_since : item.created_at;
      if (now_ - age_of < *filter_.older_than_ms)
        return false;
    }
    // One step has to be all that is asked of steps.
    const bool asks_for_step =
        !filter_.vendors.empty() || !filter_.waits.empty() || !filter_.reasons.empty();
    if (asks_for_step && !any_step([&](const listed_step& s) {
          return one_of(filter_.vendors, s.vendor) && one_of(filter_.waits, s.cause) &&
                 one_of(filter_.reasons, reason_of(s));
        }))
      return false;
    return is(filter_.open, row.is_open) && is(filter_.attention, !row.attention.empty()) &&
           is(filter_.in_doubt, row.is_in_doubt()) && is(filter_.paused, row.is_paused) &&
           is(filter_.stuck, item.is_stuck);
  }

  const order_filter& filter_;
  const list_reader& reader_;
  const std::optional<listing_place>& behind_;
  const std::size_t most_;
  const unix_ms now_;
  const std::int64_t call_after_ms_;
  const list_bounds bounds_;
  order_page page_;
  std::size_t objects_read_ = 0;
  std::pair<unix_ms, object_id> first_mark_; ///< Of the last item, among those asked for.
};

} // namespace

result<order_page> list_orders(const order_filter& filter, const list_reader& reader,
                               const std::optional<listing_place>& behind, std::size_t most,
                               unix_ms now, std::int64_t call_after_ms, list_bounds bounds) {
  return list_search(filter, reader, behind, most, now, call_after_ms, bounds).run();
}

result<std::optional<list_item>> list_item_of(const std::string& key, const list_reader& reader,
                                              unix_ms now, std::int64_t call_after_ms) {
  const order_filter all;
  return list_search(all, reader, std::nullopt, 1, now, call_after_ms, {}).one(key);
}

bool is_listed(const list_item& item, const order_filter& filter, unix_ms now) {
  return list_search(filter, {}, std::nullopt, 0, now, 0, {}).is_shown(item);
}

} // namespace orderhub::handlers
