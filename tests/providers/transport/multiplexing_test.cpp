
#include "providers/transport/curl_transport.hpp"
#include "providers/transport/host_protocols.hpp"
#include "tests/providers/transport/http2_vendor.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace orderhub::providers {
namespace {

using testing::http2_vendor;
using kind = outcome_kind;

wire_request shared_post(std::string url) {
  wire_request request;
  request.method = "POST";
  request.url = secret(std::move(url));
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "amount=1";
  request.deadline_ms = 20'000;
  request.may_multiplex = true;
  return request;
}

curl_transport_options trusting(const http2_vendor& vendor) {
  curl_transport_options options;
  options.ca_file = vendor.ca_file();
  return options;
}

using outcomes = std::vector<std::future<transport_outcome>>;

std::future<transport_outcome> start(transport& t, wire_request request) {
  auto promise = std::make_shared<std::promise<transport_outcome>>();
  auto outcome = promise->get_future();
  t.send(std::move(request), [promise](transport_outcome o) { promise->set_value(std::move(o)); });
  return outcome;
}

transport_outcome call(transport& t, wire_request request) {
  return start(t, std::move(request)).get();
}

} // namespace

TEST_CASE("calls that may multiplex share connections, so many on each", "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.streams_max = 20;
  curl_transport t(options);
  // Until one answer is there, nobody knows what the host speaks.
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  outcomes all;
  for (int i = 0; i < 200; ++i)
    all.push_back(start(t, shared_post(vendor.url("/wait/300"))));
  for (auto& one : all) {
    const auto outcome = one.get();
    REQUIRE(outcome.kind == kind::response);
    CHECK(outcome.response.status == 200);
    CHECK(outcome.response.body == "{}");
  }
  auto log = vendor.log();
  CHECK(log["/wait/300"] == 200);
  CHECK(log["connections_h1"] == 0);
  CHECK(log["connections_h2"] >= 10);
  CHECK(log["connections_h2"] <= 12);
  CHECK(log["streams_at_once"] <= 20);
}

TEST_CASE("what may not multiplex has a connection of its own", "[transport][http2]") {
  http2_vendor vendor;
  curl_transport t(trusting(vendor));
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  auto label = shared_post(vendor.url("/answer"));
  label.may_multiplex = false;
  auto repeat = shared_post(vendor.url("/answer"));
  repeat.fresh_connection = true;
  REQUIRE(call(t, label).kind == kind::response);
  REQUIRE(call(t, repeat).kind == kind::response);
  auto log = vendor.log();
  CHECK(log["connections_h2"] == 1);
  CHECK(log["connections_h1"] == 2);
}

TEST_CASE("multiplexing can be turned off", "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.multiplexes = false;
  curl_transport t(options);
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  CHECK(vendor.log()["connections_h2"] == 0);
}

// The protocol lets a client send again what was refused; a server that had done the work does it
// twice then.
TEST_CASE("a stream that is refused after the work is lost and not sent again",
          "[transport][http2][resend]") {
  const std::string path = GENERATE("/refuse", "/break", "/goaway", "/drop/1");
  const bool is_warm = GENERATE(false, true);
  CAPTURE(path, is_warm);
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.body_with_head = GENERATE(true, false);
  curl_transport t(options);
  if (is_warm)
    REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  const auto outcome = call(t, shared_post(vendor.url(path)));
  CHECK(outcome.kind == kind::lost);
  CHECK(vendor.log()[path] == 1);
  // The repeat, and whoever comes next, get through.
  const auto next = call(t, shared_post(vendor.url("/answer")));
  CAPTURE(next.reason);
  CHECK(next.kind == kind::response);
  auto repeat = shared_post(vendor.url("/answer"));
  repeat.fresh_connection = true;
  CHECK(call(t, repeat).kind == kind::response);
}

