#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/read_log.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/simulated_log.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

using namespace journal;

namespace {

constexpr log_id hub{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
/// Eight blocks, of which batches have seven.
constexpr commit_log_options small{.segment_size = 8 * log_block, .spare = 2};

/// A batch that owns its bytes.
struct kept_batch {
  log_sequence first = 0;
  std::uint32_t count = 0;
  std::string boot;
  std::string row;

  [[nodiscard]] commit_batch view() const { return {first, count, boot, row}; }
  [[nodiscard]] log_sequence last() const { return first + count - 1; }
  friend bool operator==(const kept_batch&, const kept_batch&) = default;
};

using batches = std::vector<kept_batch>;

commit_log::batch_visitor into(batches& out) {
  return [&out](const commit_batch& b) -> result<void> {
    out.push_back({b.first, b.count, std::string(b.boot_id), std::string(b.row)});
    return {};
  };
}

/// What a start finds behind `after`; fails the running test where it cannot start.
batches started(commit_log& log, log_sequence after) {
  batches found;
  auto done = log.start(hub, after, into(found));
  if (done)
    done = log.settle();
  if (!done)
    FAIL(done.error().message);
  while (log.make_ready()) {
  }
  return found;
}

kept_batch batch_of(log_sequence first, std::uint32_t count, std::size_t size) {
  std::string row(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    row[i] = static_cast<char>((first * 31 + i * 7 + i / 251) & 0xffU);
  return {first, count, "boot-1", std::move(row)};
}

log_sequence end_of(const batches& all) {
  return all.empty() ? 0 : all.back().last();
}

/// Those with numbers behind `after`.
batches behind(const batches& all, log_sequence after) {
  batches out;
  for (const auto& b : all)
    if (b.first > after)
      out.push_back(b);
  return out;
}

error_kind kind_of(const result<void>& done) {
  REQUIRE_FALSE(done);
  return done.error().kind;
}

} // namespace

TEST_CASE("the commit log gives back what was appended, and goes on behind it", "[commit_log]") {
  simulated_log disk;
  batches all;
  for (int run = 0; run < 5; ++run) {
    commit_log log(disk, small);
    REQUIRE(started(log, 0) == all);
    for (int i = 0; i < 7; ++i) {
      all.push_back(batch_of(end_of(all) + 1, 1 + static_cast<std::uint32_t>(i % 3),
                             static_cast<std::size_t>(10 + i * 1500)));
      REQUIRE(log.append(all.back().view()));
    }
  }
}

TEST_CASE("an append is one write and one sync", "[commit_log]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  for (log_sequence n = 1; n <= 7; ++n) {
    const auto writes = disk.writes();
    const auto syncs = disk.syncs();
    REQUIRE(log.append(batch_of(n, 1, 100).view()));
    CHECK(disk.writes() == writes + 1);
    CHECK(disk.syncs() == syncs + 1);
  }
  // So is the first one of the next segment, which was ready.
  const auto created = disk.created();
  const auto syncs = disk.syncs();
  REQUIRE(log.append(batch_of(8, 1, 100).view()));
  CHECK(disk.created() == created);
  CHECK(disk.syncs() == syncs + 1);
}

TEST_CASE("a segment is used again when its batches are released, and not before", "[commit_log]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  const auto at_start = disk.created();
  log_sequence n = 0;
  const auto fill = [&](int segments) {
    for (int i = 0; i < 7 * segments; ++i) {
      ++n;
      REQUIRE(log.append(batch_of(n, 1, 100).view()));
    }
  };
  fill(3);
  CHECK(disk.created() == at_start);
  fill(1);
  CHECK(disk.created() == at_start + 1); // Nothing was released.
  log.release(14);                       // Two of the four.
  fill(2);
  CHECK(disk.created() == at_start + 1);

  // A backup reads: what is released stays as it is until it has ended.
  disk.hold(true);
  log.release(n - 7);
  fill(1);
  CHECK(disk.created() == at_start + 2);
  disk.hold(false);
  fill(1);
  CHECK(disk.created() == at_start + 2);
  commit_log again(disk, small);
  CHECK(started(again, n - 7).size() == 7);
}

TEST_CASE("after a renewal no segment has anything of before it", "[commit_log]") {
  simulated_log disk;
  const bool is_held = GENERATE(false, true); // By a backup, at first.
  commit_log log(disk, small);
  (void)started(log, 0);
  const std::string secret(200, 's');
  log_sequence n = 0;
  const auto append = [&](int batches, const std::string& row) {
    for (int i = 0; i < batches; ++i) {
      ++n;
      REQUIRE(log.append({n, 1, "boot-1", row}));
    }
  };
  const auto files_with_it = [&] {
    const auto names = disk.names();
    REQUIRE(names);
    return std::count_if(names->begin(), names->end(), [&](const auto& name) {
      return disk.contents(name).find(secret) != std::string::npos;
    });
  };
  append(18, secret); // Two whole segments, and half of one.
  log.release(n - 2);
  REQUIRE(files_with_it() == 3);
  disk.hold(is_held);
  log.begin_renewal();
  while (log.make_ready()) {
  }
  CHECK_FALSE(log.awaits_segment());
  const auto waited = log.metrics().waits;
  log.leave_old();
  append(1, "fresh");
  CHECK(log.metrics().waits == waited);
  CHECK_FALSE(log.is_renewed()); // Two batches of before are in no table.
  log.release(n - 1);
  while (log.make_ready()) {
  }
  CHECK(log.is_renewed() == !is_held);
  disk.hold(false);
  while (log.make_ready()) {
  }
  CHECK(log.is_renewed());
  CHECK(files_with_it() == 0);
  append(7, "more");
  commit_log again(disk, small);
  CHECK(started(again, n - 8).size() == 8);
}

TEST_CASE("folding is asked for before the segments run out", "[commit_log]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  log_sequence n = 0;
  const auto fill = [&](int count) {
    for (int i = 0; i < count; ++i)
      REQUIRE(log.append(batch_of(++n, 1, 100).view()));
  };
  fill(7);
  CHECK_FALSE(log.filling());
  fill(1);
  CHECK(log.filling());
  CHECK_FALSE(log.almost_full());
  fill(12);
  CHECK_FALSE(log.almost_full()); // A segment can be made.
  SECTION("where the disk has no room for another one") {
    disk.refuse_create(error_kind::full);
    CHECK_FALSE(log.make_ready());
    CHECK(log.almost_full());
    log.release(14);
    CHECK_FALSE(log.almost_full());
    CHECK_FALSE(log.filling());
  }
  SECTION("where as many as there may be wait for it") {
    fill(7 * 4);
    CHECK_FALSE(log.almost_full());
    fill(7);
    CHECK(log.almost_full());
    log.release(n - 7);
    CHECK_FALSE(log.almost_full());
  }
}

TEST_CASE("segments are made ahead of the commits that fill them", "[commit_log]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  const auto waits = log.metrics().waits;
  log_sequence n = 0;
  const auto append = [&] { REQUIRE(log.append(batch_of(++n, 1, 100).view())); };
  for (int i = 0; i < 7 * 6; ++i) {
    append();
    // The next one is wanted as soon as one is opened.
    CHECK(log.wants_segment() == (i > 0 && i % 7 == 0));
    while (log.make_ready()) {
    }
    CHECK_FALSE(log.wants_segment());
  }
  CHECK(log.metrics().waits == waits);
  // Without that, a commit waits for one to be made, which is counted.
  for (int i = 0; i < 7 * 3; ++i)
    append();
  CHECK(log.metrics().waits == waits + 1);
}

TEST_CASE("a segment that could not be made is tried again after a while, or when one is released",
          "[commit_log][failure]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  disk.room_for(7 * log_block);
  log_sequence n = 0;
  while (!log.wants_segment())
    REQUIRE(log.append(batch_of(++n, 1, 100).view()));
  const auto tried = disk.created();
  const auto writes = disk.writes();
  CHECK_FALSE(log.make_ready());
  CHECK(disk.created() == tried + 1);
  CHECK_FALSE(log.wants_segment());
  CHECK_FALSE(log.make_ready());
  CHECK(disk.created() == tried + 1);
  CHECK(disk.writes() == writes); // A disk that is full is not filled with zeros first.
  disk.room_for(std::nullopt);
  SECTION("after a while") {
    for (int i = 0; i < 50; ++i)
      (void)log.make_ready();
  }
  SECTION("when something was folded") {
    log.release(1);
    (void)log.make_ready();
  }
  CHECK(disk.created() == tried + 2);
  CHECK_FALSE(log.wants_segment());
}

TEST_CASE("a log of which nothing is folded takes no more than so much", "[commit_log][failure]") {
  simulated_log disk;
  commit_log log(disk, {.segment_size = 8 * log_block, .spare = 1, .unfolded_max = 2});
  (void)started(log, 0);
  log_sequence n = 0;
  result<void> done;
  while (n < 1'000 && (done = log.append(batch_of(n + 1, 1, 100).view())))
    ++n;
  CHECK(kind_of(done) == error_kind::full);
  CHECK(n == 7 * 8);
  CHECK(log.almost_full());
  commit_log again(disk, {.segment_size = 8 * log_block, .spare = 1, .unfolded_max = 2});
  CHECK(started(again, 0).size() == n);
  // What a start has to write again has its place, and what fits behind it.
  while (n < 1'000 && (done = again.append(batch_of(n + 1, 1, 100).view())))
    ++n;
  CHECK(kind_of(done) == error_kind::full);
  CHECK(n == 7 * 8 + 6);
  again.release(14);
  REQUIRE(again.append(batch_of(n + 1, 1, 100).view()));
}

TEST_CASE("the log counts what is not folded, and its segments", "[commit_log]") {
  simulated_log disk;
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    CHECK(log.metrics().unfolded_bytes == 0);
    CHECK(log.metrics().segments == 3);
    for (log_sequence n = 1; n <= 4; ++n)
      REQUIRE(log.append(batch_of(n, 1, n == 2 ? 5000 : 100).view()));
    CHECK(log.metrics().unfolded_bytes == 5 * log_block);
    log.release(2);
    CHECK(log.metrics().unfolded_bytes == 2 * log_block);
  }
  commit_log log(disk, small);
  (void)started(log, 2);
  CHECK(log.metrics().unfolded_bytes == 2 * log_block); // The last of them was written again.
  REQUIRE(log.append(batch_of(5, 1, 100).view()));
  CHECK(log.metrics().unfolded_bytes == 3 * log_block);
  disk.fail_sync(1, error_kind::unavailable);
  REQUIRE(log.append(batch_of(6, 1, 100).view()));
  CHECK(log.metrics().rewritten == 1);
  CHECK(log.metrics().unfolded_bytes == 4 * log_block);
}

TEST_CASE("a batch larger than a segment has one of its own, which goes when it is folded",
          "[commit_log]") {
  simulated_log disk;
  const auto large = batch_of(2, 40, 100'000);
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    REQUIRE(log.append(batch_of(1, 1, 10).view()));
    const auto before = *disk.names();
    REQUIRE(log.append(large.view()));
    REQUIRE(log.append(batch_of(42, 1, 10).view()));
    REQUIRE(disk.names()->size() == before.size() + 1);
    log.release(41);
    (void)log.make_ready();
    CHECK(disk.names()->size() == before.size());
  }
  commit_log log(disk, small);
  CHECK(started(log, 41) == batches{batch_of(42, 1, 10)});
}

TEST_CASE("a failed sync: the batch is written whole into a fresh segment, and counts from there",
          "[commit_log][failure]") {
  simulated_log disk;
  batches all;
  commit_log log(disk, small);
  (void)started(log, 0);
  for (log_sequence n = 1; n <= 3; ++n) {
    all.push_back(batch_of(n, 1, 100));
    REQUIRE(log.append(all.back().view()));
  }
  const auto failing = GENERATE(true, false);
  if (failing)
    disk.fail_sync(1, error_kind::unavailable);
  else
    disk.fail_write(1, error_kind::unavailable);
  const auto syncs = disk.syncs();
  all.push_back(batch_of(4, 2, 9000));
  REQUIRE(log.append(all.back().view()));
  CHECK(disk.syncs() == syncs + (failing ? 2 : 1));
  all.push_back(batch_of(6, 1, 100));
  REQUIRE(log.append(all.back().view()));
  for (const bool kept : {false, true}) {
    const auto image = disk.after_power_cut([&](std::size_t) { return kept; });
    commit_log again(*image, small);
    CHECK(started(again, 0) == all);
  }
  // The old one is written to no more, and is not used again.
  const auto old = disk.contents("segment-00000003");
  REQUIRE(log.append(batch_of(7, 1, 100).view()));
  CHECK(disk.contents("segment-00000003") == old);
  log.release(7);
  (void)log.make_ready();
  CHECK(disk.contents("segment-00000003").empty());
}

TEST_CASE("another batch under the number of one that failed is the one that counts",
          "[commit_log][failure]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  REQUIRE(log.append(batch_of(1, 1, 100).view()));
  // Both tries fail for want of room: the caller may come with another batch.
  disk.fail_sync(1, error_kind::full);
  disk.on_change([&, armed = true]() mutable {
    if (std::exchange(armed, disk.sectors_not_synced() == 0))
      return;
    disk.fail_sync(1, error_kind::full);
    disk.on_change({});
  });
  auto refused = log.append(batch_of(2, 5, 5000).view());
  disk.on_change({});
  REQUIRE(kind_of(refused) == error_kind::full);
  const batches all{batch_of(1, 1, 100), batch_of(2, 1, 300), batch_of(3, 1, 300)};
  REQUIRE(log.append(all[1].view()));
  REQUIRE(log.append(all[2].view()));
  for (const bool kept : {false, true}) {
    const auto image = disk.after_power_cut([&](std::size_t) { return kept; });
    commit_log again(*image, small);
    CHECK(started(again, 0) == all);
  }
}

TEST_CASE("a sync that fails in the fresh segment too ends the log until the next start",
          "[commit_log][failure]") {
  simulated_log disk;
  const auto one = batch_of(1, 1, 100);
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    REQUIRE(log.append(one.view()));
    int syncs = 0;
    disk.fail_sync(1, error_kind::unavailable);
    disk.on_change([&] {
      if (++syncs == 2) // The first one has failed: so does the next.
        disk.fail_sync(1, error_kind::unavailable);
    });
    REQUIRE(kind_of(log.append(batch_of(2, 1, 100).view())) == error_kind::unavailable);
    disk.on_change({});
    const auto writes = disk.writes();
    REQUIRE(kind_of(log.append(batch_of(2, 1, 100).view())) == error_kind::unavailable);
    CHECK(disk.writes() == writes);
  }
  const auto image = disk.after_power_cut([](std::size_t) { return false; });
  commit_log again(*image, small);
  CHECK(started(again, 0) == batches{one});
  REQUIRE(again.append(batch_of(2, 1, 50).view()));
}

TEST_CASE("without room for a segment an append fails, and works when there is some",
          "[commit_log][failure]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  disk.refuse_create(error_kind::full);
  batches all;
  for (log_sequence n = 1; n <= 21; ++n) {
    all.push_back(batch_of(n, 1, 100));
    REQUIRE(log.append(all.back().view()));
  }
  all.push_back(batch_of(22, 1, 100));
  REQUIRE(kind_of(log.append(all.back().view())) == error_kind::full);
  REQUIRE(kind_of(log.append(all.back().view())) == error_kind::full);
  SECTION("on the disk") {
    disk.refuse_create(std::nullopt);
  }
  SECTION("in what was released") {
    log.release(7);
  }
  REQUIRE(log.append(all.back().view()));
  disk.refuse_create(std::nullopt);
  commit_log again(disk, small);
  CHECK(started(again, 7) == behind(all, 7));
}

TEST_CASE(
    "a start without room reads all of the log, takes nothing, and goes on when there is some",
    "[commit_log][failure]") {
  simulated_log disk;
  batches all;
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    for (log_sequence n = 1; n <= 21; ++n) { // All three segments.
      all.push_back(batch_of(n, 1, 100));
      REQUIRE(log.append(all.back().view()));
    }
  }
  disk.room_for(log_block);
  commit_log log(disk, small);
  for (int restart = 0; restart < 3; ++restart) {
    commit_log before(disk, small);
    batches found;
    REQUIRE(before.start(hub, 0, into(found)));
    CHECK(found == all);
    CHECK(kind_of(before.settle()) == error_kind::full);
  }
  batches found;
  REQUIRE(log.start(hub, 0, into(found)));
  CHECK(found == all);
  const auto next = batch_of(22, 1, 100);
  const auto writes = disk.writes();
  CHECK(kind_of(log.settle()) == error_kind::full);
  CHECK(kind_of(log.append(next.view())) == error_kind::full);
  CHECK(disk.writes() == writes);
  CHECK(log.exists());
  const auto nothing = [](std::size_t) { return false; };

