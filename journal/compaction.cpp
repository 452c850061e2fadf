#include "journal/compaction.hpp"

#include "journal/base/log.hpp"

#include <utility>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.compact";
/// Steps that it waits for a segment to be made ahead; then a commit makes it.
constexpr unsigned steps_for_segment = 20;
/// Folding what was committed before takes seconds; where it cannot go on, it is not waited for.
constexpr std::int64_t folding_max_ms = 600'000;
/// Somebody who copies keeps segments from being written over; not for longer than this.
constexpr std::int64_t renewing_max_ms = 60'000;

constexpr auto file_stays = " The tables' file is what it was, and nothing is lost; ";

} // namespace

template <class Change>
void compaction::change(Change&& change) {
  const std::lock_guard lock(mutex_);
  change(*run_);
}

result<void> compaction::ask() {
  if (log_ == nullptr)
    return fail({error_kind::invalid, where, "this journal has no commit log"});
  const std::lock_guard lock(mutex_);
  if (run_ && run_->stage != compact_stage::ended)
    return fail({error_kind::unavailable, where, "the journal is being compacted already"});
  run_ = compact_run();
  return {};
}

std::optional<compact_run> compaction::seen() const {
  const std::lock_guard lock(mutex_);
  return run_;
}

compaction::turn_of compaction::step(unix_ms now) {
  const auto run = seen();
  if (!run || run->stage == compact_stage::ended)
    return turn_of::all;
  if (run->began_at == 0) {
    change([&](compact_run& r) { r.began_at = now; });
    last_before_.reset();
    waited_ = 0;
    log_->begin_renewal();
  }
  if (run->stage == compact_stage::folding) {
    if (run->began_at == 0 || now - run->began_at <= folding_max_ms)
      return fold(now);
    give_up("What was committed before it could not be folded in ten minutes.", now);
    return turn_of::all;
  }
  return run->stage == compact_stage::copying ? copy(now) : renew(now);
}

compaction::turn_of compaction::fold(unix_ms now) {
  if (!last_before_ && log_->awaits_segment() && ++waited_ < steps_for_segment)
    return turn_of::all; // So that no commit has to make one.
  {
    const std::lock_guard no_commits(commits_);
    if (!last_before_) {
      log_->leave_old();
      last_before_ = recent_.position().last_lsn;
    }
    if (recent_.frozen() == nullptr && recent_.position().checkpoint.lsn < *last_before_)
      if (auto begun = folding_.begin(); !begun) {
        give_up("What was committed cannot be folded (" + begun.error().message + ").", now);
        return turn_of::all;
      }
  }
  if (folding_.waits())
    return turn_of::folding;
  auto begun = tables_.begin_copy();
  if (!begun) {
    give_up("The tables cannot be copied (" + begun.error().message + ").", now);
    return turn_of::all;
  }
  copy_ = std::move(*begun);
  change([&](compact_run& r) {
    r.stage = compact_stage::copying;
    r.before_bytes = copy_->replaces_bytes();
  });
  return turn_of::nobody;
}

compaction::turn_of compaction::copy(unix_ms now) {
  const auto whole = copy_->is_whole(); // Before its size, which is the last one where it is.
  change([&](compact_run& r) { r.copied_bytes = copy_->size(); });
  if (!whole) {
    give_up("The tables cannot be copied (" + whole.error().message + ").", now);
    return turn_of::all;
  }
  if (!*whole) {
    if (!folding_.behind())
      return turn_of::nobody;
    give_up("Before the copy was whole the commit log was as long as it may become without "
            "commits that wait for it; compact in a quieter hour.",
            now);
    return turn_of::all;
  }
  if (auto taken = copy_->take_place(); !taken) {
    give_up("The copy cannot take the file's place (" + taken.error().message + ").", now);
    return turn_of::all;
  }
  copy_.reset();
  replaced_at_ = now;
  change([](compact_run& r) {
    r.stage = compact_stage::renewing;
    r.after_bytes = r.copied_bytes;
  });
  return turn_of::all;
}

compaction::turn_of compaction::renew(unix_ms now) {
  if (log_->is_renewed())
    end({}, now);
  else if (now - replaced_at_ > renewing_max_ms)
    end("The tables' file was compacted, but somebody copies the journal, so old records are "
        "still in the commit log's files; compact again when that is over.",
        now);
  return turn_of::all;
}

void compaction::give_up(std::string why, unix_ms now) {
  const auto run = seen();
  if (!run || run->stage == compact_stage::ended)
    return;
  copy_.reset(); // Ends it, and takes it away.
  if (run->stage == compact_stage::renewing)
    why += " The tables' file was compacted; old records may still be in the commit log's files.";
  else
    why += std::string(file_stays) + "compact again.";
  end(std::move(why), now);
}

void compaction::end(std::string failed, unix_ms now) {
  compact_run ended;
  change([&](compact_run& r) {
    r.stage = compact_stage::ended;
    r.ended_at = now;
    r.failed = std::move(failed);
    ended = r;
  });
  if (ended.failed.empty())
    log::info("journal_compacted", {{"before_bytes", ended.before_bytes},
                                    {"after_bytes", ended.after_bytes},
                                    {"took_ms", ended.ended_at - ended.began_at}});
  else
    log::warn("journal_not_compacted", {{"message", ended.failed}});
}

} // namespace orderhub::journal
