#include "journal/copied_effects.hpp"

#include "journal/hub_journal.hpp"
#include "journal/record.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace orderhub::journal {

namespace {

constexpr unix_ms forever_ms = 1'000LL * 365 * 86'400'000;
constexpr std::size_t objects_max = 100'000'000;

bool has_ended(const invocation_state& invocation, std::uint32_t completion) {
  return std::any_of(invocation.entries.begin(), invocation.entries.end(), [&](const entry& e) {
    return e.kind == record_kind::completion && e.index == completion;
  });
}

/// Where the effect stands by its newest note; nothing where no note says that.
std::optional<note_payload> standing_of(const invocation_state& invocation, std::uint32_t index) {
  std::optional<note_payload> newest;
  for (const auto& e : invocation.entries)
    if (e.kind == record_kind::effect_note && e.index == index)
      if (auto note = decode_note(e.payload); note && says_where_it_stands(note->kind))
        newest = std::move(*note);
  return newest;
}

void add_doubts(turn& to, const object_state& state, unix_ms now) {
  for (const auto& invocation : state.live)
    for (const auto& e : invocation.entries) {
      if (e.kind != record_kind::effect)
        continue;
      const auto intent = decode_effect(e.payload);
      if (!intent || has_ended(invocation, intent->completion))
        continue;
      auto note = standing_of(invocation, e.index);
      if (!note)
        continue; // Its call may be out already, as far as anybody knows.
      note->kind = note_kind::resend;
      note->at = now;
      note->text = "the journal is a copy: it may have been sent since";
      record r;
      r.kind = record_kind::effect_note;
      r.time = now;
      r.object = state.id;
      r.invocation = invocation.id;
      r.index = e.index;
      r.payload = encode(*note);
      to.records.push_back(std::move(r));
    }
}

} // namespace

result<std::size_t> doubt_copied_effects(hub_journal& journal) {
  auto resumable = journal.resumable();
  if (!resumable)
    return resumable.failure();
  std::set<object_id> objects(resumable->begin(), resumable->end());
  // Those that wait for a time are no others' business at a start, but this.
  auto waiting = journal.timers(journal.last_time() + forever_ms, objects_max);
  if (!waiting)
    return waiting.failure();
  for (auto& timer : *waiting)
    objects.insert(std::move(timer.object));
  std::size_t count = 0;
  std::vector<turn> turns;
  for (const auto& id : objects) {
    auto state = journal.load(id);
    if (!state && state.error().kind == error_kind::corrupt)
      continue; // It is set aside, and sends nothing.
    if (!state)
      return state.failure();
    turn doubts;
    add_doubts(doubts, *state, std::max(journal.last_time(), state->last_time));
    count += doubts.records.size();
    if (!doubts.records.empty())
      turns.push_back(std::move(doubts));
  }
  if (!turns.empty())
    if (auto done = journal.commit(turns); !done)
      return done.failure();
  return count;
}

result<std::vector<restoration>> start_on(store& tables, hub_journal& journal, unix_ms now) {
  bool is_copy = false;
  {
    auto rows = tables.read();
    if (!rows)
      return rows.failure();
    auto mark = (*rows)->get(table::mt, meta_key::copied);
    if (!mark)
      return mark.failure();
    is_copy = mark->has_value();
  }
  // The mark goes last: after a crash before that, all of it is done again.
  if (is_copy)
    if (auto doubted = doubt_copied_effects(journal); !doubted)
      return doubted.failure();
  return take_restorations(tables, now);
}

} // namespace orderhub::journal
