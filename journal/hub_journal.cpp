#include "journal/hub_journal.hpp"

#include "journal/change_feed.hpp"
#include "journal/checkpoint.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/compaction.hpp"
#include "journal/damage.hpp"
#include "journal/due_timers.hpp"
#include "journal/index_repair.hpp"
#include "journal/listed_objects.hpp"
#include "journal/listing_index.hpp"
#include "journal/log_row.hpp"
#include "journal/overlay.hpp"
#include "journal/queries.hpp"
#include "journal/recovery.hpp"
#include "journal/retention.hpp"
#include "journal/set_aside.hpp"
#include "journal/slice_budget.hpp"
#include "journal/store.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::journal {

namespace {

/// Lays the turns' records out in rows of the log behind `last_lsn`, in `room`, and gives each row
/// to `take`: the records' bytes there, in the log's order. Turns follow each other in one row
/// until that would grow past `row_size_max`.
template <class Take>
result<std::vector<std::string_view>> lay_out(const std::vector<turn>& turns, arena& room,
                                              log_sequence last_lsn, std::int64_t boottime_ms,
                                              std::size_t row_size_max, Take&& take) {
  const auto size_of = [](const turn& t) { return t.prepared ? t.prepared->bytes.size() : 0; };
  std::vector<std::string_view> kept;
  auto lsn = last_lsn;
  for (auto from = turns.begin(); from != turns.end();) {
    auto size = log_row_head_size + size_of(*from);
    auto end = std::next(from);
    while (end != turns.end() && size + size_of(*end) <= row_size_max)
      size += size_of(*end++);
    char* const row = room.room(size);
    const auto first = lsn + 1;
    const auto head = log_row_head(first, boottime_ms);
    std::memcpy(row, head.data(), head.size());
    for (auto* at = row + head.size(); from != end; ++from) {
      if (!from->prepared)
        continue;
      const auto& bytes = from->prepared->bytes;
      std::memcpy(at, bytes.data(), bytes.size());
      for (const auto& p : from->prepared->records) {
        kept.emplace_back(at, p.size);
        at += p.size;
        ++lsn;
      }
    }
    if (lsn >= first)
      if (result<void> done = take(first, lsn, std::string_view(row, size)); !done)
        return done.failure();
  }
  return kept;
}

/// With a commit log the tables are always synced: what a checkpoint says is in them leaves the
/// log.
journal_options with_log(journal_options options, const commit_log* log) {
  options.sync = options.sync || log != nullptr;
  return options;
}

class hub_journal_impl final : public hub_journal {
public:
  hub_journal_impl(store& tables, journal_options options, commit_log* log)
      : tables_(tables), log_(log), sync_commits_(options.sync), options_(with_log(options, log)) {}

  result<void> start(random_source& random);

