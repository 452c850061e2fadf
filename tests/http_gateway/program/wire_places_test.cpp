#include "http_gateway/program/wire_places.hpp"
#include "tests/support/catch2.hpp"

#include <cstdint>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

constexpr std::uint64_t others = 1'000;
constexpr file_use five_vendors{5, 1, others};

} // namespace

TEST_CASE("reads and look-ups have a quarter of a vendor's calls each", "[wire_places]") {
  const auto places = places_for({}, 4'096);
  CHECK(places.effects == 4'096);
  CHECK(places.reads == 1'024);
  CHECK(places.lookups == 1'024);
  CHECK(places_for({}, 1).lookups == 32);
}

TEST_CASE("places are as wished where there are files for all", "[wire_places]") {
  const auto places = places_for({}, 4'096);
  const auto wanted = files_wanted(places, five_vendors);
  CHECK(wanted == others + 5 * 6'144);
  CHECK(places_within(places, five_vendors, wanted).a_vendor() == 6'144);
}

TEST_CASE("few files make few places of each kind", "[wire_places]") {
  const auto places = places_for({}, 4'096);
  for (const std::uint64_t files : {2'000U, 5'000U, 20'000U, 31'000U}) {
    const auto fewer = places_within(places, five_vendors, files);
    CAPTURE(files, fewer.effects, fewer.reads, fewer.lookups);
    CHECK(files_wanted(fewer, five_vendors) <= files);
    CHECK(fewer.effects >= 2 * fewer.reads);
    CHECK(fewer.reads == fewer.lookups);
    CHECK(fewer.lookups >= 16);
  }
}

TEST_CASE("a vendor inside the program takes both ends' files", "[wire_places]") {
  const auto places = places_for({}, 4'096);
  const file_use mocks{5, 2, others};
  CHECK(files_wanted(places, mocks) == others + 2 * 5 * 6'144);
  CHECK(files_wanted(places_within(places, mocks, 20'000), mocks) <= 20'000);
}

TEST_CASE("without files for anything each kind keeps a few places", "[wire_places]") {
  const auto fewer = places_within(places_for({}, 4'096), five_vendors, 10);
  CHECK(fewer.effects == 16);
  CHECK(fewer.lookups == 16);
  CHECK(places_within(places_for({}, 8), five_vendors, 10).effects == 8);
}
