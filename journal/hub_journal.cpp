#include "journal/hub_journal.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "journal/record_refs.hpp"
#include "journal/store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace orderhub::journal {

/// A record that is ready to be committed.
struct prepared_record {
  unix_ms time = 0;
  std::size_t size = 0; ///< Of its bytes, which follow those of the record before it.
  record_refs refs;
  std::string own;   ///< Object key.
  std::string other; ///< Object key of `refs.other`.
};

struct prepared_turn {
  std::string bytes;
  std::vector<prepared_record> records;
};

namespace {

constexpr auto where = "journal.hub";
/// Of an error that says that one object cannot be read: the others can.
constexpr auto where_object = "journal.object";
/// Damaged rows that are named; past that the log has enough of them.
constexpr std::size_t rows_named_max = 1'000;
constexpr std::size_t boot_id_size_max = 64;
/// Of why an object is set aside, as it is kept.
constexpr std::size_t reason_size_max = 1'000;
constexpr std::size_t chunk_size = 128U << 10U;
constexpr std::size_t due_cache_max = 20'000;
/// For each row that a slice may fold it may delete rows of the log with so many bytes, about;
/// alone so many times that.
constexpr std::size_t trimmed_bytes_per_row = 256;
constexpr std::size_t trimmed_alone_factor = 8;
/// Retention looks this often, or a thousand times within it where that is longer.
constexpr std::int64_t retention_pass_ms_min = 60'000;
/// Where what is not folded has so many times `checkpoint_bytes`, folding comes before commits.
constexpr std::uint64_t urgent_factor = 3;
/// A piece that rides on a commit is at most this part of one that goes alone.
constexpr std::size_t rider_share = 3;
/// What an overlay's entries cost beside the records' bytes, about.
constexpr std::uint64_t reference_cost = 32;
constexpr std::uint64_t object_cost = 160;
constexpr std::uint64_t invocation_cost = 80;
constexpr std::uint64_t request_cost = 160;
constexpr std::uint64_t due_cost = 64;

using steady = std::chrono::steady_clock;

std::int64_t microseconds_since(steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - start).count();
}

/// Lets a mean cost follow what `count` things have cost since `start`.
void move_mean(double& mean_us, steady::time_point start, std::size_t count) {
  const auto cost = static_cast<double>(microseconds_since(start)) / static_cast<double>(count);
  mean_us += (cost - mean_us) / 4;
}

tl::unexpected<error> corrupt(std::string message) {
  return fail({error_kind::corrupt, where, std::move(message)});
}

/// Says in which row a failure to read was met.
tl::unexpected<error> damaged(std::string_view what, error e) {
  e.message = std::string(what) + ": " + e.message + "; run `orderhub journal verify`";
  return fail(std::move(e));
}

/// Says that one object cannot be read, and why.
tl::unexpected<error> unreadable(std::string_view what, error e) {
  e.where = where_object;
  return damaged(what, std::move(e));
}

bool concerns_one_object(const error& e) {
  return e.kind == error_kind::corrupt && e.where == where_object;
}

/// For people.
std::string name_of_object(std::string_view key) {
  const auto id = parse_object_key(key);
  return id ? id->text() : hex_of(key);
}

/// Bytes that stay where they are until all of them go. Few large pieces, so that a generation of
/// records costs little more than its bytes and leaves no holes.
class arena {
public:
  struct mark {
    std::size_t chunks = 0;
    std::size_t used = 0;
  };

  /// To be written by the caller.
  char* room(std::size_t size) {
    if (chunks_.empty() || chunks_.back().size - used_ < size) {
      const auto larger = std::max(chunk_size, size);
      chunks_.push_back({std::unique_ptr<char[]>(new char[larger]), larger});
      used_ = 0;
    }
    char* at = chunks_.back().bytes.get() + used_;
    used_ += size;
    return at;
  }
  std::string_view keep(std::string_view bytes) {
    char* at = room(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }
  [[nodiscard]] mark here() const { return {chunks_.size(), used_}; }
  void back_to(mark m) {
    chunks_.resize(m.chunks);
    used_ = m.used;
  }

private:
  struct chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<chunk> chunks_;
  std::size_t used_ = 0; ///< In the last chunk.
};

/// An encoded record in its generation's arena.
struct stored_record {
  log_sequence lsn = 0;
  std::string_view bytes;
};

struct overlay_object {
  std::vector<stored_record> records; ///< In log order.
  bool folded = false;                ///< Its row contains them.
};

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
struct digest_hash {
  std::size_t operator()(const digest& d) const {
    std::size_t h = 0;
    std::memcpy(&h, d.data(), sizeof h);
    return h;
  }
};

/// Records committed between two checkpoints, by object. The writer fills it under the journal's
/// mutex; afterwards only `folded` and the emptying of `records` change, under the same mutex.
struct generation {
  arena bytes;
  std::unordered_map<std::string, overlay_object, text_hash, std::equal_to<>> objects;
  /// Invocation that began here, to its object's key in `objects`.
  std::unordered_map<invocation_id, const std::string*> invocations;
  std::unordered_map<digest, seen_request, digest_hash> requests;
  /// Moments at which an object of `objects` may have something to do.
  std::multimap<unix_ms, const std::string*> due;
  unix_ms first_time = 0;
  unix_ms last_time = 0;
  log_sequence last_lsn = 0;
  std::int64_t boottime_ms = 0; ///< Of its last commit.
  std::uint64_t size = 0;

  [[nodiscard]] bool empty() const { return objects.empty(); }

  const std::string& add(std::string_view key, const stored_record& r) {
    auto it = objects.find(key);
    if (it == objects.end()) {
      it = objects.emplace(std::string(key), overlay_object{}).first;
      size += object_cost + key.size();
    }
    it->second.records.push_back(r);
    size += reference_cost;
    return it->first;
  }

  void add(const stored_record& r, unix_ms time, std::string_view own, std::string_view other,
           const record_refs& refs) {
    if (empty())
      first_time = time;
    last_time = std::max(last_time, time);
    last_lsn = r.lsn;
    size += r.bytes.size();
    const auto* owner = &add(own, r);
    if (refs.other) {
      const auto& second = add(other, r);
      if (refs.starts_at_other)
        owner = &second;
    }
    if (refs.starts && invocations.insert_or_assign(*refs.starts, owner).second)
      size += invocation_cost;
    if (refs.key && refs.starts) {
      const seen_request seen{*refs.starts, refs.key->body, refs.key->expires_at};
      if (requests.insert_or_assign(refs.key->scope, seen).second)
        size += request_cost;
    }
    if (refs.due_at) {
      due.emplace(*refs.due_at, owner);
      size += due_cost;
    }
  }
};

result<record_refs> checked_refs(const record& r) {
  auto invalid = [](std::string message) {
    return fail({error_kind::invalid, where, std::move(message)});
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

/// The records of one object that are not in its row, and what keeps their bytes alive.
struct overlay_view {
  std::shared_ptr<const generation> frozen;
  std::shared_ptr<const generation> current;
  std::vector<stored_record> records;
};

/// The object of a row; fails with an error that concerns it alone where the row is damaged.
result<object_state> state_in(std::string_view key, std::string_view row) {
  auto state = decode_object(row);
  if (state && object_key(state->id) != key)
    state = corrupt("it is that of another object");
  if (state)
    return state;
  const auto what = "the row of object " + name_of_object(key);
  // What a newer program wrote is not damaged, and not to be touched.
  return of_newer_version(row) ? damaged(what, std::move(state).error())
                               : unreadable(what, std::move(state).error());
}

/// Base row, if there is one.
result<std::optional<object_state>> base_of(const reader& rows, std::string_view key) {
  auto row = rows.get(table::ob, key);
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<object_state>{};
  auto state = state_in(key, **row);
  if (!state)
    return state.failure();
  return std::optional(std::move(*state));
}

object_state blank_state(object_id id) {
  object_state state;
  state.id = std::move(id);
  return state;
}

/// Calls `each` for every record that the state does not contain yet, and folds it.
template <class Each>
result<void> fold_records(object_state& state, const std::vector<stored_record>& records,
                          Each&& each) {
  for (const auto& stored : records) {
    if (stored.lsn <= state.folded_to)
      continue;
    auto r = decode_record(stored.bytes);
    if (!r)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(r).error());
    if (auto done = apply(state, *r, stored.lsn); !done)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(done).error());
    if (auto done = each(*r); !done)
      return done;
  }
  return {};
}

class hub_journal_impl final : public hub_journal {
public:
  hub_journal_impl(store& tables, journal_options options)
      : tables_(tables), options_(options), current_(std::make_shared<generation>()) {}