  const hub_id& hub() const override { return hub_; }
  unix_ms last_time() const override { return recent_.last_time(); }
  journal_stamp last_stamp() const override { return recent_.last_stamp(); }
  bool set_aside(const object_id& id) const override { return aside_.contains(id); }
  result<object_state> load(const object_id& id) const override { return queries_.load(id); }
  result<bool> knows_invocation(const invocation_id& id) const override {
    return queries_.knows_invocation(id);
  }
  result<std::optional<invocation_row>> find_invocation(const invocation_id& id) const override {
    return queries_.find_invocation(id);
  }
  result<std::optional<seen_request>> find_request(const digest& scope) const override {
    return queries_.find_request(scope);
  }
  result<std::vector<object_id>> resumable() const override { return queries_.resumable(); }
  result<std::vector<std::string>> keys_of(std::string_view service, std::string_view prefix,
                                           std::string_view after,
                                           std::size_t limit) const override {
    return queries_.keys_of(service, prefix, after, limit);
  }
  result<std::vector<timer_row>> timers(unix_ms until, std::size_t limit) const override {
    return timers_.until(until, limit);
  }
  result<std::vector<recorded_action>> actions(const action_search& search) const override {
    return queries_.actions(search);
  }
  result<listed_page> listed(const std::optional<listing_place>& behind, std::size_t rows,
                             std::size_t most,
                             const std::function<bool(const listed_object&)>& take) const override {
    return listed_.newest(behind, rows, most, take);
  }
  result<marked_page> marked(std::span<const std::string> marks,
                             const std::optional<listing_place>& behind,
                             std::size_t most) const override {
    return listed_.marked(marks, behind, most);
  }
  result<marked_page> newest_marked(std::string_view mark,
                                    const std::optional<listing_place>& behind,
                                    std::size_t most) const override {
    return listed_.newest_marked(mark, behind, most);
  }
  result<std::vector<listed_object>> bearing(std::string_view text,
                                             std::size_t most) const override {
    return listed_.bearing(text, most);
  }
  result<std::optional<listed_object>> listing_of(const object_id& id) const override {
    return listed_.now(id);
  }
  result<listing_counts> counts() const override { return listed_.counts(); }
  result<std::optional<double>> listing_share() const override { return listed_.share(); }
  result<std::optional<past_invocations>> past_of_objects(std::span<const object_id> objects,
                                                          std::size_t most) const override {
    return listed_.past_of(objects, most);
  }
  result<answered_invocations> answered_as(std::string_view id, std::size_t most) const override {
    return listed_.answered_as(id, most);
  }
  journal_metrics metrics() const override;
  result<void> commit(std::vector<turn>& turns) override;
  result<bool> maintain(unix_ms now) override;
  bool settled() const override { return settled_; }
  result<void> settle() override;
  bool behind() const override { return checkpoint_.behind(); }
  bool has_room() const override { return recent_.metrics().bytes < options_.checkpoint_bytes; }
  bool folds_beside() const override { return log_ != nullptr; }
  bool wants_maintenance() const override { return log_ != nullptr && log_->wants_segment(); }
  result<void> compact() override { return compaction_.ask(); }
  std::optional<compact_run> compacted() const override { return compaction_.seen(); }
  result<void> checkpoint_now(unix_ms now) override;

private:
  /// What of a commit is known once it has succeeded.
  struct written {
    std::vector<std::string_view> bytes; ///< Of each record, in the overlay's room.
    std::int64_t boottime_ms = 0;
    checkpoint::slice rider;
  };
  [[nodiscard]] result<written> write(const std::vector<turn>& turns, bool with_rider);
  [[nodiscard]] result<written> write_to_log(const std::vector<turn>& turns);
  [[nodiscard]] result<void> settle_now();
  void note(const checkpoint::slice& done);
  void begin_feed();
  result<void> move_aside();
  result<void> slice_alone();
  template <class Work>
  result<void> timed_slice(Work&& work);

  store& tables_;
  commit_log* const log_; ///< Null: the log is a table.
  const bool sync_commits_;
  const journal_options options_;
  hub_id hub_{};
  std::string this_boot_; ///< Empty: not known.

  // Each guards what it shares between the threads that read and the one that writes.
  overlay recent_;
  aside_objects aside_;
  index_damage damage_;
  queries queries_{tables_, recent_, aside_, damage_};
  due_timers timers_{tables_, recent_, queries_, aside_, damage_};

  /// Held by each commit, and where none may be under way.
  std::mutex commits_;
  std::atomic<bool> settled_{true};
  recovered_journal to_settle_; ///< With `commits_`; its `recent` is gone.

  // Of the thread that folds.
  listing_index lists_{tables_, options_, aside_};
  checkpoint checkpoint_{tables_, options_, recent_, aside_, lists_, log_};
  compaction compaction_{tables_, recent_, checkpoint_, log_, commits_};
  retention retention_{tables_, options_, recent_, aside_, lists_, commits_};
  index_repair repair_{tables_, options_, aside_, damage_};

  listed_objects listed_{tables_, options_, recent_, queries_, aside_, lists_};

