// Verified events beside an order, in any order, often, and with losses of power between.
#include "tests/support/catch2.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

namespace {

using handlers::receipt;
using providers::mock::effect_kind;

world_settings listening(std::string_view control, std::uint64_t seed) {
  auto s = with_faults(control);
  s.seed = seed;
  s.orders.payment_events = s.orders.label_events = s.orders.mail_events = true;
  return s;
}

/// What is said of the order's payment and parcel.
std::vector<receipt> life_of(const event_sender& from) {
  return {from.payment(event_kind::payment_processing, "evt_0"),
          from.payment(event_kind::payment_succeeded, "evt_1"),
          from.tracking(event_kind::tracking_unknown, "track_0"),
          from.tracking(event_kind::in_transit, "track_1"),
          from.tracking(event_kind::delivered, "track_2"),
          from.payment(event_kind::payment_succeeded, "evt_2")};
}

/// What SendGrid says of its confirmation, which it does not do before it has it.
std::vector<receipt> mails_of(const event_sender& from) {
  return {from.mail(event_kind::mail_processed, "mail_1", "mail_confirm"),
          from.mail(event_kind::mail_delivered, "mail_2", "mail_confirm")};
}

/// Each of them one to three times, shuffled.
std::vector<receipt> shuffled(const std::vector<receipt>& events, std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  std::vector<receipt> all;
  for (const auto& event : events)
    for (std::uint64_t n = 1 + dice() % 3; n > 0; --n)
      all.push_back(event);
  std::shuffle(all.begin(), all.end(), dice);
  return all;
}

/// What became of the order, and how often anybody was told. That it is on its way is news only
/// until it has come, so that this depends on the order of the events.
std::string summary(world& w) {
  std::string text = comparable(w.order("1").body);
  for (const std::string_view news : {R"("announce_shipped":"sent",)", R"(,"mail_shipped":"sent")"})
    if (const auto at = text.find(news); at != std::string::npos)
      text.erase(at, news.size());
  for (const auto& [kind, step] :
       {std::pair(effect_kind::charge, ""), std::pair(effect_kind::label, ""),
        std::pair(effect_kind::mail, "mail_confirm"),
        std::pair(effect_kind::mail, "mail_delivered"),
        std::pair(effect_kind::message, "announce_delivered")})
    text += ' ' + std::to_string(w.effects("1", kind, step));
  return text;
}

} // namespace

TEST_CASE("a life's events give the same facts in every order, with duplicates",
          "[webhooks][property]") {
  std::string expected;
  for (const auto seed : seeds(1, 60)) {
    INFO("seed " << seed);
    world w(listening("[]", seed));
    event_sender vendors(w);
    w.call({"OrderOrchestrator", "1"}, "ProcessOrder", order_body());
    w.run();
    auto life = life_of(vendors);
    for (auto& mail : mails_of(vendors))
      life.push_back(std::move(mail));
    for (const auto& event : shuffled(life, seed))
      vendors.send(event);
    CHECK(w.run());
    CHECK(w.live().empty());
    const auto became = summary(w);
    CHECK(field(w.order("1").body, "status") == "delivered");
    if (expected.empty())
      expected = became;
    CHECK(became == expected);
  }
}

TEST_CASE("they do beside an order that is on its way, too", "[webhooks][property]") {
  std::string expected;
  for (const auto seed : seeds(100, 30)) {
    INFO("seed " << seed);
    world w(listening("[]", seed));
    const auto vendors = std::make_shared<event_sender>(w);
    w.submit({"OrderOrchestrator", "1"}, "ProcessOrder", order_body());
    // As soon as the label is at the carrier, before anybody here has heard of it.
    w.when([vendors](world&) { return !vendors->vendor_id("label").empty(); },
           [vendors, seed](world&) {
             for (const auto& event : shuffled(life_of(*vendors), seed))
               vendors->send(event);
           });
    w.when([](world& at) { return at.effects("1", effect_kind::mail, "mail_confirm") > 0; },
           [vendors, seed](world&) {
             for (const auto& event : shuffled(mails_of(*vendors), seed))
               vendors->send(event);
           });
    CHECK(w.run());
    CHECK(w.live().empty());
    const auto became = summary(w);
    CHECK(field(w.order("1").body, "status") == "delivered");
    if (expected.empty())
      expected = became;
    CHECK(became == expected);
  }
}

TEST_CASE("nothing is lost behind a 2xx and nothing applied twice, wherever power is lost",
          "[webhooks][crash]") {
  constexpr const char* lost_answer =
      R"([{"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"},)"
      R"({"vendor":"stripe","operation":"charge","always":true,"effect":"drop_before"}])";
  const auto run_once = [&](const world_settings& s) {
    world w(s);
    const auto vendors = std::make_shared<event_sender>(w);
    w.submit({"OrderOrchestrator", "1"}, "ProcessOrder", order_body());
    w.when([vendors](world&) { return !vendors->vendor_id("charge").empty(); },
           [vendors](world&) {
             vendors->send(vendors->payment(event_kind::payment_succeeded, "evt_1"));
             vendors->send(vendors->payment(event_kind::payment_succeeded, "evt_1"));
           });
    w.when([vendors](world&) { return !vendors->vendor_id("label").empty(); },
           [vendors](world&) {
             vendors->send(vendors->tracking(event_kind::delivered, "track_1"));
             vendors->send(vendors->tracking(event_kind::delivered, "track_2"));
           });
    // Which settles a mail whose answer got lost, so that it is not sent twice.
    w.when([](world& at) { return at.effects("1", effect_kind::mail, "mail_delivered") > 0; },
           [vendors](world&) {
             vendors->send(vendors->mail(event_kind::mail_processed, "mail_1", "mail_delivered"));
           });
    const bool rests = w.run();
    INFO(joined(w.paused()) << joined(w.live()));
    CHECK(rests);
    CHECK(w.paused().empty());
    CHECK(w.live().empty());
    for (std::size_t i = 0; i < w.clients(); ++i) {
      REQUIRE(w.of(i).heard);
      CHECK(w.of(i).heard->status == 202);
      CHECK(w.knows(w.of(i).invocation));
    }
    INFO(w.order("1").body);
    CHECK(field(w.order("1").body, "status") == "delivered");
    CHECK(w.effects("1", effect_kind::charge) == 1);
    CHECK(w.effects("1", effect_kind::label) == 1);
    CHECK(w.effects("1", effect_kind::mail, "mail_delivered") == 1);
    return w.points().size();
  };
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 2)) {
    auto s = listening(lost_answer, seed);
    const auto points = run_once(s);
    for (const auto at : points_to_try(points, salt++)) {
      INFO("seed " << seed << " point " << at);
      s.crash_at = {at};
      run_once(s);
    }
  }
}

} // namespace orderhub::testing
