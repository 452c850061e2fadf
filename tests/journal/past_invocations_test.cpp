#include "journal/base/random.hpp"
#include "journal/key.hpp"
#include "journal/past_invocations.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/must.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::journal;
using namespace orderhub::testing;

namespace {

constexpr unix_ms begun_at = 1'700'000'000'000;

class invocations {
public:
  void put(const object_id& object, const invocation_id& id, bool finished = true) {
    invocation_row row;
    row.object = object;
    row.invocation.id = id;
    row.invocation.finished = finished;
    row.invocation.input.handler = "h";
    put_raw(id, encode(row));
  }
  void put_raw(const invocation_id& id, const std::string& bytes) { rows_.emplace_back(id, bytes); }
  invocation_id made(unix_ms at) { return invocation_id::make(at, random_); }

  [[nodiscard]] past_invocations past(const std::vector<object_id>& objects,
                                      unix_ms accepted_at = begun_at) {
    auto txn = must(tables_.begin_write(false));
    for (const auto& [id, bytes] : rows_)
      REQUIRE(txn->put(table::iv, invocation_key(id), bytes));
    REQUIRE(txn->commit());
    auto rows = must(tables_.read());
    return must(past_of(*rows, objects, accepted_at));
  }

private:
  memory_store tables_;
  seeded_random random_{1};
  std::vector<std::pair<invocation_id, std::string>> rows_;
};

const object_id order{"OrderOrchestrator", "1"}, shipment{"Shipment", "1"},
    other{"OrderOrchestrator", "2"};

} // namespace

TEST_CASE("a request's finished invocations are found with all that they caused", "[past]") {
  invocations all;
  const auto request = all.made(begun_at - 2);
  const auto label = request.child(5);
  all.put(order, request);
  all.put(shipment, label);
  all.put(other, all.made(begun_at - 2));
  all.put(order, request.child(7), /*finished=*/false); // Live: its object has it.
  all.put(order, all.made(begun_at + 60'000));          // Of a later request.
  const auto past = all.past({order, shipment});
  CHECK(past.is_whole);
  REQUIRE(past.found.size() == 2);
  for (const auto& row : past.found)
    CHECK((row.invocation.id == request || row.invocation.id == label));
  CHECK(all.past({{"OrderOrchestrator", "3"}}).found.empty());
}

TEST_CASE("a request that waited long for its turn is found too", "[past]") {
  const std::int64_t waited = GENERATE(0, 4, 150, 4'000);
  CAPTURE(waited);
  invocations all;
  all.put(order, all.made(begun_at - waited));
  CHECK(all.past({order}).found.size() == 1);
}

TEST_CASE("a bounded number of rows is looked at, and it is said where that was not all",
          "[past]") {
  invocations all;
  for (std::size_t i = 0; i < past_rows_max + 10; ++i)
    all.put(other, all.made(begun_at - 1));
  all.put(order, all.made(begun_at));
  const auto past = all.past({order});
  CHECK_FALSE(past.is_whole);
  CHECK(past.found.empty());
  const auto many = all.past({other});
  CHECK_FALSE(many.is_whole);
  CHECK(many.found.size() == past_found_max);
}

TEST_CASE("a row that cannot be read hides no other", "[past][damage]") {
  invocations all;
  const auto request = all.made(begun_at);
  all.put(order, request);
  auto bytes = encode(invocation_row{order, {}});
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  all.put_raw(request.child(1), bytes);
  all.put_raw(request.child(2), "");
  all.put_raw(request.child(3), std::string("\x01\xff", 2));
  CHECK(all.past({order}).found.size() == 1);
}
