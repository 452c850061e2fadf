#pragma once
#include "journal/arena.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "journal/key.hpp"
#include "journal/record_refs.hpp"
#include "journal/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What was committed since the last checkpoint, in memory. Reads ask it first, and the rows for
/// what it does not know.
namespace orderhub::journal {

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

/// Records committed between two checkpoints, by object.
struct generation {
  arena bytes;
  std::unordered_map<std::string, overlay_object, text_hash, std::equal_to<>> objects;
  /// Invocation that began here, to its object's key in `objects`.
  std::unordered_map<invocation_id, const std::string*> invocations;
  std::unordered_map<digest, request_row, digest_hash> requests;
  /// Moments at which an object of `objects` may have something to do.
  std::multimap<unix_ms, const std::string*> due;
  /// What people did.
  std::vector<stored_record> actions;
  unix_ms first_time = 0;
  unix_ms last_time = 0;
  log_sequence last_lsn = 0;
  std::int64_t boottime_ms = 0; ///< Of its last commit,
  std::string boot_id;          ///< and the boot that was in.
  std::uint64_t size = 0;       ///< In memory, about.

  [[nodiscard]] bool empty() const { return objects.empty(); }
  /// Its records of this object are in no row yet.
  [[nodiscard]] bool covers(std::string_view object) const;

  /// `r.bytes` lie in `bytes`; `own` is its object's key, `other` that of `refs.other`.
  void add(const stored_record& r, unix_ms time, std::string_view own, std::string_view other,
           const record_refs& refs);

private:
  const std::string& add(std::string_view key, const stored_record& r);
};

/// How far the journal is.
struct journal_position {
  log_sequence last_lsn = 0;
  unix_ms last_time = 0;        ///< Of the newest record ever committed.
  std::int64_t boottime_ms = 0; ///< Of the newest commit,
  std::string boot_id;          ///< and the boot it was in: what `mt` has.
  checkpoint_mark checkpoint;   ///< Everything up to here is in rows.
};

/// The records of one object that are not in its row, and what keeps their bytes alive.
struct overlay_view {
  std::shared_ptr<const generation> frozen;
  std::shared_ptr<const generation> current;
  std::vector<stored_record> records;
};

/// Two generations: the current one, which commits fill, and, while a checkpoint is under way, the
/// frozen one, which is folded into rows object by object and then freed.
///
/// Two threads change it, which may be one: the writer's, which commits, and the folder's, which
/// freezes and folds. Each reads what it alone changes without the lock: those functions say so;
/// and `freeze` and `current` are the folder's while no commit is under way. The others may be
/// called from any thread and see the last commit.
class overlay {
public:
  overlay() : current_(std::make_shared<generation>()) {}
  /// Where a run begins: what the log held above the checkpoint. Before anybody reads.
  void start(journal_position position, std::shared_ptr<generation> recent);

  // ── Any thread ──

  [[nodiscard]] unix_ms last_time() const;
  [[nodiscard]] journal_stamp last_stamp() const;
  /// What the object's row does not contain.
  [[nodiscard]] overlay_view view_of(std::string_view object) const;
  [[nodiscard]] bool covers(std::string_view object) const;
  /// The current generation has records of it.
  [[nodiscard]] bool in_current(std::string_view object) const;
  /// The invocation began in one of the generations.
  [[nodiscard]] bool knows(const invocation_id& id) const;
  /// And that is its object.
  [[nodiscard]] std::optional<object_id> object_of(const invocation_id& id) const;
  /// Invocations that began in one of the generations on these objects, at most `most`.
  [[nodiscard]] std::vector<invocation_id> begun_by(std::span<const std::string> objects,
                                                    std::size_t most) const;
  [[nodiscard]] std::optional<request_row> request(const digest& scope) const;

  using object_keys = std::set<std::string, std::less<>>;
  /// Objects whose row does not contain all of their records.
  [[nodiscard]] object_keys not_folded() const;
  /// Those of them that `is_wanted`, at most `most`, with the last of their records.
  struct changed_object {
    std::string key;
    log_sequence last = 0;
  };
  struct changed_objects {
    std::vector<changed_object> found;
    bool is_whole = true; ///< False: there are more.
  };
  [[nodiscard]] changed_objects changed(const std::function<bool(std::string_view key)>& is_wanted,
                                        std::size_t most) const;
  /// Those of them with a record that names a moment up to `until`, and the count of folds then.
  struct due_objects {
    object_keys keys;
    std::uint64_t folds = 0;
  };
  [[nodiscard]] due_objects due(unix_ms until) const;
  /// What people did, oldest first, at most the newest `limit`: encoded records. Those that a slice
  /// has folded are among them until the checkpoint has ended.
  [[nodiscard]] std::vector<std::pair<log_sequence, std::string>> actions(std::size_t limit) const;
  /// Slices of folding that were committed: where it has changed, rows have moved meanwhile.
  [[nodiscard]] std::uint64_t folds() const;

  struct metrics_now {
    log_sequence last_lsn = 0;
    log_sequence checkpoint_lsn = 0;
    std::uint64_t bytes = 0;
    std::uint64_t objects = 0;
  };
  [[nodiscard]] metrics_now metrics() const;

  // ── The writer's thread and the folder's ──

  /// The checkpoint is the folder's, the rest the writer's.
  [[nodiscard]] const journal_position& position() const { return position_; }
  [[nodiscard]] const generation& current() const { return *current_; }
  /// Null while no checkpoint is under way.
  [[nodiscard]] const generation* frozen() const { return frozen_.get(); }
  /// Where the bytes of the next commit go; `add` makes them known.
  [[nodiscard]] arena& room() { return current_->bytes; }
  /// The turns are committed. `bytes` has each of their records' bytes, in `room`, in the same
  /// order.
  void add(const std::vector<turn>& turns, const std::vector<std::string_view>& bytes,
           std::int64_t boottime_ms, const std::string& boot_id);
  /// The current generation is to be folded; there is no frozen one.
  void freeze();
  /// Rows of these objects, keys of the frozen generation, contain its records now. `ended`: that
  /// was the last piece; the frozen generation goes, and this is where the checkpoint is.
  void folded(std::span<const std::string* const> objects,
              const std::optional<checkpoint_mark>& ended);

private:
  /// Guards what readers see.
  mutable std::mutex mutex_;
  std::shared_ptr<generation> current_;
  std::shared_ptr<generation> frozen_;
  journal_position position_;
  std::uint64_t folds_ = 0;
};

} // namespace orderhub::journal