  SECTION("room for a segment") {
    disk.room_for(std::nullopt);
    REQUIRE(log.append(next.view()));
    all.push_back(next);
  }
  SECTION("room for the last batch alone") {
    disk.room_for(2 * log_block);
    REQUIRE(log.settle());
    CHECK(kind_of(log.append(next.view())) == error_kind::full);
    // Then at least what is there can be folded, and that makes room.
    const auto small_one = disk.names()->back();
    CHECK(disk.contents(small_one).size() == 2 * log_block);
    log.release(21);
    REQUIRE(log.append(next.view()));
    (void)log.make_ready();
    CHECK(disk.contents(small_one).empty());
    const auto left = disk.after_power_cut(nothing);
    commit_log again(*left, small);
    all = {next};
    CHECK(started(again, 21) == all);
    return;
  }
  const auto left = disk.after_power_cut(nothing);
  commit_log again(*left, small);
  CHECK(started(again, 0) == all);
}

TEST_CASE("what was appended without syncs is on disk after one for all", "[commit_log]") {
  simulated_log disk;
  commit_log log(disk, small);
  (void)started(log, 0);
  batches all;
  for (log_sequence n = 1; n <= 10; ++n) { // Two segments.
    all.push_back(batch_of(n, 1, 100));
    REQUIRE(log.append(all.back().view(), false));
  }
  const auto nothing = [](std::size_t) { return false; };
  const auto found_after_cut = [&] {
    const auto left = disk.after_power_cut(nothing);
    commit_log again(*left, small);
    return started(again, 0);
  };
  CHECK(found_after_cut().empty());
  SECTION("it succeeds") {
    const auto syncs = disk.syncs();
    REQUIRE(log.sync());
    CHECK(disk.syncs() == syncs + 2);
    CHECK(found_after_cut() == all);
    REQUIRE(log.sync());
    CHECK(disk.syncs() == syncs + 2);
  }
  SECTION("it fails, and so does every later one") {
    disk.fail_sync(1, error_kind::unavailable);
    CHECK(kind_of(log.sync()) == error_kind::unavailable);
    CHECK(kind_of(log.sync()) == error_kind::unavailable);
  }
}

