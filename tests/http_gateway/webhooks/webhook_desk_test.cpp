// What a person does about webhooks reaches the hub.
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/base/random.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/must.hpp"

#include <memory>
#include <string>

using namespace orderhub;
using namespace orderhub::http_gateway;
using namespace orderhub::testing;

namespace {

struct nobody final : host::responder {
  void accepted(std::string_view) override {}
  void finished(host::call_response) override {}
};

} // namespace

TEST_CASE("a replay and an assignment are calls of the event's own object", "[webhooks][desk]") {
  memory_store store;
  seeded_random random(1);
  const auto journal = must(journal::hub_journal::open(store, {}, random));
  fake_ingress hub;
  webhook_metrics metrics;
  const webhook_desk desk(*journal, hub, metrics);
  const auto to = std::make_shared<nobody>();
  desk.replay("stripe:evt_1", to);
  desk.assign("stripe:evt_1", {"order-001", "ada", "case 8812", 1'000}, to);
  const auto calls = hub.recorded();
  REQUIRE(calls.size() == 2);
  for (const auto& call : calls) {
    CHECK(call.service == "Webhook");
    CHECK(call.key == "stripe:evt_1");
    CHECK(call.idempotency_key.empty()); // Each time it is asked for.
  }
  CHECK(calls[0].handler == "Replay");
  CHECK(calls[1].handler == "Assign");
  const auto whose = must(handlers::webhook_match::decode(calls[1].body));
  CHECK(whose.order_id == "order-001");
  CHECK(whose.who == "ada");
  CHECK(must(desk.list({}, "", 10)).entries.empty());
  CHECK(must(desk.replay_dead("", "", 10, to)).count == 0);
  CHECK(desk.find("stripe:evt_1").error().kind == error_kind::not_found);
}

TEST_CASE("refused deliveries of a vendor are kept in a ring, the newest first",
          "[webhooks][desk]") {
  webhook_metrics metrics;
  metrics.refused({9'999, "shippo", providers::webhooks::refusal::wrong, "", 1});
  for (std::size_t i = 0; i < webhook_metrics::refused_kept + 10; ++i)
    metrics.refused(
        {static_cast<unix_ms>(i), "stripe", providers::webhooks::refusal::wrong, "", 1});
  CHECK(metrics.refusals().size() == webhook_metrics::refused_kept + 1);
  CHECK(metrics.refusals().back().vendor == "shippo"); // None of another's pushes it out.
  const auto ring = metrics.refusals("stripe");
  REQUIRE(ring.size() == webhook_metrics::refused_kept);
  CHECK(ring.front().at == static_cast<unix_ms>(webhook_metrics::refused_kept + 9));
  CHECK(ring.back().at == 10);
  CHECK(metrics.values().at("stripe").refused.at(
            static_cast<std::size_t>(providers::webhooks::refusal::wrong)) == 210);
}
