#include "actors/runtime/journal_writer.hpp"

#include "journal/base/log.hpp"
#include "journal/base/thread_name.hpp"

#include <chrono>
#include <cstdlib>
#include <utility>

namespace orderhub::runtime {

namespace {
constexpr auto idle_pause = std::chrono::milliseconds(500);
/// Gathering ends when one in so many of the expected turns is there, or after the time.
constexpr std::size_t gather_share = 4;
constexpr auto gather_step = std::chrono::microseconds(100);
constexpr auto gather_max = std::chrono::microseconds(500);
/// What follows a turn is here by then, or comes with the next sync.
constexpr auto follow_max = std::chrono::microseconds(250);
/// Beside commits, between two looks for something to fold; and for whether it is behind no more.
constexpr auto folding_pause = std::chrono::milliseconds(50);
constexpr auto behind_pause = std::chrono::milliseconds(1);
/// While stopping, a journal that takes no writes is given this many tries.
constexpr int stop_tries = 5;
/// Under load, maintenance of its own (retention) comes once in so many commits.
constexpr int commits_alone_max = 64;
} // namespace

journal_writer::journal_writer(journal::hub_journal& journal, const clock& time,
                               stall_callback on_stall, options o)
    : journal_(journal), time_(time), on_stall_(std::move(on_stall)), options_(std::move(o)) {
  if (!journal_.settled())
    if (auto settled = journal_.settle(); !settled) {
      log::error("journal_takes_no_writes", {{"reason", settled.error().message}});
      state_ = {true, settled.error().message, false};
      unsettled_ = true;
    }
  thread_ = std::thread([this] { run(); });
  if (journal_.folds_beside())
    folder_ = std::thread([this] { fold(); });
}

journal_writer::~journal_writer() {
  stop();
}

void journal_writer::submit(journal::turn turn, durable_callback done) {
  // On the caller's thread, which is one of several; what is wrong is met by the commit.
  if (!options_.discard_for_bench)
    (void)journal::prepare(turn);
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (state_.given_up)
      return;
    queue_.push_back({std::move(turn), std::move(done)});
    wake = std::exchange(waiting_, false);
  }
  if (wake)
    wake_.notify_one();
}

void journal_writer::when_settled(std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (unsettled_) {
      when_settled_ = std::move(then);
      return;
    }
  }
  then();
}

void journal_writer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_ = false;
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
  stop_folding();
}

std::size_t journal_writer::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

writer_state journal_writer::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void journal_writer::set_state(writer_state s) {
  {
    std::lock_guard lock(mutex_);
    state_ = s;
  }
  if (on_stall_)
    on_stall_(s);
}

void journal_writer::run() {
  name_this_thread("journal-writer");
  const bool beside = journal_.folds_beside();
  settle();
  std::vector<job> jobs;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (queue_.empty() && !stopping_ && !more_maintenance_) {
        waiting_ = true;
        wake_.wait_for(lock, idle_pause, [&] { return !queue_.empty() || stopping_; });
        waiting_ = false;
      }
      gather(lock);
      jobs.swap(queue_);
      if (jobs.empty() && stopping_)
        break;
    }
    if (jobs.empty()) {
      if (!beside)
        maintain();
      continue;
    }
    if (!commit(jobs))
      return;
    jobs.clear();
    if (beside) {
      if (journal_.wants_maintenance())
        wake_folding();
      wait_for_folding();
      continue;
    }
    // Checkpoints ride on the commits; by itself it is looked after where that is not enough.
    more_maintenance_ = true;
    if (journal_.behind() || ++commits_alone_ >= commits_alone_max) {
      commits_alone_ = 0;
      maintain();
    }
  }
  stop_folding();
  if (auto done = journal_.checkpoint_now(time_.wall_ms()); !done)
    log::warn("last_checkpoint_failed", {{"reason", done.error().message}});
}

/// The stall that a start on a full disk begins with.
void journal_writer::settle() {
  std::function<void()> then;
  for (bool done = false; !done;) {
    {
      std::unique_lock lock(mutex_);
      if (!unsettled_)
        return;
      wake_.wait_for(lock, options_.retry_pause, [this] { return stopping_; });
      if (stopping_)
        return; // What is queued is given up, if there is still no room.
      if (!when_settled_)
        continue;
    }
    done = journal_.settle().has_value();
  }
  log::info("journal_takes_writes_again", {});
  set_state({});
  {
    const std::lock_guard lock(mutex_);
    unsettled_ = false;
    then = std::exchange(when_settled_, nullptr);
  }
  then();
}