  result<void> start(random_source& random);

  const hub_id& hub() const override { return hub_; }
  unix_ms last_time() const override {
    const std::lock_guard lock(mutex_);
    return last_time_;
  }
  journal_stamp last_stamp() const override {
    const std::lock_guard lock(mutex_);
    return {last_time_, boottime_ms_, boot_id_};
  }
  bool set_aside(const object_id& id) const override {
    return any_aside_.load(std::memory_order_relaxed) && is_aside(object_key(id));
  }
  result<object_state> load(const object_id& id) const override;
  result<bool> knows_invocation(const invocation_id& id) const override;
  result<std::optional<invocation_row>> find_invocation(const invocation_id& id) const override;
  result<std::optional<seen_request>> find_request(const digest& scope) const override;
  result<std::vector<object_id>> resumable() const override;
  result<std::vector<timer_row>> timers(unix_ms until, std::size_t limit) const override;
  journal_metrics metrics() const override;
  result<void> commit(std::vector<turn>& turns) override;
  result<bool> maintain(unix_ms now) override;
  bool behind() const override {
    return overlay_size() >= urgent_factor * options_.checkpoint_bytes;
  }
  result<void> checkpoint_now(unix_ms now) override;

private:
  struct cached_due {
    log_sequence last_lsn = 0; ///< Newest record of the object when it was computed.
    std::optional<recorded_wait> due;
  };
  /// An object that is set aside.
  struct aside {
    std::string key; ///< In `ob`; empty where its mark in `sa` cannot be read.
    std::string reason;
    bool moved = false; ///< Its row is in `sa`.
  };
  /// Stops a slice when its rows or its time are used up.
  class slice_budget {
  public:
    slice_budget(std::size_t rows, std::int64_t ms)
        : rows_(std::max<std::size_t>(rows, 1)), us_(ms * 1000) {}
    void spend(std::size_t rows) { spent_ += rows; }
    /// `waiting_us`: what is known to be still to do in this slice.
    [[nodiscard]] bool used_up(std::int64_t waiting_us = 0) const {
      return spent_ >= rows_ ||
             (spent_ > 0 && us_ > 0 && microseconds_since(start_) + waiting_us >= us_);
    }

  private:
    std::size_t rows_;
    std::int64_t us_;
    std::size_t spent_ = 0;
    steady::time_point start_ = steady::now();
  };
  struct row_to_put {
    std::string key;
    std::string value;
  };
  enum class retention_step : std::uint8_t { none, invocations, requests };
  /// Rows that are missing are made from the objects, and then those that cannot be read are moved.
  enum class repair_step : std::uint8_t { none, objects, timers, active };

  result<void> create(random_source& random);
  result<void> recover();
  result<void> recover_aside(const reader& rows);
  [[nodiscard]] bool is_aside(std::string_view key) const;
  /// Fails where the object is set aside.
  [[nodiscard]] result<void> not_aside(std::string_view key) const;
  /// From now on it is. Names it where it was not before.
  void note_aside(std::string_view key, const error& why) const;
  /// A row that stays where it is, for what needs it: named once.
  void name_row(table t, std::string_view key, const error& why);
  void note_index_damage(table t, std::string_view key, const error& why) const;
  [[nodiscard]] overlay_view overlay_of(std::string_view key) const;
  /// Row and overlay of one object; with `finished`.
  [[nodiscard]] result<object_state> fold(const object_id& id, const overlay_view& overlay,
                                          const reader& rows) const;
  [[nodiscard]] result<std::optional<recorded_wait>> due_of(const std::string& key) const;
  /// Calls `visit` for every object that has a row and can be read.
  [[nodiscard]] result<void>
  each_object(const reader& rows, const std::function<void(const object_state&)>& visit) const;
  [[nodiscard]] std::uint64_t overlay_size() const {
    return current_->size + (frozen_ ? frozen_->size : 0);
  }

  /// What a piece of a checkpoint did in a transaction, to be taken note of once that is committed.
  struct slice {
    std::size_t folded_to = 0; ///< In `fold_order_`; 0: it folded nothing.
    bool last = false;         ///< Of the checkpoint: `mark` was written.
    checkpoint_mark mark;
    std::optional<front_deleted> trimmed; ///< Of the log, where it trimmed.
    std::vector<std::string> moved;       ///< Digests of objects set aside in it.
  };

  void freeze();
  void freeze_if_due(unix_ms now);
  [[nodiscard]] result<slice> slice_in(write_transaction& txn, slice_budget budget,
                                       front_limit trim);
  /// Appends the turns' records to the log: their bytes, in the log's order.
  [[nodiscard]] result<std::vector<std::string_view>>
  append_in(write_transaction& txn, const std::vector<turn>& turns, std::int64_t boottime_ms);
  [[nodiscard]] result<slice> fold_in(write_transaction& txn, slice_budget budget);
  void note(const slice& done);
  result<void> slice_alone();
  result<void> fold_object(write_transaction& txn, const std::string& key,
                           const std::vector<stored_record>& records,
                           std::vector<row_to_put>& invocations, slice_budget& budget);
  /// Moves row and records of an object that is set aside; what was moved before stays.
  result<void> move_aside(write_transaction& txn, const std::string& key,
                          const std::vector<stored_record>& records, slice_budget& budget,
                          std::vector<std::string>& moved);
  /// Moves the rows of objects that a reader found damaged.
  result<void> move_found();
  [[nodiscard]] std::vector<std::string> found_aside() const;
  result<void> repair_slice();
  result<void> repair_objects();
  result<void> repair_index();
  /// What becomes of an object as one of its invocations is forgotten.
  enum class expiry_of_object : std::uint8_t { stays, goes, later };
  [[nodiscard]] result<expiry_of_object> may_expire(const reader& rows, const object_id& id,
                                                    unix_ms limit) const;
  result<void> retention_slice(unix_ms now);
  result<void> expire_invocations(unix_ms now);
  result<void> expire_requests(unix_ms now);
  template <class Work>
  result<void> timed_slice(Work&& work);
  [[nodiscard]] bool more_waits() const {
    return frozen_ || trim_waits_ || retention_ != retention_step::none ||
           repair_ != repair_step::none || index_damaged_;
  }