TEST_CASE("a connection that breaks loses all of its calls once", "[transport][http2][resend]") {
  http2_vendor vendor;
  curl_transport t(trusting(vendor));
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  outcomes all;
  for (int i = 0; i < 50; ++i)
    all.push_back(start(t, shared_post(vendor.url("/drop/50"))));
  for (auto& one : all)
    CHECK(one.get().kind == kind::lost);
  CHECK(vendor.log()["/drop/50"] == 50);
  CHECK(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
}

TEST_CASE("a refusal by a shared connection leaves it to the others", "[transport][http2]") {
  http2_vendor vendor;
  curl_transport t(trusting(vendor));
  for (int i = 0; i < 3; ++i) {
    CHECK(call(t, shared_post(vendor.url("/decline"))).response.status == 402);
    CHECK(call(t, shared_post(vendor.url("/answer"))).response.status == 200);
  }
  CHECK(vendor.log()["connections_h2"] == 1);
}

TEST_CASE("a host whose shared connection hangs gets connections for single calls",
          "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.suspect_ms = GENERATE(90'000, 0);
  CAPTURE(options.suspect_ms);
  curl_transport t(options);
  auto hanging = shared_post(vendor.url("/hang"));
  hanging.deadline_ms = 1'000;
  const auto outcome = call(t, std::move(hanging));
  CHECK(outcome.kind == kind::lost);
  CHECK(outcome.reason == "deadline passed");
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  auto log = vendor.log();
  CHECK(log["connections_h2"] == 1);
  CHECK(log["connections_h1"] == (options.suspect_ms > 0 ? 1 : 0));
}

TEST_CASE("calls to a host that nobody knows yet wait for no other call", "[transport][http2]") {
  const std::string speaks = GENERATE("http/1.1", "h2,http/1.1");
  CAPTURE(speaks);
  http2_vendor vendor(speaks);
  curl_transport t(trusting(vendor));
  outcomes all;
  all.push_back(start(t, shared_post(vendor.url("/wait/1500"))));
  for (int i = 0; i < 40; ++i)
    all.push_back(start(t, shared_post(vendor.url("/wait/20"))));
  for (auto& one : all)
    CHECK(one.get().kind == kind::response);
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  auto log = vendor.log();
  CHECK(log["/wait/20"] == 40);
  CHECK(log["connections_h1"] >= 1);
  CHECK(log["connections_h2"] == (speaks == "http/1.1" ? 0 : 1));
}

TEST_CASE("large answers by one connection are bounded without holding others up",
          "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.large_answers_max = GENERATE(8, 2);
  CAPTURE(options.large_answers_max);
  curl_transport t(options);
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  outcomes all;
  for (int i = 0; i < 8; ++i)
    all.push_back(start(t, shared_post(vendor.url("/large/1000000"))));
  std::size_t whole = 0;
  for (auto& one : all) {
    const auto outcome = one.get();
    if (outcome.kind == kind::response)
      whole += outcome.response.body.size() == 1'000'000 ? 1 : 0;
    else
      CHECK(outcome.reason == "too many large answers at once");
  }
  CHECK(whole >= options.large_answers_max);
  const auto next = call(t, shared_post(vendor.url("/answer")));
  CAPTURE(next.reason);
  CHECK(next.kind == kind::response);
  auto log = vendor.log();
  CHECK(log["/large/1000000"] == 8);
  CHECK(log["connections_h2"] == 1);
}

TEST_CASE("an answer over the limit ends its stream and not the connection", "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.answer_size_max = 500'000;
  curl_transport t(options);
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  const auto outcome = call(t, shared_post(vendor.url("/large/1000000")));
  CHECK(outcome.kind == kind::lost);
  CHECK(outcome.reason == "answer too large");
  CHECK(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  CHECK(vendor.log()["connections_h2"] == 1);
}

TEST_CASE("many answers of all sizes beside broken streams are each whole and their call's own",
          "[transport][http2]") {
  http2_vendor vendor;
  auto options = trusting(vendor);
  options.large_answers_max = 1'000;
  curl_transport t(options);
  REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
  std::minstd_rand dice(17);
  for (int round = 0; round < 6; ++round) {
    std::vector<std::pair<std::string, std::size_t>> asked; // No word: its stream breaks.
    outcomes all;
    for (int i = 0; i < 150; ++i) {
      const auto shown = dice() % 10;
      const std::size_t size = shown == 0  ? dice() % 300'000
                               : shown < 4 ? dice() % 20'000
                                           : 20 + dice() % 500;
      if (shown == 9) {
        asked.emplace_back("", 0);
        all.push_back(start(t, shared_post(vendor.url(i % 2 == 0 ? "/refuse" : "/break"))));
        continue;
      }
      asked.emplace_back(std::to_string(round) + '.' + std::to_string(i) + '.', size);
      auto request =
          shared_post(vendor.url("/tell/" + std::to_string(size) + '?' + asked.back().first));
      request.body = std::string(dice() % 2'000, 'b');
      all.push_back(start(t, std::move(request)));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto outcome = all[i].get();
      const auto& [word, size] = asked[i];
      if (word.empty()) {
        CHECK(outcome.kind == kind::lost);
        continue;
      }
      CAPTURE(round, i, size, outcome.reason);
      REQUIRE(outcome.kind == kind::response);
      CHECK(outcome.response.body.starts_with(word));
      CHECK(outcome.response.body.size() == std::max(size, word.size()));
    }
  }
  CHECK(vendor.log()["connections_h1"] == 0);
}

TEST_CASE("stopping ends the calls of a shared connection as lost", "[transport][http2]") {
  http2_vendor vendor;
  outcomes all;
  {
    curl_transport t(trusting(vendor));
    REQUIRE(call(t, shared_post(vendor.url("/answer"))).kind == kind::response);
    for (int i = 0; i < 5; ++i)
      all.push_back(start(t, shared_post(vendor.url("/hang"))));
    while (vendor.log()["/hang"] < 5)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (auto& one : all)
    CHECK(one.get().kind == kind::lost);
}

TEST_CASE("what a host speaks is known by its answers", "[transport][http2]") {
  using std::chrono::seconds;
  host_protocols hosts(seconds(90));
  const host_protocols::time_point start{};
  const auto at = [&](int s) { return start + seconds(s); };
  REQUIRE(hosts.shares("vendor.example", start));
  SECTION("one call tries, the others wait for its answer") {
    CHECK_FALSE(hosts.shares("vendor.example", at(1)));
    CHECK(hosts.shares("other.example", at(1)));
    hosts.answered("vendor.example", true, at(2));
    CHECK(hosts.shares("vendor.example", at(2)));
    CHECK(hosts.shares("vendor.example", at(100'000)));
  }
  SECTION("a try that fails or is not heard of is followed by another") {
    hosts.failed("vendor.example", at(2));
    CHECK(hosts.shares("vendor.example", at(2)));
    CHECK_FALSE(hosts.shares("vendor.example", at(61)));
    CHECK(hosts.shares("vendor.example", at(62)));
  }
  SECTION("without HTTP/2 the next try is later") {
    hosts.answered("vendor.example", false, at(2));
    CHECK_FALSE(hosts.shares("vendor.example", at(601)));
    CHECK(hosts.shares("vendor.example", at(602)));
  }
  SECTION("who hangs is left alone, whatever it answers to others") {
    hosts.answered("vendor.example", true, at(2));
    hosts.hung("vendor.example", at(10));
    hosts.answered("vendor.example", true, at(11));
    hosts.failed("vendor.example", at(12));
    CHECK_FALSE(hosts.shares("vendor.example", at(99)));
    CHECK(hosts.shares("vendor.example", at(100)));
  }
  SECTION("a failure is no reason to stop sharing") {
    hosts.answered("vendor.example", true, at(2));
    hosts.failed("vendor.example", at(3));
    CHECK(hosts.shares("vendor.example", at(3)));
  }
  SECTION("so many hosts are remembered, who was heard of longest ago goes first") {
    hosts.answered("vendor.example", false, at(1));
    for (std::size_t i = 1; i < host_protocols::hosts_max; ++i)
      hosts.hung("host-" + std::to_string(i), at(10));
    CHECK_FALSE(hosts.shares("vendor.example", at(11)));
    hosts.hung("one-more", at(12));
    CHECK_FALSE(hosts.shares("host-1", at(12)));
    CHECK(hosts.shares("vendor.example", at(12)));
  }
}

} // namespace orderhub::providers
