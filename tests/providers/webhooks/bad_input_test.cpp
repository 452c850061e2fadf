// What every reader has in common: nothing it is given makes it fail, and nothing is unbounded.
#include "journal/base/text.hpp"
#include "providers/webhooks/fields.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>

namespace orderhub::providers {
namespace {

using testing::sent_delivery;

bool is_bounded(const webhooks::event& e) {
  const auto fits = [](const std::string& text) { return text.size() <= webhooks::text_size_max; };
  return fits(e.id) && fits(e.type) && fits(e.about.hub) && fits(e.about.order_id) &&
         fits(e.about.step) && fits(e.about.attempt) && fits(e.generation) &&
         fits(e.idempotency_key) && fits(e.currency) && fits(e.code) && fits(e.reference) &&
         fits(e.action) && fits(e.actor) && e.vendor_ids.size() <= webhooks::vendor_ids_max &&
         std::all_of(e.vendor_ids.begin(), e.vendor_ids.end(), fits) && e.at_ms >= 0;
}

std::vector<sent_delivery> hostile() {
  std::vector<std::string> bodies = {
      "",
      "{}",
      "[]",
      "null",
      "\xef\xbb\xbf{}",
      "\xff\xfe{\0}\0",
      "{\"id\":\"evt_1\",\"type\":\"a.b\"} {}",
      "{\"id\":\"evt_1\",\"id\":\"evt_2\",\"type\":\"a.b\"}",
      "{\"id\":\"evt_1\",\"type\":\"a.b\",\"data\":{\"object\":{\"id\":1,\"id\":2}}}",
      "{\"id\":\"evt_1\",\"type\":\"a.b\",\"data\":" + std::string(10'000, '[') + "}",
      "{\"id\":\"evt_1\",\"type\":\"a.b\",\"created\":1e400}",
      "{\"id\":\"evt_1\",\"type\":\"a.b\",\"created\":99999999999999999999}",
      "{\"id\":\"\\ud800\",\"type\":\"a.b\"}",
      "{\"event\":\"track_updated\",\"data\":{\"tracking_number\":\"" + std::string(9'000, '9') +
          "\",\"tracking_status\":{\"status_date\":\"2026-02-30T00:00:00Z\"}}}",
      "payload=" + std::string(3'000, '%'),
      "payload=%7B%22type%22:%22block_actions%22,%22actions%22:[[]]%7D",
      std::string(1'000'000, '{'),
      "[" + std::string(9'999, ',') + "]",
      "{\"a\":[" + std::string(300'000, '[') + "]}",
      "MessageSid=SM1&MessageStatus=" + std::string(9'000, 'a'),
      std::string(200'000, '&') + "a=b",
      std::string("a\0b=c", 5),
  };
  std::string wide = "{\"id\":\"evt_1\",\"type\":\"a.b\",\"data\":[0";
  for (int i = 0; i < 250'000; ++i)
    wide += ",0";
  bodies.push_back(wide + "]}");
  std::vector<sent_delivery> all;
  for (auto& body : bodies) {
    sent_delivery sent;
    sent.body = std::move(body);
    sent.target = "/webhooks/x?order_id=%ff&hub=" + std::string(3'000, 'h') + "&step=%zz";
    sent.headers = {{"X-GitHub-Event", std::string(5'000, 'e')},
                    {"X-GitHub-Delivery", std::string("\x01\xff", 2)},
                    {"webhook-id", std::string(5'000, 'i')}};
    all.push_back(std::move(sent));
  }
  return all;
}

TEST_CASE("no body makes a reader fail, or is kept without bound", "[webhooks]") {
  for (const auto& sent : hostile())
    for (const auto& source : webhooks::sources()) {
      CAPTURE(source.vendor, sent.body.substr(0, 60), sent.body.size());
      const auto all = testing::read(source.vendor, sent);
      CHECK(all.problem.size() < 200);
      CHECK((all.problem.empty() || all.elements.empty()));
      for (const auto& one : all.elements) {
        if (!one.problem.empty())
          continue;
        CHECK_FALSE(one.what.id.empty());
        CHECK(is_bounded(one.what));
      }
    }
}

TEST_CASE("a header that is missing, empty, doubled or garbage is never taken", "[webhooks]") {
  const char* names[] = {"Stripe-Signature",
                         "X-Twilio-Email-Event-Webhook-Signature",
                         "X-Twilio-Email-Event-Webhook-Timestamp",
                         "Shippo-Auth-Signature",
                         "X-Slack-Signature",
                         "X-Slack-Request-Timestamp",
                         "X-Twilio-Signature",
                         "X-Hub-Signature-256"};
  for (const std::string& value :
       {std::string(), std::string(" "), std::string("="), std::string(","), std::string("t=,v1="),
        std::string("v0="), std::string("sha256="), std::string("\xff\xfe\x01"),
        std::string(100'000, 'A'), std::string(100'000, ',')})
    for (const auto& source : webhooks::sources())
      for (const int copies : {0, 1, 2}) {
        CAPTURE(source.vendor, value.substr(0, 10), value.size(), copies);
        sent_delivery sent;
        sent.body = "{}";
        for (const char* name : names)
          for (int i = 0; i < copies; ++i)
            sent.headers.emplace_back(name, value);
        const auto verdict = testing::verify(source.vendor, sent, {"key"}, "https://hub.example");
        CHECK(verdict.why != webhooks::refusal::none);
        CHECK(verdict.why != webhooks::refusal::no_secret);
        CHECK(testing::verify(source.vendor, sent, {}, "").why == webhooks::refusal::no_secret);
      }
}

TEST_CASE("an id is kept as it is, or as its digest", "[webhooks]") {
  CHECK(webhooks::known_id("") == "");
  CHECK(webhooks::known_id("evt_1:a/b==") == "evt_1:a/b==");
  for (const std::string& odd : {std::string("a b"), std::string("a\n"), std::string("\xc3\xa9"),
                                 std::string(201, 'a'), std::string("\0", 1)}) {
    const auto id = webhooks::known_id(odd);
    CHECK(id.starts_with("sha256:"));
    CHECK(id.size() == 71);
    CHECK(id != webhooks::known_id(odd + 'x'));
  }
}

TEST_CASE("what cannot be a step of ours is none", "[webhooks]") {
  const auto named = [](std::string order, std::string step, std::string hub = "h") {
    return webhooks::ref_of(hub, order, step, "1").order_id;
  };
  CHECK(named(std::string(255, 'x'), std::string(64, 's')) == std::string(255, 'x'));
  CHECK(named("\xc3\xa9 1/2", "charge") == "\xc3\xa9 1/2");
  for (const auto& order :
       {std::string(256, 'x'), std::string("a\n"), std::string("\0", 1), std::string("\xff")})
    CHECK(named(order, "charge").empty());
  CHECK(named("1", std::string(65, 's')).empty());
  CHECK(named("1", "a\tb").empty());
  CHECK(named("1", "charge", std::string(65, 'h')).empty());
}

TEST_CASE("another program's metadata in a Shippo event is bounded", "[webhooks]") {
  const auto of = [](const std::string& order) {
    return testing::read_one("shippo",
                             R"({"event":"track_updated","data":{"carrier":"usps",)"
                             R"("tracking_number":"9","tracking_status":{"status":"TRANSIT"},)"
                             R"("metadata":"oh:00112233445566778899aabbccddeeff gen:1 order_id:)" +
                                 order + R"( step:label"}})");
  };
  CHECK(is_bounded(of("7")));
  CHECK(is_bounded(of(std::string(100'000, 'x'))));
  CHECK(of(std::string(100'000, 'x')).about.order_id.empty());
}

TEST_CASE("a time is read in the ways that vendors write it", "[webhooks]") {
  struct row {
    const char* text;
    std::int64_t ms;
  };
  for (const auto& [text, ms] :
       {row{"2026-11-25T09:35:06Z", 1'795'599'306'000},
        row{"2026-11-25T09:35:06.123456Z", 1'795'599'306'123},
        row{"2026-11-25T09:35:06.5", 1'795'599'306'500},
        row{"2026-11-25T10:35:06+01:00", 1'795'599'306'000},
        row{"2026-11-25 05:05:06-0430", 1'795'599'306'000}, row{"1970-01-01T00:00:00Z", 0},
        row{"2026-11-25", 0}, row{"2026-02-30T00:00:00Z", 0}, row{"2026-11-25T24:00:00Z", 0},
        row{"2026-11-25T09:35:06X", 0}, row{"2026-11-25T09:35:06+", 0}, row{"", 0},
        row{"2026-11-25T09:35:06Z ", 0}, row{"-026-11-25T09:35:06Z", 0},
        row{"1969-12-31T23:59:59Z", 0}, row{"2026-1-25T09:35:06Z", 0}}) {
    CAPTURE(text);
    CHECK(webhooks::utc_ms_of(text) == ms);
  }
}

TEST_CASE("each kind of event has a name of its own", "[webhooks]") {
  for (int i = 0; i <= static_cast<int>(webhooks::event_kind::message_posted); ++i) {
    const auto kind = static_cast<webhooks::event_kind>(i);
    CAPTURE(i, std::string(webhooks::name_of(kind)));
    CHECK(webhooks::name_of(kind) != "unknown");
    CHECK(webhooks::event_kind_named(webhooks::name_of(kind)) == kind);
  }
  CHECK_FALSE(webhooks::event_kind_named("unknown"));
  CHECK_FALSE(webhooks::event_kind_named(""));
}

TEST_CASE("a list of secrets is split at its commas", "[webhooks]") {
  const auto split = [](const char* text) {
    std::vector<std::string> all;
    for (const auto& one : webhooks::split_secrets(secret(text)))
      all.push_back(one.reveal());
    return all;
  };
  CHECK(split("").empty());
  CHECK(split(" , ,").empty());
  CHECK(split("a") == std::vector<std::string>{"a"});
  CHECK(split(" a ,b,, c d ") == std::vector<std::string>{"a", "b", "c d"});
}

} // namespace
} // namespace orderhub::providers