  store& tables_;
  const journal_options options_;
  hub_id hub_{};
  std::string this_boot_; ///< Empty: not known.

  /// Guards what readers see: the generations, the newest time and LSN, figures. The writer thread
  /// alone changes them, so it reads them without.
  mutable std::mutex mutex_;
  std::shared_ptr<generation> current_;
  std::shared_ptr<generation> frozen_; ///< Being folded; absent while no checkpoint is under way.
  log_sequence last_lsn_ = 0;
  checkpoint_mark checkpoint_;
  unix_ms last_time_ = 0;
  std::int64_t boottime_ms_ = 0; ///< Of the newest commit,
  std::string boot_id_;          ///< and the boot it was in: what `mt` has.
  std::uint64_t folds_ = 0;      ///< Fold slices committed; a reader sees that rows have moved.
  journal_metrics metrics_;
  mutable std::unordered_map<std::string, cached_due, text_hash, std::equal_to<>> due_cache_;
  mutable std::unordered_map<std::string, aside> aside_; ///< By digest.
  mutable std::atomic<bool> any_aside_{false};           ///< `aside_` is not empty.
  mutable std::atomic<bool> found_aside_{false};         ///< One of them is not moved yet.
  mutable std::atomic<bool> index_damaged_{false}; ///< A reader met a row that it cannot read.

  // The writer thread's own.
  std::vector<const std::string*> fold_order_; ///< Keys of `frozen_`, ascending.
  std::size_t fold_at_ = 0;
  // What rows of a slice cost when they are written at its end, in microseconds, moving means.
  double invocation_put_us_ = 10; ///< A row of `iv`.
  double object_commit_us_ = 20;  ///< The commit and its sync, for each object folded.
  bool trim_waits_ = false;
  retention_step retention_ = retention_step::none;
  std::string retention_from_;
  std::optional<unix_ms> next_retention_;
  repair_step repair_ = repair_step::none;
  std::string repair_from_;
  std::unordered_set<std::string> named_rows_;
};

// ── Start ────────────────────────────────────────────────────────────────────────────────────

result<void> hub_journal_impl::create(random_source& random) {
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  for (std::size_t i = 0; i < table_count; ++i) {
    auto count = (*rows)->count(static_cast<table>(i));
    if (!count)
      return count.failure();
    if (*count != 0)
      return corrupt("table " + std::string(name_of(static_cast<table>(i))) +
                     " has rows, but the journal's format is missing; restore a backup");
  }
  rows->reset();

  random.fill(hub_);
  auto txn = tables_.begin_write(true);
  if (!txn)
    return txn.failure();
  if (auto done = (*txn)->put(table::mt, meta_key::format, encode_format(format_version)); !done)
    return done;
  if (auto done = (*txn)->put(table::mt, meta_key::hub, encode_hub(hub_)); !done)
    return done;
  if (auto done = (*txn)->put(table::mt, meta_key::checkpoint, encode(checkpoint_)); !done)
    return done;
  return (*txn)->commit();
}

result<void> hub_journal_impl::start(random_source& random) {
  if (options_.boot != nullptr)
    this_boot_ = options_.boot->boot_id().substr(0, boot_id_size_max);
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    auto format = (*rows)->get(table::mt, meta_key::format);
    if (!format)
      return format.failure();
    if (*format) {
      if (auto version = decode_format(**format); !version)
        return version.failure();
      return recover();
    }
  }
  return create(random);
}

result<void> hub_journal_impl::recover() {
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  const auto& r = **rows;
  auto hub = r.get(table::mt, meta_key::hub);
  if (!hub)
    return hub.failure();
  auto mark = r.get(table::mt, meta_key::checkpoint);
  if (!mark)
    return mark.failure();
  if (!*hub || !*mark)
    return corrupt("the hub id or the checkpoint is missing; restore a backup");
  auto id = decode_hub(**hub);
  if (!id)
    return damaged("the hub id", std::move(id).error());
  hub_ = *id;
  auto checkpoint = decode_checkpoint(**mark);
  if (!checkpoint)
    return damaged("the checkpoint", std::move(checkpoint).error());
  checkpoint_ = *checkpoint;
  last_lsn_ = checkpoint_.lsn;
  last_time_ = checkpoint_.last_time;
  boottime_ms_ = checkpoint_.boottime_ms;
  auto boot = r.get(table::mt, meta_key::boot);
  if (!boot)
    return boot.failure();
  if (*boot) {
    auto boot_id = decode_boot(**boot);
    if (!boot_id)
      return damaged("the boot id", std::move(boot_id).error());
    boot_id_ = std::move(*boot_id);
  }
  if (auto done = recover_aside(r); !done)
    return done;

  result<void> outcome;
  auto take = [&](std::string_view key, std::string_view value) -> result<void> {
    const auto first = parse_log_key(key);
    if (!first || *first != last_lsn_ + 1)
      return corrupt("the log goes on at " + std::to_string(first.value_or(0)) + " after " +
                     std::to_string(last_lsn_) +
                     ": records are missing; restore a backup, or see `orderhub journal verify`");
    auto each = [&](log_sequence lsn, std::string_view bytes) -> result<void> {
      const auto name = "log record " + std::to_string(lsn);
      auto rec = decode_record(bytes);
      if (!rec)
        return corrupt(name + ": " + rec.error().message);
      auto refs = checked_refs(*rec);
      if (!refs)
        return corrupt(name + ": " + refs.error().message);
      current_->add({lsn, bytes}, rec->time, object_key(rec->object),
                    refs->other ? object_key(*refs->other) : std::string(), *refs);
      last_lsn_ = lsn;
      last_time_ = std::max(last_time_, rec->time);
      return {};
    };
    auto done = each_record(*first, current_->bytes.keep(value), each);
    if (!done)
      return corrupt(done.error().message + "; run `orderhub journal verify`");
    boottime_ms_ = *boottime_of(*first, value); // `each_record` has read it.
    current_->boottime_ms = boottime_ms_;
    return {};
  };
  auto scanned = r.scan(table::lg, log_key(checkpoint_.lsn + 1), [&](auto key, auto value) {
    outcome = take(key, value);
    return outcome.has_value();
  });
  if (!scanned)
    return scanned;
  if (!outcome)
    return outcome;
  return r.scan(table::lg, {}, [&](auto key, auto) {
    trim_waits_ = parse_log_key(key).value_or(0) <= checkpoint_.lsn;
    return false;
  });
}

// The digest in the key alone says who is refused: a mark that was damaged too lets nobody in.
result<void> hub_journal_impl::recover_aside(const reader& rows) {
  for (const char prefix : {aside_prefix::object, aside_prefix::row}) {
    auto scanned = rows.scan(table::sa, std::string(1, prefix), [&](auto key, auto value) {
      if (key.empty() || key.front() != prefix)
        return false;
      aside one;
      one.reason = "its mark is damaged";
      one.moved = true;
      if (prefix == aside_prefix::object)
        if (auto mark = decode_aside_mark(value)) {
          one.key = object_key(mark->object);
          one.reason = std::move(mark->reason);
        }
      aside_.try_emplace(std::string(key.substr(1)), std::move(one));
      return true;
    });
    if (!scanned)
      return scanned;
  }
  any_aside_ = !aside_.empty();
  if (!aside_.empty())
    log::warn("journal_has_objects_set_aside", {{"objects", aside_.size()}});
  return {};
}

