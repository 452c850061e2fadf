#include "actors/handlers/explain/sentences.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "providers/vendors.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <set>
#include <string>

using namespace orderhub;
using namespace orderhub::handlers;

TEST_CASE("every sentence has a name of its own, and its places are closed", "[explain]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < sentence_count; ++i) {
    const auto which = static_cast<sentence>(i);
    const std::string text(template_of(which));
    CAPTURE(text);
    CHECK(names.insert(name_of(which)).second);
    CHECK(std::count(text.begin(), text.end(), '{') == std::count(text.begin(), text.end(), '}'));
    CHECK(text.back() == '.');
  }
}

TEST_CASE("a value in a sentence steers nothing", "[explain]") {
  CHECK(say(sentence::attention, {{"step", "label"}, {"reason", "a\x1b[31m\nb\x7f{step}"}}).text ==
        "label needs a person: a [31m b {step}.");
}

TEST_CASE("moments and spans are said as people say them", "[explain]") {
  constexpr unix_ms now = 1'700'000'000'000; // 2023-11-14T22:13:20Z
  CHECK(moment_text(now, now) == "22:13:20.000Z");
  CHECK(moment_text(now - 86'400'000, now) == "2023-11-13 22:13:20.000Z");
  CHECK(span_text(0) == "0 ms");
  CHECK(span_text(-5) == "0 ms");
  CHECK(span_text(999) == "999 ms");
  CHECK(span_text(3'250) == "3.2 s");
  CHECK(span_text(60'000) == "1 min");
  CHECK(span_text(250'000) == "4 min 10 s");
  CHECK(span_text(7'500'000) == "2 h 5 min");
  CHECK(span_text(4LL * 86'400'000 + 3'600'000) == "4 d 1 h");
}

TEST_CASE("a call is shown without what may be a value", "[explain]") {
  const auto shown = [](const char* operation, const char* target) {
    return shown_call(operation, {"GET", target, {}, {}});
  };
  CHECK(shown("shippo.buy_label", "/transactions?rate=71fe&email=a@b.c") == "GET /transactions");
  CHECK(shown("twilio.send_sms", "/v2/PhoneNumbers/+15551234567/x") == "GET /v2/PhoneNumbers/…/x");
  CHECK(shown("stripe.charge", "/v1/customers/a%40example.com") == "GET /v1/customers/…");
  // Of a configured provider nobody knows what its path is made of.
  CHECK(shown("crm", "/customers/Ada") == "GET");
  CHECK(shown_call("crm", {}) == "crm");
}

TEST_CASE("a step's look-up is known wherever its operation has one", "[explain]") {
  for (const auto& row : providers::all_operations()) {
    const std::string name(row.name);
    CAPTURE(name);
    journal::effect_payload intent;
    intent.operation = name;
    intent.method = "POST";
    intent.path = "/x";
    // Tickets, pickups and what configuration describes are not among an order's own steps.
    const bool is_an_orders = !name.starts_with("warehouse.") && !name.starts_with("carrier.") &&
                              !name.starts_with("shippo.register");
    if (is_an_orders)
      CHECK(lookup_of(intent, "oh_1", 0).has_value() == row.has_lookup);
  }
}
