#include "actors/handlers/orders/order_list.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "journal/listing_index.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

using durable::wait_cause;
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
  result<std::string> whose(const object_id& object) { return order_of(object); }
  [[nodiscard]] bool is_shown(const list_item& item) const { return is_wanted(item); }

private:
  using key_set = std::set<std::string, std::less<>>;

  // ── Where it is looked ──

  /// For one more order; for one there always is.
  [[nodiscard]] bool has_room() const {
    return objects_read_ == 0 || objects_read_ + objects_of_order_max <= bounds_.objects;
  }

  /// Keys of what was asked for by a name; nothing: it was not, or there are too many.
  result<std::optional<key_set>> named_keys() {
    using found = std::optional<key_set>;
    if (!filter_.email.empty() || !filter_.phone.empty()) {
      auto keys = bearers(filter_.email.empty() ? key_of_phone(filter_.phone)
                                                : key_of_email(filter_.email));
      if (!keys)
        return keys.failure();
      return filter_.q.empty() ? found(std::move(*keys)) : those_of_q(std::move(*keys));
    }
    if (!filter_.q.empty())
      return found_by_q();
    if (!filter_.key_prefix.empty())
      return begun_with(filter_.key_prefix);
    return found();
  }

  result<std::optional<key_set>> found_by_q() {
    using found = std::optional<key_set>;
    auto own = item_of(filter_.q);
    if (own && *own)
      return found(key_set{filter_.q});
    auto begun = begun_with(filter_.q);
    if (!begun)
      return begun.failure();
    if (!*begun)
      q_prefix_ = filter_.q;
    if (!*begun || !(*begun)->empty())
      return begun;
    auto keys = bearers(key_of_id(filter_.q));
    if (!keys)
      return keys.failure();
    return found(std::move(*keys));
  }

  result<std::optional<key_set>> those_of_q(key_set keys) {
    auto of_q = found_by_q();
    if (!of_q)
      return of_q.failure();
    std::erase_if(keys, [&](const std::string& key) {
      return *of_q ? !(*of_q)->contains(key) : !key.starts_with(filter_.q);
    });
    return std::optional(std::move(keys));
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
    if (filter_.called == true)
      return one(list_mark::attention);
    std::vector<std::string> marks;
    for (const auto cause : filter_.waits) {
      marks.push_back(std::string(list_mark::waits).append(durable::name_of(cause)));
      // A step that waits for another object alone has no mark of what it waits for.
      if (cause == wait_cause::hub || cause == wait_cause::time)
        marks.emplace_back(list_mark::elsewhere);
      if (cause == wait_cause::person)
        marks.emplace_back(list_mark::paused);
    }
    if (filter_.waits_in_doubt)
      marks.emplace_back(list_mark::in_doubt);
    if (marks.empty())
      for (const auto& vendor : filter_.vendors)
        marks.push_back(std::string(list_mark::vendor) + vendor);
    if (marks.empty() && !filter_.longest_first && !filter_.statuses.empty() &&
        std::none_of(filter_.statuses.begin(), filter_.statuses.end(), &is_common_status))
      for (const auto& status : filter_.statuses)
        marks.push_back(std::string(list_mark::status) + status);
    // Who is called by time has no mark of its own, and something open.
    if (marks.empty() && (filter_.longest_first || filter_.open == true ||
                          filter_.attention == true || filter_.acked || !filter_.reasons.empty()))
      return one(list_mark::open);
    return marks;
  }

  /// Nothing: there are too many to be put in order. `among_` has them then, where they are known.
  result<std::optional<key_set>> marked_keys(const std::vector<std::string>& marks) {
    auto few = orders_marked(marks, bounds_.orders());
    if (!few || *few)
      return few;
    auto among = orders_marked(marks, bounds_.rows / 2);
    if (!among)
      return among.failure();
    among_ = std::move(*among);
    return std::optional<key_set>();
  }

  /// Nothing: there are more.
  result<std::optional<key_set>> orders_marked(const std::vector<std::string>& marks,
                                               std::size_t most) {
    auto found = reader_.marked(marks, std::nullopt, most + 1);
    if (!found)
      return found.failure();
    page_.scanned += found->scanned;
    if (!found->is_whole || found->found.size() > most)
      return std::optional<key_set>();
    key_set keys;
    for (auto& m : found->found) {
      if (objects_read_ > bounds_.objects / 2)
        return std::optional<key_set>();
      auto key = order_of(m.object);
      if (!key)
        return key.failure();
      keys.insert(std::move(*key));
    }
    return std::optional(std::move(keys));
  }

  /// A fulfilment's key is its own: its row says whose it is.
  result<std::string> order_of(const object_id& id) {
    if (id.service != fulfilment_service_name)
      return id.key;
    auto stored = read(id);
    if (!stored)
      return stored.failure();
    return *stored ? (*stored)->order : id.key;
  }

  // ── What is found ──

  /// No more than `list_bounds::orders`.
  result<order_page> of_keys(const key_set& keys) {
    std::vector<std::pair<listing_place, list_item>> items;
    for (const auto& key : keys) {
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
        if (page_.items.size() == most_ || !has_room()) {
          page_.next = behind;
          page_.is_complete = page_.items.size() == most_;
          return std::move(page_);
        }
        auto key = order_of(m.object);
        if (!key)
          return key.failure();
        auto item = item_of(*key, &marks);
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
      if (rows == 0 || page_.items.size() >= most_ || !has_room()) {
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
        if (!has_room()) {
          page_.next = behind;
          page_.is_complete = false;
          return std::move(page_);
        }
        auto item = item_of(o.object.key);
        if (!item)
          return item.failure();
        if (*item && is_wanted(**item))
          page_.items.push_back(std::move(**item));
        behind = journal::place_of(o);
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

  /// One object as it is stored.
  struct stored_object {
    log_sequence version = 0;
    unix_ms updated_at = 0;
    bool is_paused = false;
    listed_part part;
    std::vector<waiting_step> elsewhere; ///< What waits for other objects.
    fulfilment_claims claims;            ///< Of an order.
    std::string order;                   ///< Of a fulfilment, where it says it.
  };
  /// Nothing: nothing is known of it, or it is set aside, as its order's page says.
  result<std::optional<stored_object>> read(const object_id& id) {
    ++objects_read_;
    auto state = reader_.object(id);
    if (!state && state.error().kind == error_kind::corrupt)
      return std::optional<stored_object>();
    if (!state)
      return state.failure();
    if (state->blank())
      return std::optional<stored_object>();
    stored_object stored;
    stored.version = state->folded_to;
    stored.updated_at = state->last_time;
    stored.is_paused = state->paused_by_operator ||
                       std::any_of(state->live.begin(), state->live.end(),
                                   [](const auto& i) { return !i.paused_text.empty(); });
    if (auto part = listed_part_of(*state))
      stored.part = std::move(*part);
    if (id.service == order_service_name)
      if (const auto claims = claims_in(state->value(claims_entry)))
        stored.claims = *claims;
    if (id.service == fulfilment_service_name)
      stored.order = order_of_fulfilment(*state).value_or(id.key);
    if (id.service == order_service_name || id.service == fulfilment_service_name)
      stored.elsewhere = waits_for_others(*state);
    return std::optional(std::move(stored));
  }

  void note_marks(const object_id& id, const stored_object& stored,
                  const std::vector<std::string>* marks) {
    if (marks == nullptr)
      return;
    for (const auto& m : stored.part.what.marks)
      if (std::find(marks->begin(), marks->end(), m.name) != marks->end())
        if (const auto here = std::pair(m.since, id); first_mark_.first == 0 || here < first_mark_)
          first_mark_ = here;
  }

  /// Nothing: there is no such order.
  result<std::optional<list_item>> item_of(const std::string& key,
                                           const std::vector<std::string>* marks = nullptr) {
    first_mark_ = {};
    auto own = read(order_object(key));
    if (!own)
      return own.failure();
    list_item item;
    item.key = key;
    const bool has_order = *own && (*own)->part.row;
    fulfilment_claims claims;
    std::vector<waiting_step> elsewhere, elsewhere_fulfilled;
    bool may_be_stuck = false, is_worked_on = false, has_part = false;
    if (*own) {
      auto& stored = **own;
      item.updated_at = stored.updated_at;
      item.version = stored.version;
      claims = std::move(stored.claims);
      elsewhere = std::move(stored.elsewhere);
      note_marks(order_object(key), stored, marks);
      if (has_order) {
        item.created_at = stored.part.created_at;
        item.in_doubt = stored.part.doubts.size();
        item.row = std::move(*stored.part.row);
        may_be_stuck = item.row.may_be_stuck;
      }
      item.row.is_paused = stored.is_paused;
    }
    for (const auto& id : objects_beside(key, claims.others(key))) {
      auto found = read(id);
      if (!found)
        return found.failure();
      if (!*found)
        continue;
      auto& part = **found;
      const bool is_fulfilment = id.service == fulfilment_service_name;
      if (is_fulfilment && part.order != key)
        continue; // Of the order that it names.
      if (is_fulfilment && claims.gave_back(id.key, key) && !part.part.row)
        continue; // It is over.
      item.version = std::max(item.version, part.version);
      item.updated_at = std::max(item.updated_at, part.updated_at);
      // That its parcel is followed is no work of an order, and holds nothing of it up.
      if (id.service != parcel_service_name)
        item.row.is_paused = item.row.is_paused || part.is_paused;
      if (is_fulfilment)
        std::move(part.elsewhere.begin(), part.elsewhere.end(),
                  std::back_inserter(elsewhere_fulfilled));
      if (!part.part.row)
        continue;
      note_marks(id, part, marks);
      if (!has_order) {
        if (item.created_at == 0 || part.part.created_at < item.created_at)
          item.created_at = part.part.created_at;
        if (item.row.status.empty())
          item.row.status = part.part.row->status;
      }
      has_part = true;
      may_be_stuck = may_be_stuck || part.part.row->may_be_stuck;
      is_worked_on = is_worked_on || !part.part.row->may_be_stuck;
      item.in_doubt += part.part.doubts.size();
      add(item.row, std::move(*part.part.row));
    }
    if (!has_order && !has_part)
      return std::optional<list_item>();
    if (item.row.status.empty())
      item.row.status = "unknown"; // As its page says.
    for (auto* others : {&elsewhere, &elsewhere_fulfilled})
      if (item.row.steps.empty())
        for (auto& w : *others)
          item.row.steps.push_back(listed_step_of(std::move(w)));
    std::sort(item.row.steps.begin(), item.row.steps.end(), [](const auto& a, const auto& b) {
      return std::tie(a.since, a.step, a.ref) < std::tie(b.since, b.step, b.ref);
    });
    // As a page says it: what waits for something, or for somebody, is not.
    item.is_stuck = may_be_stuck && !is_worked_on && !item.row.is_paused &&
                    item.row.steps.empty() && item.row.attention.empty();
    if (!item.row.steps.empty())
      item.open_since = item.row.steps.front().since;
    else if (item.row.is_open)
      item.open_since = item.created_at;
    item.is_called = !item.row.attention.empty();
    call_by_time(item.row);
    for (auto& person : item.row.attention)
      for (const auto& ack : item.row.acks)
        if (ack.step == person.step) {
          person.acked_by = ack.who;
          person.acked_at = ack.at;
        }
    return std::optional(std::move(item));
  }

  static void add(order_row& to, order_row part) {
    to.is_open = true;
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
        row.attention.push_back({s.step, too_long_text(s.cause, now_ - s.since, s.last), {}, 0});
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
        !std::string_view(key).starts_with(filter_.key_prefix) || !key.starts_with(q_prefix_) ||
        (!filter_.key_contains.empty() && key.find(filter_.key_contains) == std::string::npos))
      return false;
    if (among_ && !among_->contains(key))
      return false;
    const auto row = order_row::decode(o.what.row);
    return row && fits_row(*row);
  }

  [[nodiscard]] bool fits_row(const order_row& row) const {
    return one_of(filter_.statuses, row.status) && one_of(filter_.currencies, row.currency) &&
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
        !item.key.starts_with(q_prefix_) ||
        (!filter_.key_contains.empty() &&
         item.key.find(filter_.key_contains) == std::string::npos) ||
        !fits_row(row) || (filter_.updated_since && item.updated_at < *filter_.updated_since))
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
          const bool is_waited_for =
              one_of(filter_.waits, s.cause) || (filter_.waits_in_doubt && s.in_doubt);
          return one_of(filter_.vendors, s.vendor) && is_waited_for &&
                 one_of(filter_.reasons, reason_of(s));
        }))
      return false;
    const bool is_acked = std::none_of(row.attention.begin(), row.attention.end(),
                                       [](const listed_person& p) { return p.acked_by.empty(); });
    if (filter_.acked && (row.attention.empty() || is_acked != *filter_.acked))
      return false;
    return is(filter_.open, row.is_open) && is(filter_.attention, !row.attention.empty()) &&
           is(filter_.called, item.is_called) && is(filter_.in_doubt, item.in_doubt > 0) &&
           is(filter_.paused, row.is_paused) && is(filter_.stuck, item.is_stuck);
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
  std::string q_prefix_; ///< So many keys begin with `q` that they are looked for among all.
  std::optional<key_set> among_;             ///< No other order can be wanted.
  std::pair<unix_ms, object_id> first_mark_; ///< Of the last item, among those asked for.
};

} // namespace