TEST_CASE(
    "the last file of all stays, so that a log which is there is not taken for one that is lost",
    "[commit_log]") {
  simulated_log disk;
  {
    commit_log log(disk, {.segment_size = 16 * log_block, .spare = 2});
    (void)started(log, 0);
  }
  disk.refuse_create(error_kind::full);
  commit_log log(disk, small); // Another size: the old segments are not used again.
  batches found;
  REQUIRE(log.start(hub, 0, into(found)));
  REQUIRE(log.settle());
  for (int i = 0; i < 30; ++i)
    (void)log.make_ready();
  CHECK(disk.names()->size() == 1);
  disk.refuse_create(std::nullopt);
  for (int i = 0; i < 60; ++i)
    (void)log.make_ready();
  CHECK(disk.names()->size() == 3);
  CHECK(log.exists());
}

TEST_CASE("a damaged batch with others behind it stops the start", "[commit_log][damage]") {
  simulated_log disk;
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    for (log_sequence n = 1; n <= 10; ++n)
      REQUIRE(log.append(batch_of(n, 1, 100).view()));
  }
  const auto block = static_cast<std::size_t>(GENERATE(1, 2, 5, 7));
  disk.overwrite("segment-00000003", block * log_block + 70, "#");
  commit_log log(disk, small);
  batches found;
  const auto done = log.start(hub, 0, into(found));
  REQUIRE(kind_of(done) == error_kind::corrupt);
  CHECK(found.empty());
  CHECK_THAT(done.error().message, Catch::Contains("records are missing"));
}

