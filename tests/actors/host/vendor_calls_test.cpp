// What is seen of the calls to a vendor, and that it stays small.
#include "actors/durable/object_machine.hpp"
#include "actors/host/vendor_calls.hpp"
#include "providers/transport.hpp"
#include "tests/support/catch2.hpp"

#include <cstdint>
#include <string>

using namespace orderhub;
using namespace orderhub::host;

namespace {

durable::vendor_call call_to(std::string vendor, std::string target) {
  durable::vendor_call c;
  c.vendor = std::move(vendor);
  c.call_class = "list";
  c.request = {"GET", std::move(target), {}, "abc"};
  return c;
}

seen_call ended(std::int64_t took_ms, int status, std::string_view call_class = "write") {
  auto c = call_to("stripe", "/v1/x");
  c.call_class = call_class;
  auto s = seen(c);
  note_end(s, {providers::outcome_kind::response, {status, {}, ""}, {}});
  s.took_ms = took_ms;
  return s;
}

constexpr std::int64_t hour = 3'600'000;

} // namespace

TEST_CASE("a call shows its path without what a query or a shop's own path may hold",
          "[host][calls]") {
  CHECK(seen(call_to("twilio", "/2010-04-01/Messages.json?To=%2B15551234567")).what ==
        "GET /2010-04-01/Messages.json");
  CHECK(seen(call_to("stripe", "/v1/a@example.com/b")).what == "GET /v1/…/b");
  CHECK(seen(call_to("custom_erp", "/customers/Ada")).what == "GET");
  const auto s = seen(call_to("stripe", "/" + std::string(200, 'a')));
  CHECK(s.what.size() == 64);
  CHECK(s.request_bytes == 3);
  CHECK(call_classes.at(s.call_class) == "list");
}

TEST_CASE("a call's end says what came of it, and how the vendor names it", "[host][calls]") {
  auto s = seen(call_to("stripe", "/v1/x"));
  SECTION("an answer") {
    note_end(s, {providers::outcome_kind::response,
                 {200, {{"request-id", "req_1"}, {"x-request-id", "other"}}, "four"},
                 {}});
    CHECK(s.was_answered);
    CHECK(s.status == 200);
    CHECK(s.answer_bytes == 4);
    CHECK(s.request_id == "req_1");
    CHECK_FALSE(s.has_failed());
  }
  SECTION("a server error") {
    note_end(s, {providers::outcome_kind::response, {503, {{"request-id", "a b"}}, ""}, {}});
    CHECK(s.has_failed());
    CHECK(s.request_id.empty());
  }
  SECTION("none") {
    note_end(s, {providers::outcome_kind::lost, {}, "reset"});
    CHECK(s.has_failed());
    CHECK(s.why == "lost");
  }
}

TEST_CASE("the newest calls are kept, newest first, and samples by class and ten seconds",
          "[host][calls]") {
  call_record record(call_record_sizes_for(10));
  unix_ms now = 1'800'000'000'000;
  for (int i = 0; i < 300; ++i) {
    auto c = ended(10 + i % 2 * 20, i % 3 == 0 ? 500 : 200, i % 2 == 0 ? "write" : "read");
    c.at = now + i;
    record.add(std::move(c), now);
  }
  const auto calls = record.calls();
  REQUIRE(calls.size() == 200);
  CHECK(calls.front().at == now + 299);
  const auto points = record.series(hour, now);
  REQUIRE(points.size() == 2);
  CHECK(points[0].sample.calls == 150);
  CHECK(points[0].sample.failed == 50);
  CHECK(points[0].sample.mean_ms == 10);
  CHECK(points[1].sample.max_ms == 30);
  CHECK(record.in(300'000, now).failed == 100);

  record.add(ended(70'000, 200), now + sample_ms);
  CHECK(record.series(hour, now + sample_ms).back().sample.max_ms == 65'535);
  // What is older than the range, or than six hours, is not there; nor what stood in its place.
  CHECK(record.series(hour, now + 2 * hour).empty());
  CHECK(record.series(6 * hour, now + 2 * hour).size() == 3);
  record.add(ended(1, 200), now + 6 * hour);
  const auto late = record.series(6 * hour, now + 6 * hour);
  CHECK(late.front().at > now);
  CHECK(late.back().sample.calls == 1);
}

TEST_CASE("the clock may go back, and no sample is lost or read twice", "[host][calls]") {
  call_record record(call_record_sizes_for(1));
  const unix_ms now = 1'800'000'000'000;
  record.add(ended(1, 200), now);
  record.add(ended(1, 200), now - hour);
  CHECK(record.in(hour, now).calls == 2);
}

TEST_CASE("all of it stays below two megabytes, however many vendors there are", "[host][calls]") {
  for (const std::size_t vendors : {1, 4, 10, 13, 20, 60, 1'000}) {
    CAPTURE(vendors);
    const auto sizes = call_record_sizes_for(vendors);
    constexpr std::size_t texts = 64 + 128 + 64;
    const auto all = vendors * (sizes.calls * (sizeof(seen_call) + texts) +
                                sizes.samples * call_classes.size() * sizeof(call_sample));
    CHECK(all <= std::size_t{2} << 20U);
    if (vendors <= 10) {
      CHECK(sizes.calls == 200);
      CHECK(sizes.samples == 2'160);
    }
  }
}