// ── What cannot be read ──────────────────────────────────────────────────────────────────────

bool hub_journal_impl::is_aside(std::string_view key) const {
  if (!any_aside_.load(std::memory_order_relaxed))
    return false;
  const auto digest = object_digest(key);
  const std::lock_guard lock(mutex_);
  return aside_.contains(digest);
}

result<void> hub_journal_impl::not_aside(std::string_view key) const {
  if (!any_aside_.load(std::memory_order_relaxed))
    return {};
  const auto digest = object_digest(key);
  const std::lock_guard lock(mutex_);
  auto it = aside_.find(digest);
  if (it == aside_.end())
    return {};
  return fail({error_kind::corrupt, where_object,
               "object " + name_of_object(key) + " is set aside: " + it->second.reason});
}

void hub_journal_impl::note_aside(std::string_view key, const error& why) const {
  {
    const std::lock_guard lock(mutex_);
    aside one{std::string(key), why.message, false};
    if (!aside_.try_emplace(object_digest(key), std::move(one)).second)
      return;
    any_aside_ = true;
    found_aside_ = true;
  }
  log::error("object_set_aside", {{"object", name_of_object(key)}, {"reason", why.message}});
}

void hub_journal_impl::name_row(table t, std::string_view key, const error& why) {
  if (named_rows_.size() >= rows_named_max ||
      !named_rows_.insert(std::string(journal::name_of(t)).append(key)).second)
    return;
  log::error("journal_row_damaged",
             {{"table", journal::name_of(t)}, {"key", hex_of(key)}, {"reason", why.message}});
}

void hub_journal_impl::note_index_damage(table t, std::string_view key, const error& why) const {
  if (index_damaged_.exchange(true))
    return;
  log::error("journal_index_damaged",
             {{"table", journal::name_of(t)}, {"key", hex_of(key)}, {"reason", why.message}});
}

result<void>
hub_journal_impl::each_object(const reader& rows,
                              const std::function<void(const object_state&)>& visit) const {
  result<void> outcome;
  auto scanned = rows.scan(table::ob, {}, [&](auto key, auto value) {
    if (is_aside(key))
      return true;
    auto state = state_in(key, value);
    if (state) {
      visit(*state);
    } else if (concerns_one_object(state.error())) {
      note_aside(key, state.error());
    } else {
      outcome = state.failure();
      return false;
    }
    return true;
  });
  return scanned ? outcome : scanned;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────

overlay_view hub_journal_impl::overlay_of(std::string_view key) const {
  overlay_view view;
  const std::lock_guard lock(mutex_);
  if (frozen_) {
    if (auto it = frozen_->objects.find(key); it != frozen_->objects.end() && !it->second.folded) {
      view.frozen = frozen_;
      view.records = it->second.records;
    }
  }
  if (auto it = current_->objects.find(key); it != current_->objects.end()) {
    view.current = current_;
    view.records.insert(view.records.end(), it->second.records.begin(), it->second.records.end());
  }
  return view;
}

// The overlay must have been read before `rows` began: a slice between the two moves records into
// the row, and what the row contains is passed over here. The other order would lose them. Where
// the slice deleted a row because the object had become blank, folding the same records again from
// nothing ends blank too: every value they set is cleared by them, every invocation that they begin
// is ended by them, and what speaks of an unknown invocation changes nothing.
result<object_state> hub_journal_impl::fold(const object_id& id, const overlay_view& overlay,
                                            const reader& rows) const {
  const auto key = object_key(id);
  if (auto may = not_aside(key); !may)
    return may.failure();
  auto read = [&]() -> result<object_state> {
    auto base = base_of(rows, key);
    if (!base)
      return base.failure();
    object_state state = *base ? std::move(**base) : blank_state(id);
    if (auto done =
            fold_records(state, overlay.records, [](const record&) -> result<void> { return {}; });
        !done)
      return done.failure();
    return state;
  };
  auto state = read();
  if (!state && concerns_one_object(state.error()))
    note_aside(key, state.error());
  return state;
}

result<object_state> hub_journal_impl::load(const object_id& id) const {
  const auto overlay = overlay_of(object_key(id));
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = fold(id, overlay, **rows);
  if (state)
    state->finished.clear(); // `find_invocation` has them, wherever the last checkpoint was.
  return state;
}

result<bool> hub_journal_impl::knows_invocation(const invocation_id& id) const {
  {
    const std::lock_guard lock(mutex_);
    if (current_->invocations.contains(id) || (frozen_ && frozen_->invocations.contains(id)))
      return true;
  }
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto row = (*rows)->get(table::iv, invocation_key(id));
  if (!row)
    return row.failure();
  return row->has_value();
}

result<std::optional<invocation_row>>
hub_journal_impl::find_invocation(const invocation_id& id) const {
  using found = std::optional<invocation_row>;
  const auto key = invocation_key(id);
  auto row_of = [&](const reader& rows) -> result<found> {
    auto row = rows.get(table::iv, key);
    if (!row)
      return row.failure();
    if (!*row)
      return found{};
    auto decoded = decode_invocation_row(**row);
    if (!decoded)
      return damaged("the row of invocation " + id.text(), std::move(decoded).error());
    return found(std::move(*decoded));
  };

  std::optional<object_id> object;
  {
    const std::lock_guard lock(mutex_);
    for (const auto* g : {current_.get(), frozen_.get()}) {
      if (g == nullptr || object)
        continue;
      if (auto it = g->invocations.find(id); it != g->invocations.end())
        object = parse_object_key(*it->second);
    }
  }
  if (!object) {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    auto row = row_of(**rows);
    if (!row || !*row || (*row)->invocation.finished)
      return row;
    object = (*row)->object;
  }

  // Not finished in the tables: its journal is the object's. Overlay first, then one snapshot for
  // both rows, so that it is in one of the two however the slices fall.
  const auto overlay = overlay_of(object_key(*object));
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = fold(*object, overlay, **rows);
  if (!state)
    return state.failure();
  for (auto* list : {&state->live, &state->finished})
    for (auto& i : *list)
      if (i.id == id)
        return found(invocation_row{*object, std::move(i)});
  return row_of(**rows);
}

result<std::optional<seen_request>> hub_journal_impl::find_request(const digest& scope) const {
  {
    const std::lock_guard lock(mutex_);
    for (const auto* g : {current_.get(), frozen_.get()})
      if (g != nullptr)
        if (auto it = g->requests.find(scope); it != g->requests.end())
          return std::optional(it->second);
  }
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto row = (*rows)->get(table::dd, request_row_key(scope));
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<seen_request>{};
  auto decoded = decode_request_row(**row);
  if (!decoded)
    return damaged("a request key's row", std::move(decoded).error());
  return std::optional(seen_request{decoded->invocation, decoded->body, decoded->expires_at});
}

result<std::vector<object_id>> hub_journal_impl::resumable() const {
  std::set<std::string, std::less<>> recent;
  {
    const std::lock_guard lock(mutex_);
    for (const auto* g : {frozen_.get(), current_.get()})
      if (g != nullptr)
        for (const auto& [key, object] : g->objects)
          if (!object.folded)
            recent.insert(key);
  }
  std::vector<object_id> out;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    bool whole = true;
    auto scanned =
        (*rows)->scan(table::ix, std::string(1, index_prefix::active), [&](auto key, auto value) {
          if (key.empty() || key.front() != index_prefix::active)
            return false;
          auto id = decode_object_ref(value);
          if (!id) {
            note_index_damage(table::ix, key, id.error());
            whole = false;
            return false;
          }
          const auto object = object_key(*id);
          if (!recent.contains(object) && !is_aside(object))
            out.push_back(std::move(*id));
          return true;
        });
    if (!scanned)
      return scanned.failure();
    if (!whole) {
      // The objects themselves know.
      out.clear();
      auto done = each_object(**rows, [&](const object_state& state) {
        if (needs_resume(state) && !recent.contains(object_key(state.id)))
          out.push_back(state.id);
      });
      if (!done)
        return done.failure();
    }
  }
  for (const auto& key : recent) {
    auto id = parse_object_key(key);
    auto state = load(*id);
    if (!state && concerns_one_object(state.error()))
      continue;
    if (!state)
      return state.failure();
    if (needs_resume(*state))
      out.push_back(std::move(*id));
  }
  return out;
}