TEST_CASE("a segment with a damaged head, or of another journal, stops the start",
          "[commit_log][damage]") {
  simulated_log disk;
  {
    commit_log log(disk, small);
    (void)started(log, 0);
  }
  commit_log log(disk, small);
  batches found;
  SECTION("damaged") {
    disk.overwrite("segment-00000002", 9, "#");
    CHECK(kind_of(log.start(hub, 0, into(found))) == error_kind::corrupt);
  }
  SECTION("another journal's") {
    auto other = hub;
    other[3] = 77;
    const auto done = log.start(other, 0, into(found));
    CHECK(kind_of(done) == error_kind::corrupt);
    CHECK_THAT(done.error().message, Catch::Contains("another journal"));
  }
}

TEST_CASE("bytes inside a batch that look like a batch are none", "[commit_log]") {
  simulated_log disk;
  std::string inner;
  encode_batch(hub, 99, batch_of(2, 1, 50).view(), inner);
  // So that its own block begins with them.
  std::string outer_head;
  encode_batch(hub, 1, {1, 1, "boot-1", {}}, outer_head);
  const std::size_t frame = 4 + 1 + 16 + 8 + 8 + 4 + 1 + 6 + 4;
  kept_batch outer{1, 1, "boot-1", std::string(log_block - frame, 'x') + inner};
  {
    commit_log log(disk, small);
    (void)started(log, 0);
    REQUIRE(log.append(outer.view()));
  }
  const auto segment = disk.contents("segment-00000003");
  REQUIRE(batch_at(hub, std::string_view(segment).substr(2 * log_block)).value()); // It lies there.
  commit_log log(disk, small);
  CHECK(started(log, 0) == batches{outer});
}

