#include "journal/commit_log/commit_log.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/simulated_log.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

using namespace journal;

namespace {

constexpr log_id hub{7, 7, 7};
constexpr commit_log_options small{.segment_size = 8 * log_block, .spare = 1};

struct kept_batch {
  log_sequence first = 0;
  std::uint32_t count = 0;
  std::string row;

  [[nodiscard]] commit_batch view() const { return {first, count, "b", row}; }
  friend bool operator==(const kept_batch&, const kept_batch&) = default;
};
using batches = std::vector<kept_batch>;

/// What the world knows at one moment of a run, and the disk as it is then.
struct moment {
  std::unique_ptr<simulated_log> disk;
  batches acknowledged;
  batches doubtful; ///< What may stand behind them: tries of the next number.
  log_sequence folded = 0;
};

/// Starts on a disk, settles what can be settled, and gives back what was found.
result<batches> start_on(simulated_log& disk, log_sequence folded,
                         std::unique_ptr<commit_log>& log) {
  log = std::make_unique<commit_log>(disk, small);
  batches found;
  auto done = log->start(hub, folded, [&](const commit_batch& b) -> result<void> {
    found.push_back({b.first, b.count, std::string(b.row)});
    return {};
  });
  if (done)
    done = log->settle();
  if (!done && done.error().kind != error_kind::full)
    return done.failure();
  return found;
}

/// Fails the running test where `found` is not what was acknowledged, or that and one of the
/// doubtful ones.
void check_prefix(const batches& found, const moment& m) {
  batches expected;
  for (const auto& b : m.acknowledged)
    if (b.first > m.folded)
      expected.push_back(b);
  if (found == expected)
    return;
  for (const auto& b : m.doubtful) {
    auto longer = expected;
    longer.push_back(b);
    if (found == longer)
      return;
  }
  FAIL("found " << found.size() << " batches where " << expected.size()
                << " were acknowledged, or others");
}

/// A run with failures, checkpoints, kills and starts, every change of the disk a moment.
class recorded_run {
public:
  explicit recorded_run(std::uint64_t seed) : random_(seed) {
    restart(std::make_unique<simulated_log>());
  }

  std::vector<moment> play(int rounds) {
    for (int i = 0; i < rounds; ++i)
      round();
    return std::move(moments_);
  }

private:
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }

  void restart(std::unique_ptr<simulated_log> disk) {
    log_.reset();
    disk_ = std::move(disk);
    disk_->on_change([this] { note(); });
    if (below(4) == 0)
      disk_->refuse_create(error_kind::full);
    auto found = start_on(*disk_, folded_, log_);
    if (!found)
      FAIL(found.error().message);
    check_prefix(*found, {nullptr, acknowledged_, doubtful_, folded_});
    const bool without_room = !log_->settle();
    note();
    disk_->refuse_create(std::nullopt);
    // Who has found no room acts upon nothing, and is ended, or finds some.
    if (without_room && below(2) == 0)
      return restart(disk_->after_kill());
    if (auto settled = log_->settle(); !settled)
      FAIL(settled.error().message);
    // Who starts acts upon what it found: from here on that is acknowledged.
    if (!found->empty() && (acknowledged_.empty() || found->back() != acknowledged_.back()))
      acknowledged_.push_back(found->back());
    doubtful_.clear();
  }

  void note() { moments_.push_back({disk_->after_kill(), acknowledged_, doubtful_, folded_}); }

  void round() {
    if (below(12) == 0)
      disk_->fail_sync(1 + below(3), error_kind::unavailable);
    if (below(14) == 0)
      disk_->fail_write(1 + below(2), error_kind::full);
    const auto next = acknowledged_.empty()
                          ? log_sequence{1}
                          : acknowledged_.back().first + acknowledged_.back().count;
    kept_batch batch{next, static_cast<std::uint32_t>(1 + below(3)), {}};
    batch.row.resize(1 + below(below(9) == 0 ? 40'000 : 9'000));
    for (auto& c : batch.row)
      c = static_cast<char>(random_());
    doubtful_.push_back(batch);
    if (log_->append(batch.view())) {
      acknowledged_.push_back(std::move(batch));
      doubtful_.clear();
      note();
    } else if (below(2) == 0) {
      return restart(disk_->after_kill());
    }
    if (below(6) == 0 && !acknowledged_.empty()) {
      const auto& b = acknowledged_[acknowledged_.size() - 1 -
                                    below(std::min<std::size_t>(acknowledged_.size(), 4))];
      folded_ = std::max(folded_, b.first + b.count - 1);
      log_->release(folded_);
      note();
    }
    if (below(3) == 0)
      (void)log_->make_ready();
    if (below(15) == 0)
      restart(disk_->after_kill());
  }