result<std::optional<recorded_wait>> hub_journal_impl::due_of(const std::string& key) const {
  const auto overlay = overlay_of(key);
  const auto newest = overlay.records.empty() ? 0 : overlay.records.back().lsn;
  {
    const std::lock_guard lock(mutex_);
    if (auto it = due_cache_.find(key); it != due_cache_.end() && it->second.last_lsn == newest)
      return it->second.due;
  }
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = fold(*parse_object_key(key), overlay, **rows);
  if (!state)
    return state.failure();
  auto due = next_due(*state);
  if (newest != 0) {
    const std::lock_guard lock(mutex_);
    if (due_cache_.size() >= due_cache_max)
      due_cache_.clear();
    due_cache_.insert_or_assign(key, cached_due{newest, due});
  }
  return due;
}

// A timer's row speaks for objects without newer records. For the others only those can be due
// that have such a row, or a record in the overlay that names a time: no other is folded.
result<std::vector<timer_row>> hub_journal_impl::timers(unix_ms until, std::size_t limit) const {
  constexpr int tries_max = 5;
  std::vector<timer_row> out;
  for (int tries = 1;; ++tries) {
    out.clear();
    std::set<std::string, std::less<>> recent; // Objects whose row does not speak for them.
    std::uint64_t folds = 0;
    {
      const std::lock_guard lock(mutex_);
      folds = folds_;
      for (const auto* g : {frozen_.get(), current_.get()})
        if (g != nullptr)
          for (auto it = g->due.begin(); it != g->due.end() && it->first <= until; ++it)
            if (!g->objects.find(*it->second)->second.folded)
              recent.insert(*it->second);
    }
    {
      auto rows = tables_.read();
      if (!rows)
        return rows.failure();
      auto take = [&](timer_row row) {
        auto object = object_key(row.object);
        if (recent.contains(object) || is_aside(object))
          return;
        {
          const std::lock_guard lock(mutex_);
          const auto covered = [&](const generation* g) {
            if (g == nullptr)
              return false;
            auto it = g->objects.find(object);
            return it != g->objects.end() && !it->second.folded;
          };
          if (covered(current_.get()) || covered(frozen_.get())) {
            recent.insert(std::move(object));
            return;
          }
        }
        out.push_back(std::move(row));
      };
      bool whole = true;
      auto scanned = (*rows)->scan(table::tm, {}, [&](auto key, auto value) {
        if (const auto due = parse_timer_key(key); due && (*due > until || out.size() >= limit))
          return false;
        auto row = decode_timer_row(key, value);
        if (!row) {
          note_index_damage(table::tm, key, row.error());
          whole = false;
          return false;
        }
        take(std::move(*row));
        return true;
      });
      if (!scanned)
        return scanned.failure();
      if (!whole) {
        // The objects themselves know.
        out.clear();
        auto done = each_object(**rows, [&](const object_state& state) {
          if (const auto wait = next_due(state); wait && wait->due <= until)
            take({wait->due, state.id, wait->recorded_at});
        });
        if (!done)
          return done.failure();
      }
    }
    for (const auto& key : recent) {
      auto wait = due_of(key);
      if (!wait && concerns_one_object(wait.error()))
        continue;
      if (!wait)
        return wait.failure();
      if (*wait && (*wait)->due <= until)
        out.push_back({(*wait)->due, *parse_object_key(key), (*wait)->recorded_at});
    }
    const std::lock_guard lock(mutex_);
    // Rows that moved meanwhile may have been read old: once more. After some tries the answer may
    // hold a timer that was due and is done, which costs its reader one look in vain.
    if (folds == folds_ || tries == tries_max)
      break;
  }
  std::sort(out.begin(), out.end(), [](const timer_row& a, const timer_row& b) {
    return std::tie(a.due_at, a.object) < std::tie(b.due_at, b.object);
  });
  if (out.size() > limit)
    out.resize(limit);
  return out;
}

