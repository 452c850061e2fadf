#pragma once
#include "journal/hub_journal.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace orderhub::runtime {

/// Takes turns in the order given, makes them durable, says so. The only way to the journal's write
/// side.
class turn_writer {
public:
  using durable_callback = std::function<void()>;
  virtual ~turn_writer() = default;
  /// Thread-safe; returns at once. `done` is called when the turn, and every turn given before it,
  /// is on disk; from the writer's thread, in order.
  virtual void submit(journal::turn turn, durable_callback done) = 0;
};

/// What the writer is doing.
struct writer_state {
  bool stalled = false;
  std::string reason; ///< Of the stall, for people.
  /// It was to stop, and could not write: nothing more is committed or acknowledged by it, ever.
  bool given_up = false;
};

/// One thread: takes everything queued, one sync, acknowledges; between commits one slice of
/// checkpointing, or, where the journal folds beside commits, a second thread that does. Under load
/// it waits up to half a millisecond for more turns before it syncs: fewer, larger commits leave
/// the cores to the orders. A commit that fails for want of room or by an I/O error is held and
/// made again; nothing is dropped, and the hub takes no new work meanwhile. A journal that its
/// start has left unsettled, for want of room, is a stall from the beginning. Told to stop while it
/// cannot write, it gives up after a few more tries, and with that batch everything behind it: what
/// comes later in the log may follow from what is missing. Queue bound: the hub's limit on requests
/// in flight plus vendor answers, since each object has a bounded number of turns out.
class journal_writer final : public turn_writer {
public:
  using stall_callback = std::function<void(const writer_state&)>;
  struct options {
    /// How many turns may be on their way at once, about: 0 switches gathering off. Asked before
    /// each commit.
    std::function<std::size_t()> turns_expected = {};
    /// For scripts/bench.sh, which measures what the journal costs: nothing is written.
    bool discard_for_bench = false;
    /// Between two tries of a commit that failed.
    std::chrono::milliseconds retry_pause{200};
  };
  /// `on_stall` is called from the writer's thread when a stall begins, when it ends, and when the
  /// writer gives up.
  journal_writer(journal::hub_journal& journal, const clock& time, stall_callback on_stall,
                 options o);
  ~journal_writer() override;
  journal_writer(const journal_writer&) = delete;
  journal_writer& operator=(const journal_writer&) = delete;

  void submit(journal::turn turn, durable_callback done) override;
  /// Calls `then` when the journal is settled (hub_journal.hpp): at once, or, once, from the
  /// writer's thread, after the stall has ended. Only from then on does the writer try to settle
  /// it. Once; never called where the writer is stopped before.
  void when_settled(std::function<void()> then);
  /// Commits what is queued, folds the rest into rows and ends the thread. Where the journal takes
  /// no writes, what is queued is dropped, unacknowledged, and the next start has what was
  /// acknowledged. Idempotent.
  void stop();
  [[nodiscard]] writer_state state() const;
  /// Turns that wait for the next commit.
  [[nodiscard]] std::size_t queued() const;

private:
  struct job {
    journal::turn turn;
    durable_callback done;
  };
  void run();
  void settle();
  void gather(std::unique_lock<std::mutex>& lock);
  /// False: given up.
  bool commit(std::vector<job>& jobs);
  void maintain();
  void fold();
  void stop_folding();
  void wake_folding();
  void wait_for_folding();
  void set_state(writer_state s);

  journal::hub_journal& journal_;
  const clock& time_;
  stall_callback on_stall_;
  options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<job> queue_;
  bool waiting_ = false;
  bool stopping_ = false;
  bool more_maintenance_ = false;
  int commits_alone_ = 0; ///< Since the last maintenance.
  bool maintenance_failed_ = false;
  writer_state state_;
  bool unsettled_ = false; ///< The start has left the journal so.
  std::function<void()> when_settled_;
  // Where the journal folds beside commits.
  std::mutex folding_mutex_;
  std::condition_variable folding_wake_;
  bool folding_stops_ = false;
  bool folding_rests_ = false;  ///< It had nothing to do, or failed.
  bool folding_wanted_ = false; ///< Sooner than after its rest.
  std::thread folder_;
  std::thread thread_;
};

} // namespace orderhub::runtime