  std::mt19937_64 random_;
  std::unique_ptr<simulated_log> disk_;
  std::unique_ptr<commit_log> log_;
  batches acknowledged_;
  batches doubtful_;
  log_sequence folded_ = 0;
  std::vector<moment> moments_;
};

/// A start on what a cut has left must find a prefix; and what it found and what it appends must be
/// there after the next cut, which takes everything that is not synced.
void check_cut(std::unique_ptr<simulated_log> disk, const moment& m) {
  std::unique_ptr<commit_log> log;
  {
    // A start that may find no room, and the next cut: nothing that it has found was built upon.
    disk->refuse_create(error_kind::full);
    auto found = start_on(*disk, m.folded, log);
    if (!found)
      FAIL(found.error().message);
    check_prefix(*found, m);
    auto cut = disk->after_power_cut([](std::size_t) { return false; });
    std::unique_ptr<commit_log> second;
    auto again = start_on(*cut, m.folded, second);
    if (!again)
      FAIL(again.error().message);
    check_prefix(*again, m);
    disk->refuse_create(std::nullopt);
  }
  auto found = start_on(*disk, m.folded, log);
  if (!found)
    FAIL(found.error().message);
  check_prefix(*found, m);
  const auto nothing = [](std::size_t) { return false; };
  const auto next = found->empty() ? m.folded + 1 : found->back().first + found->back().count;
  std::unique_ptr<commit_log> second;
  {
    auto cut = disk->after_power_cut(nothing);
    auto again = start_on(*cut, m.folded, second);
    if (!again)
      FAIL(again.error().message);
    if (*again != *found)
      FAIL("a second cut took what the first start had found");
  }
  kept_batch more{next, 2, std::string(700, 'm')};
  if (auto done = log->append(more.view()); !done)
    FAIL(done.error().message);
  auto cut = disk->after_power_cut(nothing);
  auto last = start_on(*cut, m.folded, second);
  if (!last)
    FAIL(last.error().message);
  found->push_back(std::move(more));
  if (*last != *found)
    FAIL("a second cut took what was acknowledged behind the first");
}

} // namespace

TEST_CASE("every power cut of a recorded run leaves a prefix with all that was acknowledged",
          "[commit_log][power_cut]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 1 + runs(5))));
  CAPTURE(seed);
  auto moments = recorded_run(seed).play(40);
  REQUIRE(moments.size() > 80);
  std::mt19937_64 random(seed);
  std::size_t at = 0;
  for (const auto& m : moments) {
    CAPTURE(at++);
    const auto sectors = m.disk->sectors_not_synced();
    check_cut(m.disk->after_kill(), m); // The process alone ends, and then the power fails.
    check_cut(m.disk->after_power_cut([](std::size_t) { return false; }), m);
    check_cut(m.disk->after_power_cut([](std::size_t) { return true; }), m);
    if (sectors == 0)
      continue;
    // Torn: up to a sector; reordered: from a sector on; and any of them, or all but one.
    for (int i = 0; i < 6; ++i) {
      const auto cut = static_cast<std::size_t>(random() % (sectors + 1));
      check_cut(m.disk->after_power_cut([&](std::size_t s) { return s < cut; }), m);
      check_cut(m.disk->after_power_cut([&](std::size_t s) { return s >= cut; }), m);
      check_cut(m.disk->after_power_cut([&](std::size_t s) { return s != cut; }), m);
      const auto salt = random();
      check_cut(m.disk->after_power_cut(
                    [&](std::size_t s) { return std::mt19937_64(salt + s)() % 2 == 0; }),
                m);
    }
  }
}

TEST_CASE("a batch torn at each of its sectors is there whole or not at all",
          "[commit_log][power_cut]") {
  simulated_log disk;
  std::unique_ptr<commit_log> log;
  REQUIRE(start_on(disk, 0, log));
  moment m;
  m.acknowledged = {{1, 1, std::string(5000, 'a')}};
  REQUIRE(log->append(m.acknowledged.front().view()));
  m.doubtful = {{2, 3, std::string(9000, 'b')}};
  disk.on_change([&] {
    if (!m.disk)
      m.disk = disk.after_kill();
  });
  REQUIRE(log->append(m.doubtful.front().view()));
  const auto sectors = m.disk->sectors_not_synced();
  REQUIRE(sectors == 3 * log_block / 512);
  for (std::size_t cut = 0; cut <= sectors; ++cut) {
    check_cut(m.disk->after_power_cut([&](std::size_t s) { return s < cut; }), m);
    check_cut(m.disk->after_power_cut([&](std::size_t s) { return s >= cut; }), m);
    check_cut(m.disk->after_power_cut([&](std::size_t s) { return s != cut; }), m);
    check_cut(m.disk->after_power_cut([&](std::size_t s) { return s == cut; }), m);
  }
}

} // namespace orderhub::testing
