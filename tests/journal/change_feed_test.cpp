#include "journal/change_feed.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace orderhub::testing {

using namespace journal;

namespace {

/// A turn of one record of each of these objects.
std::vector<turn> turn_about(const std::vector<std::string>& keys) {
  std::vector<record> records;
  for (const auto& key : keys)
    records.push_back(input_record({"Order", key}, invocation_at(day_one, 1), day_one));
  auto turns = one_turn(std::move(records));
  for (auto& t : turns)
    REQUIRE(prepare(t));
  return turns;
}

std::string keys_of(const change_feed::changes& changes) {
  std::string all;
  for (const auto& c : changes.found)
    all += c.object.key + ':' + std::to_string(c.lsn) + ' ';
  return all;
}

} // namespace

TEST_CASE("changes are read in the log's order, from any place of it", "[journal][changes]") {
  change_feed feed;
  feed.start(7, 7, {});
  feed.add(7, turn_about({"a", "a", "b"}));
  feed.add(10, turn_about({"a"}));
  CHECK(feed.newest() == 11);
  CHECK(keys_of(feed.read(7)) == "a:9 b:10 a:11 "); // One object's records in a row are one change.
  CHECK(keys_of(feed.read(9)) == "b:10 a:11 ");
  CHECK(feed.read(11).found.empty());
  CHECK(feed.read(11).upto == 11);
  // A part says how far it goes.
  CHECK(keys_of(feed.read(7, 2)) == "a:9 b:10 ");
  CHECK(feed.read(7, 2).upto == 10);
}

TEST_CASE("who was away for too long is told so, and where the log is", "[journal][changes]") {
  change_feed few(3);
  few.start(0, 0, {});
  for (log_sequence lsn = 0; lsn < 5; ++lsn)
    few.add(lsn, turn_about({std::to_string(lsn)}));
  CHECK(few.read(1).is_lost);
  CHECK(few.read(1).upto == 5);
  CHECK(keys_of(few.read(2)) == "2:3 3:4 4:5 ");
  CHECK(few.read(6).is_lost); // That is no place of this log.

  // The room for keys ends sooner where they are long; each lies in one piece.
  change_feed small(1'000, 700);
  small.start(0, 0, {});
  for (log_sequence lsn = 0; lsn < 100; ++lsn) {
    const std::string key(1 + lsn % 200, static_cast<char>('a' + lsn % 26));
    small.add(lsn, turn_about({key}));
    const auto read = small.read(lsn);
    REQUIRE(read.found.size() == 1);
    CHECK(read.found.front().object.key == key);
  }
  CHECK(small.read(0).is_lost);
}

// A mirror that looks only at what it is told has changed is the journal, whatever the order of
// commits, checkpoints and restarts.
TEST_CASE("no change goes unsaid, over checkpoints and kills", "[journal][changes][random]") {
  std::size_t resumed = 0;
  const auto all = seeds(1, 8);
  for (const auto seed : all) {
    CAPTURE(seed);
    turn_maker maker(seed);
    memory_store tables;
    auto options = slow_options();
    options.checkpoint_bytes = 20'000;
    auto feed = std::make_unique<change_feed>();
    options.changes = feed.get();
    auto journal = opened(tables, options);
    reference expected;
    std::map<object_id, object_state> mirror;
    log_sequence place = 0;
    for (int round = 0; round < 150; ++round) {
      CAPTURE(round);
      auto turns = maker.next(expected);
      expected.commit(turns);
      REQUIRE(journal->commit(turns));
      if (maker.below(10) == 0)
        REQUIRE(journal->maintain(maker.now()));
      if (maker.below(12) == 0) { // Killed: nothing but the store is left.
        journal.reset();
        feed = std::make_unique<change_feed>();
        options.changes = feed.get();
        journal = opened(tables, options);
      }
      if (maker.below(3) != 0)
        continue;
      const auto changes = feed->read(place);
      CHECK(changes.upto <= expected.last_lsn());
      resumed += changes.is_lost ? 0 : 1;
      place = changes.upto;
      if (changes.is_lost)
        for (const auto& [id, state] : expected.objects())
          mirror.insert_or_assign(id, state);
      for (const auto& c : changes.found)
        mirror.insert_or_assign(c.object, expected.load(c.object));
      if (place != expected.last_lsn())
        continue;
      for (const auto& [id, state] : expected.objects()) {
        CAPTURE(id.text());
        CHECK(mirror[id].folded_to == state.folded_to);
      }
    }
  }
  CHECK(resumed > 12 * all.size());
}

} // namespace orderhub::testing