TEST_CASE("a segment's head and a batch are on disk as FORMAT.md has them",
          "[commit_log][golden]") {
  const auto head = encode_segment_head(hub, 32768);
  REQUIRE(head.size() == log_block);
  CHECK(head.substr(0, 33) == unhex("4f 48 4c 53 01 01020304 05060708 090a0b0c 0d0e0f10"
                                    "00000000 00008000 4a861473"));
  CHECK(head.find_first_not_of('\0', 33) == std::string::npos);
  REQUIRE(check_segment_head(hub, head + std::string(32768 - log_block, '\0')));

  std::string batch;
  encode_batch(hub, 3, {258, 2, "bo", "row"}, batch);
  REQUIRE(batch.size() == log_block);
  CHECK(batch.substr(0, 55) == unhex("4f 48 4c 42 01 01020304 05060708 090a0b0c 0d0e0f10"
                                     "00000000 00000003 00000000 00000102 00000002"
                                     "02 62 6f 00000003 72 6f 77 df59e830"));
  CHECK(batch.find_first_not_of('\0', 55) == std::string::npos);
  const auto read = batch_at(hub, batch);
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->epoch == 3);
  CHECK((*read)->batch.first == 258);
  CHECK((*read)->batch.last() == 259);
  CHECK((*read)->batch.boot_id == "bo");
  CHECK((*read)->batch.row == "row");
  // Any byte changed, it is none.
  for (std::size_t at = 0; at < 55; ++at) {
    auto changed = batch;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(batch_at(hub, changed).value());
  }
}

} // namespace orderhub::testing
