#include "journal/index_repair.hpp"

#include "journal/base/log.hpp"
#include "journal/key.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "journal/slice_budget.hpp"
#include "journal/stored_objects.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::journal {

result<void> index_repair::slice() {
  if (step_ == step::none) {
    damage_.taken(); // What is met from here on is seen the next time.
    step_ = step::objects;
    from_.clear();
  }
  return step_ == step::objects ? put_missing() : move_damaged();
}

result<void> index_repair::put_missing() {
  struct index_row {
    table t{};
    std::string key;
    std::string value;
  };
  std::vector<index_row> missing;
  std::string next;
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  result<void> outcome;
  auto add = [&](table t, std::string key, std::string value) -> result<void> {
    auto present = (*rows)->get(t, key);
    if (!present)
      return present.failure();
    if (!*present || **present != value)
      missing.push_back({t, std::move(key), std::move(value)});
    return {};
  };
  auto take = [&](std::string_view key, std::string_view value) -> result<void> {
    if (aside_.contains(key))
      return {};
    auto state = state_in(key, value);
    if (!state && concerns_one_object(state.error())) {
      aside_.add(key, state.error());
      return {};
    }
    if (!state)
      return state.failure();
    if (const auto wait = next_due(*state))
      if (auto done = add(table::tm, timer_key(wait->due, state->id),
                          encode(timer_row{wait->due, state->id, wait->recorded_at}));
          !done)
        return done;
    if (needs_resume(*state))
      return add(table::ix, active_key(state->id), encode_object_ref(state->id));
    return {};
  };
  auto scanned = (*rows)->scan(table::ob, from_, [&](auto key, auto value) {
    if (budget.used_up()) {
      next = std::string(key);
      return false;
    }
    budget.spend(1);
    outcome = take(key, value);
    return outcome.has_value();
  });
  if (!scanned)
    return scanned;
  if (!outcome)
    return outcome;
  rows->reset();
  if (!missing.empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& row : missing)
      if (auto done = (*txn)->put(row.t, row.key, row.value); !done)
        return done;
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  from_ = next;
  if (next.empty())
    step_ = step::timers;
  return {};
}

result<void> index_repair::move_damaged() {
  struct moved_row {
    std::string key;
    std::string value;
  };
  const auto t = step_ == step::timers ? table::tm : table::ix;
  const auto from = step_ == step::active ? std::string(1, index_prefix::active) : std::string();
  std::vector<moved_row> bad;
  std::string next;
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  auto readable = [&](std::string_view key, std::string_view value) {
    if (t == table::tm) {
      auto row = decode_timer_row(key, value);
      return row && timer_key(row->due_at, row->object) == key;
    }
    auto id = decode_object_ref(value);
    return id && active_key(*id) == key;
  };
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto scanned = (*rows)->scan(t, from_.empty() ? from : from_, [&](auto key, auto value) {
    if (t == table::ix && (key.empty() || key.front() != index_prefix::active))
      return false;
    if (budget.used_up()) {
      next = std::string(key);
      return false;
    }
    budget.spend(1);
    if (!readable(key, value))
      bad.push_back({std::string(key), std::string(value)});
    return true;
  });
  if (!scanned)
    return scanned;
  rows->reset();
  if (!bad.empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& row : bad) {
      if (auto done =
              (*txn)->put(table::sa, aside_other_key(journal::name_of(t), row.key), row.value);
          !done)
        return done;
      if (auto done = (*txn)->del(t, row.key); !done)
        return done.failure();
    }
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  from_ = next;
  if (!next.empty())
    return {};
  if (step_ == step::timers) {
    step_ = step::active;
    return {};
  }
  step_ = step::none;
  log::info("journal_index_repaired");
  return {};
}

} // namespace orderhub::journal
