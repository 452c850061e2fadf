#include "tests/simulation/world/objects.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::testing {

namespace {

/// What a command names.
std::string name_in(const journal::record& r) {
  using journal::record_kind;
  switch (r.kind) {
  case record_kind::input:
    return must(journal::decode_input(r.payload)).handler;
  case record_kind::call:
  case record_kind::send:
    return must(journal::decode_call(r.payload)).input.handler;
  case record_kind::effect:
    return must(journal::decode_effect(r.payload)).name;
  case record_kind::event:
    return must(journal::decode_event(r.payload)).name;
  default:
    return {};
  }
}

} // namespace

void world::commit() {
  if (settings_.failed_commits_per_mille > 0 &&
      dice_.below(1'000) < settings_.failed_commits_per_mille) {
    const auto kind = dice_.below(2) == 0 ? error_kind::full : error_kind::unavailable;
    if (disk_)
      disk_->fail_sync(1, kind);
    else
      store.fail_commit(1, kind);
  }
  std::vector<journal::turn> turns;
  newest_in_commit_ = newest_time_;
  for (auto& j : queue_) {
    for (const auto& r : j.turn.records) {
      in_commit_.push_back({r.object, r.kind, name_in(r)});
      if (r.time < newest_in_commit_)
        ++times_went_back_;
      newest_in_commit_ = std::max(newest_in_commit_, r.time);
    }
    turns.push_back(std::move(j.turn));
  }
  committing_ = disk_ != nullptr;
  while (!journal_->commit(turns)) {
  }
  committing_ = false;
  auto done = std::move(queue_);
  queue_.clear();
  slice_wanted_ = true;
  for (auto& j : done) {
    released out(*this, std::move(j.from));
    host::release(*shared_, *j.then, out);
  }
}

void world::note_durable() {
  newest_time_ = std::max(newest_time_, newest_in_commit_);
  for (auto& line : std::exchange(in_commit_, {}))
    log_.push_back(std::move(line));
}

void world::fold() {
  if (!journal_->checkpoint_now(time.true_ms()))
    std::abort();
}

void world::slice() {
  auto more = journal_->maintain(time.true_ms());
  slice_wanted_ = more ? *more : true;
  point("between two slices of a checkpoint");
}

} // namespace orderhub::testing
