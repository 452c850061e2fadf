#include "providers/chosen_doubt.hpp"
#include "providers/policy/doubt.hpp"
#include "providers/vendors.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace orderhub::testing {
namespace {

using namespace orderhub::providers;

constexpr std::int64_t hour_ms = 3'600'000;

doubt_choice parsed(std::string_view text) {
  auto choice = parse_doubt(text);
  if (!choice)
    FAIL(choice.error().message);
  return *choice;
}

result<void> checked(std::string_view operation, std::string_view text) {
  return check_doubt(*find_operation(operation), parsed(text));
}

/// One sample of the operation; the plain one where there are several.
raw_operation sample_of(std::string_view operation) {
  return sample_operations().at(std::string(operation));
}

} // namespace

TEST_CASE("a policy is read from its words and shown by them", "[doubt]") {
  for (const auto* text :
       {"replay_key", "replay_key 12h", "replay_key 12h then look_up 2m", "look_up", "look_up 90s",
        "may_repeat", "may_miss", "await_event 10m then look_up",
        "await_event 24h then replay_key 12h then look_up 2m", "await_event 5s then may_miss"}) {
    CAPTURE(text);
    CHECK(shown(parsed(text)) == text);
  }
  CHECK(parsed("replay_key 12h then look_up 2m") ==
        doubt_choice{doubt_policy::replay_key, 0, doubt_policy::may_miss, 12 * hour_ms, 120'000});
  CHECK(parsed("await_event 10m then look_up 90s") ==
        doubt_choice{doubt_policy::await_event, 600'000, doubt_policy::lookup, {}, 90'000});
  for (const auto* text :
       {"", "retry", "look_up 90", "look_up 90s 90s", "may_repeat 5s", "await_event",
        "await_event 10m", "await_event 10m then",
        "await_event 10m then await_event 1m then look_up", "await_event then look_up",
        "await_event 10ms then look_up", "replay_key then may_miss", "replay_key 12h then",
        "replay_key 0s", "replay_key 10ms", "look_up then replay_key"}) {
    CAPTURE(text);
    const auto choice = parse_doubt(text);
    REQUIRE_FALSE(choice);
    CHECK(choice.error().kind == error_kind::invalid);
    CHECK(choice.error().message.starts_with("must "));
  }
}

TEST_CASE("the table of operations is what the operations are", "[doubt]") {
  std::set<std::string> seen;
  for (const auto& row : all_operations()) {
    CAPTURE(row.name);
    CHECK(seen.insert(std::string(row.name)).second);
    const auto call = sample_of(row.name);
    CHECK(call.has_effect);
    CHECK(call.doubt == row.doubt);
    CHECK((call.lookup != nullptr) == row.has_lookup);
    CHECK(call.key_header.empty() == (row.vendor_key_life_ms == 0));
    CHECK(call.key_life_ms == row.key_life_ms);
    CHECK(row.key_life_ms <= row.vendor_key_life_ms);
    if (row.has_lookup)
      CHECK(call.absence_after_ms == row.absence_after_ms);
    CHECK(check_doubt(row, own_doubt(row)));
    CHECK(parsed(shown(own_doubt(row))) == own_doubt(row));
  }
  // And none that acts is missing there.
  for (const auto& [name, call] : sample_operations()) {
    CAPTURE(name);
    CHECK((find_operation(call.name) != nullptr) == call.has_effect);
  }
}

TEST_CASE("what must not happen twice is never repeated", "[doubt]") {
  for (const auto& row : all_operations()) {
    CAPTURE(row.name);
    const bool may = row.at_stake == stake::none;
    CHECK(bool(check_doubt(row, parsed("may_repeat"))) == may);
    CHECK(bool(check_doubt(row, parsed("await_event 1m then may_repeat"))) == may);
    CHECK(check_doubt(row, parsed("may_miss")));
    CHECK(bool(check_doubt(row, parsed("look_up"))) == row.has_lookup);
    CHECK(bool(check_doubt(row, parsed("await_event 1m then look_up"))) == row.has_lookup);
    CHECK(bool(check_doubt(row, parsed("replay_key"))) == (row.vendor_key_life_ms > 0));
    if (const auto refused = check_doubt(row, parsed("may_repeat")); !refused)
      CHECK(refused.error().message.find(std::string(row.name)) != std::string::npos);
  }
  for (const auto* name : {"stripe.charge", "stripe.refund", "stripe.cancel_intent",
                           "shippo.buy_label", "shippo.void_label", "inventory.reserve"})
    CHECK_FALSE(checked(name, "may_repeat"));
  CHECK(checked("twilio.send_sms", "may_repeat"));
}

TEST_CASE("a key is used no longer than its vendor promises to know it", "[doubt]") {
  CHECK(checked("stripe.charge", "replay_key 24h"));
  const auto longer = checked("stripe.charge", "replay_key 24h1m");
  REQUIRE_FALSE(longer);
  CHECK(longer.error().message.find("24h") != std::string::npos);
  CHECK_FALSE(checked("stripe.charge", "await_event 1m then replay_key 25h"));
  CHECK(checked("inventory.reserve", "replay_key 7d"));
  CHECK_FALSE(checked("inventory.reserve", "replay_key 8d"));
  CHECK_FALSE(checked("twilio.send_sms", "replay_key 1h"));
}

TEST_CASE("a call takes what its endpoint says of its operation", "[doubt]") {
  const auto charge = sample_of("stripe.charge");
  endpoint at;
  at.vendor = "stripe";
  const auto own = doubt_of(charge, &at);
  CHECK(own.policy == doubt_policy::replay_key);
  CHECK(own.key_life_ms == 20 * hour_ms);
  CHECK(own.absence_after_ms == 60'000);
  at.absence_after_ms = 200;
  CHECK(doubt_of(charge, &at).absence_after_ms == 200);
  at.doubt.emplace("stripe.refund", parsed("may_miss"));
  CHECK(doubt_of(charge, &at).policy == doubt_policy::replay_key);
  at.doubt.emplace("stripe.charge", parsed("await_event 1m then replay_key 2h then look_up 5m"));
  const auto chosen = doubt_of(charge, &at);
  CHECK(chosen.policy == doubt_policy::await_event);
  CHECK(chosen.after_event == doubt_policy::replay_key);
  CHECK(chosen.event_wait_ms == 60'000);
  CHECK(chosen.key_life_ms == 2 * hour_ms);
  CHECK(chosen.absence_after_ms == 300'000);
  CHECK(doubt_of(charge, nullptr).policy == doubt_policy::replay_key);

  // A channel that is given by its name cannot be looked up, whatever the configuration says.
  endpoint slack;
  slack.doubt.emplace("slack.post_message", parsed("look_up 30s"));
  CHECK(doubt_of(sample_of("slack.post_message"), &slack).absence_after_ms == 30'000);
  CHECK(doubt_of(sample_of("slack.post_message#name"), &slack).policy == doubt_policy::may_repeat);
  slack.doubt.insert_or_assign("slack.post_message", parsed("may_miss"));
  CHECK(doubt_of(sample_of("slack.post_message#name"), &slack).policy == doubt_policy::may_miss);
}

} // namespace orderhub::testing