journal_metrics hub_journal_impl::metrics() const {
  journal_metrics s;
  {
    const std::lock_guard lock(mutex_);
    s = metrics_;
    s.last_lsn = last_lsn_;
    s.checkpoint_lsn = checkpoint_.lsn;
    s.overlay_bytes = overlay_size();
    s.overlay_objects = current_->objects.size() + (frozen_ ? frozen_->objects.size() : 0);
    s.objects_set_aside = aside_.size();
  }
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
  return s;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────

result<std::vector<std::string_view>> hub_journal_impl::append_in(write_transaction& txn,
                                                                  const std::vector<turn>& turns,
                                                                  std::int64_t boottime_ms) {
  const auto size_of = [](const turn& t) { return t.prepared ? t.prepared->bytes.size() : 0; };
  std::vector<std::string_view> kept;
  auto lsn = last_lsn_;
  for (auto from = turns.begin(); from != turns.end();) {
    auto size = log_row_head_size + size_of(*from);
    auto end = std::next(from);
    while (end != turns.end() && size + size_of(*end) <= log_row_size_max)
      size += size_of(*end++);
    char* const row = current_->bytes.room(size);
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
      if (auto done = txn.append(table::lg, log_key(first), {row, size}); !done)
        return done.failure();
  }
  return kept;
}

result<void> hub_journal_impl::commit(std::vector<turn>& turns) {
  const auto start = steady::now();
  std::size_t count = 0;
  for (auto& t : turns) {
    if (auto done = prepare(t); !done)
      return done;
    count += t.prepared ? t.prepared->records.size() : 0;
  }
  if (count == 0)
    return {};

  auto& bytes = current_->bytes;
  const auto before = bytes.here();
  std::vector<std::string_view> kept; // Of each record.
  std::int64_t boottime_ms = 0;
  const bool new_boot = boot_id_ != this_boot_;
  slice rider;
  auto write = [&](bool with_slice) -> result<void> {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    boottime_ms = options_.boot != nullptr ? options_.boot->boottime_ms() : 0;
    if (new_boot)
      if (auto put = (*txn)->put(table::mt, meta_key::boot, encode_boot(this_boot_)); !put)
        return put;
    auto appended = append_in(**txn, turns, boottime_ms);
    if (!appended)
      return appended.failure();
    kept = std::move(*appended);
    if (with_slice) {
      // No time at all stands for rows alone.
      const auto ms = options_.slice_ms == 0 ? 0 : std::max<std::int64_t>(options_.slice_ms / 2, 1);
      auto done = slice_in(**txn, {options_.slice_rows / rider_share, ms},
                           {options_.slice_rows, options_.slice_rows * trimmed_bytes_per_row});
      if (!done)
        return done.failure();
      rider = *done;
    }
    return (*txn)->commit();
  };
  // A piece of a checkpoint rides along and costs no sync of its own. Where it cannot be done, the
  // records go without it, and `maintain` meets and tells the reason.
  const bool with_slice = frozen_ || trim_waits_;
  auto done = write(with_slice);
  if (!done && with_slice) {
    bytes.back_to(before);
    rider = {};
    done = write(false);
  }
  if (!done) {
    bytes.back_to(before);
    return done;
  }
  note(rider);

  {
    const std::lock_guard lock(mutex_);
    auto stored = kept.begin();
    for (const auto& t : turns) {
      if (!t.prepared)
        continue;
      for (const auto& p : t.prepared->records) {
        current_->add({++last_lsn_, *stored++}, p.time, p.own, p.other, p.refs);
        last_time_ = std::max(last_time_, p.time);
      }
    }
    boottime_ms_ = current_->boottime_ms = boottime_ms;
    if (new_boot)
      boot_id_ = this_boot_;
    ++metrics_.commits;
    metrics_.records += count;
    metrics_.longest_commit_us = std::max(metrics_.longest_commit_us, microseconds_since(start));
  }
  for (auto& t : turns) {
    t.records.clear();
    t.prepared.reset();
  }
  freeze_if_due(last_time_);
  return {};
}

// ── Checkpoint ───────────────────────────────────────────────────────────────────────────────

void hub_journal_impl::freeze() {
  {
    const std::lock_guard lock(mutex_);
    frozen_ = std::exchange(current_, std::make_shared<generation>());
  }
  fold_order_.clear();
  fold_order_.reserve(frozen_->objects.size());
  for (const auto& [key, object] : frozen_->objects)
    fold_order_.push_back(&key);
  // Neighbours share pages.
  std::sort(fold_order_.begin(), fold_order_.end(),
            [](const auto* a, const auto* b) { return *a < *b; });
  fold_at_ = 0;
}

result<void> hub_journal_impl::fold_object(write_transaction& txn, const std::string& key,
                                           const std::vector<stored_record>& records,
                                           std::vector<row_to_put>& invocations,
                                           slice_budget& budget) {
  auto base = base_of(txn, key);
  if (!base)
    return base.failure();
  const bool had_row = base->has_value();
  object_state state = had_row ? std::move(**base) : blank_state(*parse_object_key(key));
  budget.spend(1);
  if (had_row && records.back().lsn <= state.folded_to)
    return {}; // Folded before a crash.

  const auto old_due = had_row ? next_due(state) : std::nullopt;
  const bool was_active = had_row && needs_resume(state);
  std::vector<invocation_id> old_live;
  for (const auto& i : state.live)
    old_live.push_back(i.id);

  auto folded = fold_records(state, records, [&](const record& r) -> result<void> {
    auto refs = refs_of(r);
    if (!refs)
      return refs.failure();
    const auto& owner = refs->starts_at_other ? *refs->other : r.object;
    if (!refs->key || !refs->starts || owner != state.id)
      return {};
    const request_row row{*refs->starts, refs->key->body, refs->key->expires_at};
    budget.spend(2);
    if (auto done = txn.put(table::dd, request_row_key(refs->key->scope), encode(row)); !done)
      return done;
    return txn.put(table::ix, expiry_key(row.expires_at, refs->key->scope), {});
  });
  if (!folded)
    return folded;

  for (auto& i : state.finished) {
    const auto row_key = invocation_key(i.id);
    invocations.push_back({row_key, encode(invocation_row{state.id, std::move(i)})});
  }
  for (const auto& i : state.live) {
    if (std::find(old_live.begin(), old_live.end(), i.id) != old_live.end())
      continue;
    invocation_state mark;
    mark.id = i.id;
    mark.accepted_at = i.accepted_at;
    invocations.push_back({invocation_key(i.id), encode(invocation_row{state.id, mark})});
  }
  budget.spend(state.finished.size());

  if (!state.blank()) {
    if (auto done = txn.put(table::ob, key, encode(state)); !done)
      return done;
  } else if (had_row) {
    if (auto done = txn.del(table::ob, key); !done)
      return done.failure();
  }
  const auto due = state.blank() ? std::nullopt : next_due(state);
  if (due != old_due) {
    budget.spend(1);
    if (old_due)
      if (auto done = txn.del(table::tm, timer_key(old_due->due, state.id)); !done)
        return done.failure();
    if (due)
      if (auto done = txn.put(table::tm, timer_key(due->due, state.id),
                              encode(timer_row{due->due, state.id, due->recorded_at}));
          !done)
        return done;
  }
  const bool active = !state.blank() && needs_resume(state);
  if (active != was_active) {
    budget.spend(1);
    if (active)
      return txn.put(table::ix, active_key(state.id), encode_object_ref(state.id));
    if (auto done = txn.del(table::ix, active_key(state.id)); !done)
      return done.failure();
  }
  return {};
}

result<hub_journal_impl::slice> hub_journal_impl::fold_in(write_transaction& txn,
                                                          slice_budget budget) {
  std::vector<row_to_put> invocations;
  slice done;
  auto at = fold_at_;
  while (at < fold_order_.size()) {
    const auto& key = *fold_order_[at];
    const auto& records = frozen_->objects.find(key)->second.records;
    bool set_aside_now = is_aside(key);
    if (!set_aside_now) {
      auto folded = fold_object(txn, key, records, invocations, budget);
      set_aside_now = !folded && concerns_one_object(folded.error());
      if (set_aside_now)
        note_aside(key, folded.error());
      else if (!folded)
        return folded.failure();
    }
    if (set_aside_now)
      if (auto moved = move_aside(txn, key, records, budget, done.moved); !moved)
        return moved.failure();
    ++at;
    const auto to_do = invocation_put_us_ * static_cast<double>(invocations.size()) +
                       object_commit_us_ * static_cast<double>(at - fold_at_);
    if (budget.used_up(static_cast<std::int64_t>(to_do)))
      break;
  }
  std::sort(invocations.begin(), invocations.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  const auto puts_start = steady::now();
  for (const auto& row : invocations)
    if (auto put = txn.put(table::iv, row.key, row.value); !put)
      return put.failure();
  if (!invocations.empty())
    move_mean(invocation_put_us_, puts_start, invocations.size());

  done.folded_to = at;
  done.last = at == fold_order_.size();
  done.mark = {frozen_->last_lsn, std::max(checkpoint_.last_time, frozen_->last_time),
               frozen_->boottime_ms};
  if (done.last)
    if (auto put = txn.put(table::mt, meta_key::checkpoint, encode(done.mark)); !put)
      return put.failure();
  return done;
}

/// The next piece of what waits: folding before trimming.
result<hub_journal_impl::slice> hub_journal_impl::slice_in(write_transaction& txn,
                                                           slice_budget budget, front_limit trim) {
  if (frozen_)
    return fold_in(txn, budget);
  slice done;
  if (!trim_waits_)
    return done;
  auto deleted = txn.del_front(table::lg, log_key(checkpoint_.lsn), trim);
  if (!deleted)
    return deleted.failure();
  done.trimmed = *deleted;
  return done;
}

// What began with such a record stays known, so that nobody takes it for something new.
result<void> hub_journal_impl::move_aside(write_transaction& txn, const std::string& key,
                                          const std::vector<stored_record>& records,
                                          slice_budget& budget, std::vector<std::string>& moved) {
  const auto digest = object_digest(key);
  auto put_once = [&](table t, const std::string& row_key, std::string_view value) -> result<bool> {
    auto present = txn.get(t, row_key);
    if (!present)
      return present.failure();
    if (*present)
      return false;
    if (auto done = txn.put(t, row_key, value); !done)
      return done.failure();
    return true;
  };
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (auto it = aside_.find(digest); it != aside_.end())
      reason = it->second.reason;
  }
  cut_text(reason, reason_size_max);
  if (auto done = put_once(table::sa, aside_mark_key(digest),
                           encode(aside_mark{*parse_object_key(key), std::move(reason)}));
      !done)
    return done.failure();
  auto row = txn.get(table::ob, key);
  if (!row)
    return row.failure();
  if (*row) {
    const std::string bytes(**row);
    auto done = put_once(table::sa, aside_row_key(digest), bytes);
    if (!done)
      return done.failure();
    if (*done)
      if (auto gone = txn.del(table::ob, key); !gone)
        return gone.failure();
  }
  for (const auto& stored : records) {
    budget.spend(1);
    if (auto done = txn.put(table::sa, aside_record_key(digest, stored.lsn), stored.bytes); !done)
      return done;
    auto r = decode_record(stored.bytes);
    if (!r)
      continue;
    auto refs = refs_of(*r);
    if (!refs || !refs->starts)
      continue;
    const auto& owner = refs->starts_at_other ? *refs->other : r->object;
    if (object_key(owner) != key)
      continue;
    invocation_state mark;
    mark.id = *refs->starts;
    mark.accepted_at = r->time;
    if (auto done =
            put_once(table::iv, invocation_key(mark.id), encode(invocation_row{owner, mark}));
        !done)
      return done.failure();
    if (!refs->key)
      continue;
    const request_row request{mark.id, refs->key->body, refs->key->expires_at};
    if (auto done = txn.put(table::dd, request_row_key(refs->key->scope), encode(request)); !done)
      return done;
    if (auto done = txn.put(table::ix, expiry_key(request.expires_at, refs->key->scope), {}); !done)
      return done;
  }
  moved.push_back(digest);
  return {};
}

std::vector<std::string> hub_journal_impl::found_aside() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [digest, one] : aside_)
    if (!one.moved && !one.key.empty())
      keys.push_back(one.key);
  return keys;
}