/// A sync costs the cores more than it costs the disk. Where many orders are on their way, most of
/// them have a turn within a moment: they share one sync. And where a turn calls another object,
/// that one's turn is all but here.
void journal_writer::gather(std::unique_lock<std::mutex>& lock) {
  if (!options_.turns_expected || queue_.empty() || stopping_)
    return;
  const auto begun = std::chrono::steady_clock::now();
  const auto enough = options_.turns_expected() / gather_share;
  while (queue_.size() < enough && !stopping_ &&
         std::chrono::steady_clock::now() < begun + gather_max) {
    lock.unlock();
    std::this_thread::sleep_for(gather_step);
    lock.lock();
  }
  while (queue_.back().turn.followed && !stopping_ &&
         std::chrono::steady_clock::now() < begun + follow_max) {
    waiting_ = true;
    wake_.wait_until(lock, begun + follow_max, [&] { return !waiting_; });
    waiting_ = false;
  }
}

bool journal_writer::commit(std::vector<job>& jobs) {
  std::vector<journal::turn> turns;
  turns.reserve(jobs.size());
  for (auto& j : jobs)
    turns.push_back(std::move(j.turn));
  int tries = 0;
  for (;;) {
    auto done = options_.discard_for_bench ? result<void>() : journal_.commit(turns);
    if (done)
      break;
    if (done.error().kind == error_kind::invalid) {
      // A record that no journal takes: wrong code must not go on. What was acknowledged is on
      // disk.
      log::error("journal_record_refused", {{"reason", done.error().message}});
      std::abort();
    }
    if (tries++ == 0) {
      log::error("journal_takes_no_writes", {{"reason", done.error().message}});
      set_state({true, done.error().message, false});
    }
    std::unique_lock lock(mutex_);
    if (stopping_ && tries > stop_tries) {
      // Not acknowledged: what they would have caused never left the process. What is queued may
      // follow from them, so none of it may reach the disk either, though there be room again.
      const auto dropped = std::exchange(queue_, {});
      state_.given_up = true;
      lock.unlock();
      log::error("journal_writes_given_up",
                 {{"turns", turns.size() + dropped.size()}, {"reason", done.error().message}});
      set_state({true, done.error().message, true});
      return false;
    }
    wake_.wait_for(lock, options_.retry_pause, [] { return false; });
  }
  if (tries > 0) {
    log::info("journal_takes_writes_again", {{"after_tries", tries}});
    set_state({});
  }
  for (auto& j : jobs)
    if (j.done)
      j.done();
  return true;
}

void journal_writer::maintain() {
  auto more = journal_.maintain(time_.wall_ms());
  // Callers wait for the folding then, which is what keeps the memory bounded.
  while (more && *more && journal_.behind())
    more = journal_.maintain(time_.wall_ms());
  if (more) {
    more_maintenance_ = *more;
    maintenance_failed_ = false;
    return;
  }
  more_maintenance_ = false;
  if (!std::exchange(maintenance_failed_, true))
    log::error("checkpoint_failed", {{"reason", more.error().message}});
}

// ── Folding beside commits ───────────────────────────────────────────────────────────────────

void journal_writer::fold() {
  name_this_thread("journal-folder");
  bool failed = false;
  for (;;) {
    auto more = journal_.maintain(time_.wall_ms());
    if (!more && !std::exchange(failed, true))
      log::error("checkpoint_failed", {{"reason", more.error().message}});
    failed = failed && !more;
    std::unique_lock lock(folding_mutex_);
    folding_rests_ = !more || !*more;
    if (folding_rests_) {
      folding_wake_.notify_all();
      folding_wake_.wait_for(lock, failed ? idle_pause : folding_pause,
                             [this] { return folding_stops_ || folding_wanted_; });
    }
    folding_wanted_ = false;
    if (folding_stops_)
      return;
  }
}

void journal_writer::wake_folding() {
  {
    const std::lock_guard lock(folding_mutex_);
    folding_wanted_ = true;
  }
  folding_wake_.notify_all();
}

/// Callers wait for the folding where it is behind, which is what keeps the memory bounded; not
/// where it cannot go on.
void journal_writer::wait_for_folding() {
  while (journal_.behind()) {
    std::unique_lock lock(folding_mutex_);
    if (folding_rests_ || folding_stops_)
      return;
    folding_wake_.wait_for(lock, behind_pause);
  }
}

void journal_writer::stop_folding() {
  {
    const std::lock_guard lock(folding_mutex_);
    folding_stops_ = true;
  }
  folding_wake_.notify_all();
  if (folder_.joinable())
    folder_.join();
}

} // namespace orderhub::runtime