result<order_page> list_orders(const order_filter& filter, const list_reader& reader,
                               const std::optional<listing_place>& behind, std::size_t most,
                               unix_ms now, std::int64_t call_after_ms, list_bounds bounds) {
  return list_search(filter, reader, behind, most, now, call_after_ms, bounds).run();
}

result<journal::listing_counts> counts_with_late(journal::listing_counts counts,
                                                 const list_reader& reader, unix_ms now,
                                                 std::int64_t call_after_ms) {
  std::map<std::int64_t, std::vector<std::string>> marks_by_bound;
  for (std::size_t i = 0; i < durable::wait_cause_count; ++i) {
    const auto cause = static_cast<durable::wait_cause>(i);
    auto mark = std::string(list_mark::waits).append(durable::name_of(cause));
    const auto bound = durable::too_long_ms(cause, call_after_ms);
    const auto known = counts.counts.find(mark);
    if (bound > 0 && known != counts.counts.end() && known->second > 0)
      marks_by_bound[bound].push_back(std::move(mark));
  }
  std::set<std::string> late;
  for (const auto& [bound, marks] : marks_by_bound) {
    const auto page = reader.marked(marks, std::nullopt, late_objects_max);
    if (!page)
      return page.failure();
    for (const auto& m : page->found) {
      if (now - m.since < bound)
        break; // All that follow have waited less.
      auto key = order_of(m.object, reader);
      if (!key)
        return key.failure();
      late.insert(std::move(*key));
    }
  }
  if (late.empty())
    return counts;
  const std::array attention = {std::string(list_mark::attention)};
  const auto called = reader.marked(attention, std::nullopt, late_objects_max);
  if (!called)
    return called.failure();
  if (called->found.size() == late_objects_max)
    return counts;
  for (const auto& m : called->found) {
    const auto key = order_of(m.object, reader);
    if (!key)
      return key.failure();
    late.erase(*key);
  }
  counts.counts[std::string(list_mark::attention)] += static_cast<std::int64_t>(late.size());
  return counts;
}

result<std::optional<list_item>> list_item_of(const std::string& key, const list_reader& reader,
                                              unix_ms now, std::int64_t call_after_ms) {
  const order_filter all;
  return list_search(all, reader, std::nullopt, 1, now, call_after_ms, {}).one(key);
}

result<std::string> order_of(const object_id& object, const list_reader& reader) {
  const order_filter all;
  return list_search(all, reader, std::nullopt, 1, 0, 0, {}).whose(object);
}

bool is_listed(const list_item& item, const order_filter& filter, unix_ms now) {
  return list_search(filter, {}, std::nullopt, 0, now, 0, {}).is_shown(item);
}

} // namespace orderhub::handlers