result<void> hub_journal_impl::move_found() {
  found_aside_ = false; // One that is found from here on is seen the next time.
  auto move = [&]() -> result<void> {
    slice done;
    slice_budget budget(options_.slice_rows, options_.slice_ms);
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& key : found_aside())
      if (auto moved = move_aside(**txn, key, {}, budget, done.moved); !moved)
        return moved;
    if (auto committed = (*txn)->commit(); !committed)
      return committed;
    note(done);
    return {};
  };
  auto done = move();
  if (!done)
    found_aside_ = true;
  return done;
}

void hub_journal_impl::note(const slice& done) {
  if (!done.moved.empty()) {
    const std::lock_guard lock(mutex_);
    for (const auto& digest : done.moved)
      if (auto it = aside_.find(digest); it != aside_.end())
        it->second.moved = true;
  }
  if (done.trimmed)
    trim_waits_ = done.trimmed->more;
  if (done.folded_to == 0)
    return;
  std::shared_ptr<generation> done_with; // Freed after the lock.
  {
    const std::lock_guard lock(mutex_);
    for (auto i = fold_at_; i < done.folded_to; ++i)
      frozen_->objects.find(*fold_order_[i])->second.folded = true;
    ++folds_;
    if (done.last) {
      checkpoint_ = done.mark;
      due_cache_.clear();
      done_with = std::move(frozen_);
      frozen_ = nullptr;
    }
  }
  fold_at_ = done.folded_to;
  if (done.last) {
    fold_order_.clear();
    trim_waits_ = true;
  }
}

result<void> hub_journal_impl::slice_alone() {
  auto txn = tables_.begin_write(options_.sync);
  if (!txn)
    return txn.failure();
  const auto trimmed_rows = std::max<std::size_t>(1, options_.slice_rows) * trimmed_alone_factor;
  auto done = slice_in(**txn, {options_.slice_rows, options_.slice_ms},
                       {trimmed_rows, trimmed_rows * trimmed_bytes_per_row});
  if (!done)
    return done.failure();
  const auto folded = done->folded_to - std::min(done->folded_to, fold_at_);
  const auto commit_start = steady::now();
  if (done->folded_to > 0 || (done->trimmed && done->trimmed->rows > 0))
    if (auto committed = (*txn)->commit(); !committed)
      return committed;
  if (folded > 0)
    move_mean(object_commit_us_, commit_start, folded);
  note(*done);
  return {};
}

// ── Retention ────────────────────────────────────────────────────────────────────────────────

// An ephemeral object goes in the transaction that takes its last invocation. It has to be idle,
// and all of it in its row: what is in the log yet would be folded again after a crash, and bring a
// part of it back. With nothing live it has neither timer nor anything to be resumed for.
result<hub_journal_impl::expiry_of_object>
hub_journal_impl::may_expire(const reader& rows, const object_id& id, unix_ms limit) const {
  const auto key = object_key(id);
  if (is_aside(key))
    return expiry_of_object::stays;
  auto base = base_of(rows, key);
  if (!base) {
    if (!concerns_one_object(base.error()))
      return base.failure();
    note_aside(key, base.error());
    return expiry_of_object::stays;
  }
  const auto& state = *base;
  if (!state || !state->ephemeral || state->last_finished_at >= limit)
    return expiry_of_object::stays;
  if (current_->objects.contains(key))
    return expiry_of_object::later;
  return state->live.empty() && state->undelivered.empty() ? expiry_of_object::goes
                                                           : expiry_of_object::stays;
}

// Ids begin with the time of their making, so what can have ended before the limit lies in front.
// Live ones, and those that ended later, are passed over.
result<void> hub_journal_impl::expire_invocations(unix_ms now) {
  const auto limit = now - options_.journal_retention_ms;
  const auto end = invocation_key(first_of(limit));
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  std::vector<std::string> expired;
  std::set<std::string> objects; // That go with them, by key.
  std::string next;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    result<void> outcome;
    auto scanned = (*rows)->scan(table::iv, retention_from_, [&](auto key, auto value) {
      if (key >= end)
        return false;
      if (budget.used_up()) {
        next = std::string(key);
        return false;
      }
      budget.spend(1);
      auto row = decode_invocation_row(value);
      if (!row) {
        // It stays: who asks for that invocation is told, and it is not taken for a new one.
        name_row(table::iv, key, row.error());
        return true;
      }
      if (!row->invocation.finished || row->invocation.finished_at >= limit)
        return true;
      if (row->invocation.input.ephemeral) {
        budget.spend(1);
        auto object = may_expire(**rows, row->object, limit);
        if (!object) {
          outcome = object.failure();
          return false;
        }
        if (*object == expiry_of_object::later)
          return true; // So does this row, by which the next pass finds the object.
        if (*object == expiry_of_object::goes)
          objects.insert(object_key(row->object));
      }
      expired.emplace_back(key);
      return true;
    });
    if (!scanned)
      return scanned;
    if (!outcome)
      return outcome;
  }
  if (!expired.empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& key : expired)
      if (auto done = (*txn)->del(table::iv, key); !done)
        return done.failure();
    for (const auto& key : objects)
      if (auto done = (*txn)->del(table::ob, key); !done)
        return done.failure();
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  retention_from_ = next;
  if (next.empty())
    retention_ = retention_step::requests;
  return {};
}