  mutable std::mutex metrics_mutex_;
  journal_metrics metrics_; ///< Only what is counted here.
  histogram commit_took_{buckets::commit};
  histogram commit_records_{buckets::records};
  histogram slice_took_{buckets::commit};
};

result<void> hub_journal_impl::start(random_source& random) {
  if (options_.boot != nullptr)
    this_boot_ = options_.boot->boot_id().substr(0, boot_id_size_max);
  auto found = recover_journal(tables_, random, aside_, log_);
  if (!found)
    return found.failure();
  hub_ = found->hub;
  recent_.start(std::move(found->position), std::move(found->recent));
  begin_feed();
  if (auto started = lists_.start(random); !started)
    return started;
  if (found->trim_waits)
    checkpoint_.trim_later();
  if (log_ == nullptr)
    return {};
  settled_ = false;
  to_settle_ = std::move(*found);
  auto settled = settle();
  if (!settled && settled.error().kind == error_kind::full)
    return {}; // Until there is room.
  return settled;
}

/// Who followed the run before goes on where he was, as far back as the last checkpoint.
void hub_journal_impl::begin_feed() {
  if (options_.changes == nullptr)
    return;
  const auto& position = recent_.position();
  auto changed = recent_.changed([](std::string_view) { return true; }, change_feed::entries_max);
  if (!changed.is_whole)
    return options_.changes->start(position.last_lsn, position.last_lsn, {});
  std::sort(changed.found.begin(), changed.found.end(),
            [](const auto& a, const auto& b) { return a.last < b.last; });
  std::vector<std::pair<log_sequence, std::string_view>> known;
  known.reserve(changed.found.size());
  for (const auto& c : changed.found)
    known.emplace_back(c.last, c.key);
  options_.changes->start(position.checkpoint.lsn, position.last_lsn, known);
}

result<void> hub_journal_impl::settle() {
  if (settled_)
    return {};
  const std::lock_guard no_commits(commits_);
  return settle_now();
}

/// With `commits_`.
result<void> hub_journal_impl::settle_now() {
  if (settled_)
    return {};
  if (auto done = settle_journal(tables_, *log_, to_settle_); !done)
    return done;
  settled_ = true;
  return {};
}

journal_metrics hub_journal_impl::metrics() const {
  journal_metrics s;
  {
    const std::lock_guard lock(metrics_mutex_);
    s = metrics_;
  }
  s.commit_took = commit_took_.values();
  s.commit_records = commit_records_.values();
  s.slice_took = slice_took_.values();
  const auto recent = recent_.metrics();
  s.last_lsn = recent.last_lsn;
  s.checkpoint_lsn = recent.checkpoint_lsn;
  s.overlay_bytes = recent.bytes;
  s.overlay_objects = recent.objects;
  s.objects_set_aside = aside_.size();
  // Figures only: where the tables cannot be read they stay 0.
  if (auto rows = tables_.read()) {
    s.rows_objects = (*rows)->count(table::ob).value_or(0);
    s.rows_invocations = (*rows)->count(table::iv).value_or(0);
    if (!(*rows)->scan(table::lg, {}, [&](auto key, auto) {
          s.first_lsn = parse_log_key(key).value_or(0);
          return false;
        }))
      s.first_lsn = 0;
  }
  if (log_ == nullptr)
    return s;
  if (s.first_lsn == 0 && s.last_lsn > s.checkpoint_lsn)
    s.first_lsn = s.checkpoint_lsn + 1;
  const auto log = log_->metrics();
  s.log_bytes = log.unfolded_bytes;
  s.log_segments = log.segments;
  s.log_segment_waits = log.waits;
  s.log_batches_rewritten = log.rewritten;
  return s;
}

// ── Committing ───────────────────────────────────────────────────────────────────────────────

result<hub_journal_impl::written> hub_journal_impl::write(const std::vector<turn>& turns,
                                                          bool with_rider) {
  written out;
  auto txn = tables_.begin_write(options_.sync);
  if (!txn)
    return txn.failure();
  out.boottime_ms = options_.boot != nullptr ? options_.boot->boottime_ms() : 0;
  const auto& position = recent_.position();
  if (position.boot_id != this_boot_)
    if (auto put = (*txn)->put(table::mt, meta_key::boot, encode_boot(this_boot_)); !put)
      return put.failure();
  const auto append = [&](log_sequence first, log_sequence, std::string_view row) {
    return (*txn)->append(table::lg, log_key(first), row);
  };
  auto appended =
      lay_out(turns, recent_.room(), position.last_lsn, out.boottime_ms, log_row_size_max, append);
  if (!appended)
    return appended.failure();
  out.bytes = std::move(*appended);
  if (with_rider) {
    auto done = checkpoint_.ride_on(**txn);
    if (!done)
      return done.failure();
    out.rider = std::move(*done);
  }
  if (auto done = (*txn)->commit(); !done)
    return done.failure();
  return out;
}

result<hub_journal_impl::written> hub_journal_impl::write_to_log(const std::vector<turn>& turns) {
  written out;
  out.boottime_ms = options_.boot != nullptr ? options_.boot->boottime_ms() : 0;
  const auto append = [&](log_sequence first, log_sequence last, std::string_view row) {
    const auto count = static_cast<std::uint32_t>(last - first + 1);
    return log_->append({first, count, this_boot_, row}, sync_commits_);
  };
  auto appended = lay_out(turns, recent_.room(), recent_.position().last_lsn, out.boottime_ms,
                          std::numeric_limits<std::size_t>::max(), append);
  if (!appended)
    return appended.failure();
  out.bytes = std::move(*appended);
  return out;
}

result<void> hub_journal_impl::commit(std::vector<turn>& turns) {
  const auto start = slice_clock::now();
  std::size_t count = 0;
  for (auto& t : turns) {
    if (auto done = prepare(t); !done)
      return done;
    count += t.prepared ? t.prepared->records.size() : 0;
  }
  if (count == 0)
    return {};

  const std::lock_guard committing(commits_);
  if (auto settled = settle_now(); !settled)
    return settled;
  const auto before = recent_.room().here();
  // A piece of a checkpoint rides along and costs no sync of its own. Where it cannot be done, the
  // records go without it, and `maintain` meets and tells the reason.
  const bool with_rider = log_ == nullptr && checkpoint_.waits();
  auto done = log_ != nullptr ? write_to_log(turns) : write(turns, with_rider);
  if (!done && with_rider) {
    recent_.room().back_to(before);
    done = write(turns, false);
  }
  if (!done) {
    recent_.room().back_to(before);
    return done.failure();
  }
  note(done->rider);
  const auto before_it = recent_.position().last_lsn;
  recent_.add(turns, done->bytes, done->boottime_ms, this_boot_);
  if (options_.changes != nullptr)
    options_.changes->add(before_it, turns);
  {
    const std::lock_guard lock(metrics_mutex_);
    ++metrics_.commits;
    metrics_.records += count;
    const auto took = microseconds_since(start);
    metrics_.longest_commit_us = std::max(metrics_.longest_commit_us, took);
    commit_took_.add(took);
    commit_records_.add(static_cast<std::int64_t>(count));
  }
  for (auto& t : turns) {
    t.records.clear();
    t.prepared.reset();
  }
  if (log_ == nullptr)
    return checkpoint_.begin_if_due(recent_.position().last_time); // Which cannot fail then.
  return {};
}

// ── Beside commits ───────────────────────────────────────────────────────────────────────────

void hub_journal_impl::note(const checkpoint::slice& done) {
  if (checkpoint_.note(done))
    timers_.forget();
}

result<void> hub_journal_impl::slice_alone() {
  auto ended = checkpoint_.slice_alone();
  if (!ended)
    return ended.failure();
  if (*ended)
    timers_.forget();
  return {};
}

result<void> hub_journal_impl::move_aside() {
  return aside_.move_waiting(tables_, options_.sync, {options_.slice_rows, options_.slice_ms});
}

template <class Work>
result<void> hub_journal_impl::timed_slice(Work&& work) {
  const auto start = slice_clock::now();
  auto done = work();
  const std::lock_guard lock(metrics_mutex_);
  ++metrics_.slices;
  const auto took = microseconds_since(start);
  metrics_.longest_slice_us = std::max(metrics_.longest_slice_us, took);
  slice_took_.add(took);
  return done;
}

result<bool> hub_journal_impl::maintain(unix_ms now) {
  // Before anything is folded: rows that contain half of a commit that is then not there would be
  // beyond repair.
  if (auto settled = settle(); !settled)
    return settled.failure();
  const bool more_segments = log_ != nullptr && log_->make_ready();
  const auto turn_of = compaction_.step(now);
  if (turn_of == compaction::turn_of::nobody)
    return more_segments;
  result<void> done;
  {
    const std::lock_guard no_commits(commits_);
    if (auto begun = checkpoint_.begin_if_due(now); !begun)
      return begun.failure();
  }
  if (aside_.waiting())
    if (auto moved = timed_slice([&] { return move_aside(); }); !moved)
      return moved.failure();
  if (checkpoint_.waits()) {
    done = timed_slice([&] { return slice_alone(); });
  } else if (repair_.waits()) {
    done = timed_slice([&] { return repair_.slice(); });
  } else if (lists_.waits()) {
    done = timed_slice([&] { return lists_.slice(); });
  } else {
    retention_.begin_if_due(now);
    if (retention_.under_way())
      done = timed_slice([&] { return retention_.slice(now); });
  }
  if (!done)
    return done.failure();
  return more_segments || checkpoint_.waits() || retention_.under_way() || repair_.waits() ||
         lists_.waits() || turn_of == compaction::turn_of::folding;
}

result<void> hub_journal_impl::checkpoint_now(unix_ms now) {
  compaction_.give_up("The hub was stopped.", now);
  if (auto settled = settle(); !settled)
    return settled;
  if (aside_.waiting())
    if (auto moved = timed_slice([&] { return move_aside(); }); !moved)
      return moved;
  for (;;) {
    {
      const std::lock_guard no_commits(commits_);
      if (recent_.frozen() == nullptr && !recent_.current().empty())
        if (auto begun = checkpoint_.begin(); !begun)
          return begun;
    }
    if (!checkpoint_.waits())
      break;
    if (auto done = timed_slice([&] { return slice_alone(); }); !done)
      return done;
  }
  return {};
}

} // namespace

result<std::unique_ptr<hub_journal>> hub_journal::open(store& tables, journal_options options,
                                                       random_source& random, commit_log* log) {
  auto journal = std::make_unique<hub_journal_impl>(tables, options, log);
  if (auto started = journal->start(random); !started)
    return started.failure();
  return std::unique_ptr<hub_journal>(std::move(journal));
}

} // namespace orderhub::journal