result<void> hub_journal_impl::expire_requests(unix_ms now) {
  struct expired_request {
    std::string index_key;
    std::string row_key; ///< Empty: its row stays.
  };
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  std::vector<expired_request> expired;
  bool more = false;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    result<void> outcome;
    auto take = [&](std::string_view key) -> result<bool> {
      if (key.empty() || key.front() != index_prefix::expiry)
        return false;
      const auto e = parse_expiry_key(key);
      if (e && e->expires_at > now)
        return false;
      if (more = budget.used_up(); more)
        return false;
      budget.spend(1);
      if (!e) {
        // Its time and its request are not known; the request's row stays for good.
        name_row(table::ix, key, {error_kind::corrupt, where, "the key is cut short or too long"});
        expired.push_back({std::string(key), {}});
        return true;
      }
      auto row_key = request_row_key(e->scope);
      auto row = (*rows)->get(table::dd, row_key);
      if (!row)
        return row.failure();
      if (*row) {
        // One that cannot be read may be that of a newer request: it stays, and refuses its key,
        // rather than that something is done twice.
        auto decoded = decode_request_row(**row);
        if (!decoded)
          name_row(table::dd, row_key, decoded.error());
        if (!decoded || decoded->expires_at > now)
          row_key.clear();
      }
      expired.push_back({std::string(key), std::move(row_key)});
      return true;
    };
    auto scanned =
        (*rows)->scan(table::ix, std::string(1, index_prefix::expiry), [&](auto key, auto) {
          auto again = take(key);
          if (!again)
            outcome = again.failure();
          return again && *again;
        });
    if (!scanned)
      return scanned;
    if (!outcome)
      return outcome;
  }
  if (!expired.empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& e : expired) {
      if (auto done = (*txn)->del(table::ix, e.index_key); !done)
        return done.failure();
      if (e.row_key.empty())
        continue;
      if (auto done = (*txn)->del(table::dd, e.row_key); !done)
        return done.failure();
    }
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  if (!more)
    retention_ = retention_step::none;
  return {};
}

result<void> hub_journal_impl::retention_slice(unix_ms now) {
  return retention_ == retention_step::invocations ? expire_invocations(now) : expire_requests(now);
}

template <class Work>
result<void> hub_journal_impl::timed_slice(Work&& work) {
  const auto start = steady::now();
  auto done = work();
  const std::lock_guard lock(mutex_);
  ++metrics_.slices;
  metrics_.longest_slice_us = std::max(metrics_.longest_slice_us, microseconds_since(start));
  return done;
}

void hub_journal_impl::freeze_if_due(unix_ms now) {
  const auto waiting = current_->size;
  const bool urgent = waiting >= urgent_factor * options_.checkpoint_bytes;
  const bool due =
      !current_->empty() && (waiting >= options_.checkpoint_bytes ||
                             now - current_->first_time >= options_.checkpoint_interval_ms);
  if (!frozen_ && due && (urgent || !trim_waits_))
    freeze();
}

// ── Repair of the indexes ────────────────────────────────────────────────────────────────────

// Which object a row spoke of cannot be read off it, but every object knows its timer and whether
// it is to be resumed. First what is missing is put, and only then are the damaged rows moved:
// until they are gone, readers that meet them ask the objects.
result<void> hub_journal_impl::repair_objects() {
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
    if (is_aside(key))
      return {};
    auto state = state_in(key, value);
    if (!state && concerns_one_object(state.error())) {
      note_aside(key, state.error());
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
  auto scanned = (*rows)->scan(table::ob, repair_from_, [&](auto key, auto value) {
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
  repair_from_ = next;
  if (next.empty())
    repair_ = repair_step::timers;
  return {};
}

result<void> hub_journal_impl::repair_index() {
  struct moved_row {
    std::string key;
    std::string value;
  };
  const auto t = repair_ == repair_step::timers ? table::tm : table::ix;
  const auto from =
      repair_ == repair_step::active ? std::string(1, index_prefix::active) : std::string();
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
  auto scanned =
      (*rows)->scan(t, repair_from_.empty() ? from : repair_from_, [&](auto key, auto value) {
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
  repair_from_ = next;
  if (!next.empty())
    return {};
  if (repair_ == repair_step::timers) {
    repair_ = repair_step::active;
    return {};
  }
  repair_ = repair_step::none;
  log::info("journal_index_repaired");
  return {};
}

result<void> hub_journal_impl::repair_slice() {
  if (repair_ == repair_step::none) {
    index_damaged_ = false; // What is met from here on is seen the next time.
    repair_ = repair_step::objects;
    repair_from_.clear();
  }
  return repair_ == repair_step::objects ? repair_objects() : repair_index();
}

result<bool> hub_journal_impl::maintain(unix_ms now) {
  result<void> done;
  freeze_if_due(now);
  if (found_aside_)
    if (auto moved = timed_slice([&] { return move_found(); }); !moved)
      return moved.failure();
  if (frozen_ || trim_waits_) {
    done = timed_slice([&] { return slice_alone(); });
  } else if (repair_ != repair_step::none || index_damaged_) {
    done = timed_slice([&] { return repair_slice(); });
  } else {
    if (retention_ == retention_step::none && (!next_retention_ || now >= *next_retention_)) {
      retention_ = retention_step::invocations;
      retention_from_.clear();
      next_retention_ = now + std::max(retention_pass_ms_min, options_.journal_retention_ms / 1000);
    }
    if (retention_ != retention_step::none)
      done = timed_slice([&] { return retention_slice(now); });
  }
  if (!done)
    return done.failure();
  return more_waits();
}

result<void> hub_journal_impl::checkpoint_now(unix_ms) {
  if (found_aside_)
    if (auto moved = timed_slice([&] { return move_found(); }); !moved)
      return moved;
  while (frozen_ || !current_->empty()) {
    if (!frozen_)
      freeze();
    if (auto done = timed_slice([&] { return slice_alone(); }); !done)
      return done;
  }
  while (trim_waits_)
    if (auto done = timed_slice([&] { return slice_alone(); }); !done)
      return done;
  return {};
}

} // namespace

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

result<std::unique_ptr<hub_journal>> hub_journal::open(store& tables, journal_options options,
                                                       random_source& random) {
  auto journal = std::make_unique<hub_journal_impl>(tables, options);
  if (auto started = journal->start(random); !started)
    return started.failure();
  return std::unique_ptr<hub_journal>(std::move(journal));
}

} // namespace orderhub::journal
