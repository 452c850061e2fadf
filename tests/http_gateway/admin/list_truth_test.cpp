#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/listing_index.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// What a list says of an order is what its page says, whatever its status and whichever of its
// objects it is about.
namespace orderhub::testing {

namespace {

using nlohmann::json;
using texts = std::vector<std::string>;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr const char* why = R"({"reason":"it is looked at"})";

json page(const admin_hub& hub, const std::string& path, const std::string& schema) {
  const auto r = hub.ask(path);
  INFO(path << '\n' << r.body);
  REQUIRE(r.status == 200);
  const auto problems = schema_problems(admin_openapi(), schema, r.body);
  INFO(joined(problems));
  CHECK(problems.empty());
  return json::parse(r.body);
}

json listed(const admin_hub& hub, const std::string& query) {
  return page(hub, "/admin/orders?" + query, "orders");
}

texts keys(const admin_hub& hub, const std::string& query) {
  texts all;
  const auto shown = listed(hub, query);
  for (const auto& o : shown["orders"])
    all.push_back(o["key"]);
  return all;
}

/// By step, since a page tells in another order than a list.
json by_step(const json& list, const std::vector<const char*>& members) {
  std::vector<json> all;
  for (const auto& one : list) {
    json shown;
    for (const auto* name : members)
      shown[name] = one[name];
    all.push_back(std::move(shown));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// What the summary counts is what the list with that filter shows.
void counts_are_of_lists(const admin_hub& hub) {
  const auto counts = page(hub, "/admin/summary", "summary");
  INFO(counts.dump(1));
  const auto listed_with = [&](const std::string& query) {
    return keys(hub, query + "&limit=500").size();
  };
  for (const auto& [name, query] :
       {std::pair("open", "open=true"), std::pair("in_doubt", "in_doubt=true"),
        std::pair("attention", "attention=true"), std::pair("paused", "paused=true"),
        std::pair("stuck", "stuck=true")}) {
    CAPTURE(name);
    CHECK(counts[name] == listed_with(query));
  }
  for (const auto& [name, parameter] :
       {std::pair("by_wait", "waits_for="), std::pair("by_vendor", "vendor="),
        std::pair("by_status", "status=")})
    for (const auto& [of, count] : counts[name].items()) {
      CAPTURE(name, of);
      CHECK(count == listed_with(parameter + of));
    }
}

/// The item of a list, after it was held against the order's page.
json as_on_its_page(const admin_hub& hub, const std::string& key) {
  const auto orders = listed(hub, "q=" + key)["orders"];
  REQUIRE(orders.size() == 1);
  const auto& item = orders[0];
  const auto shown = page(hub, "/admin/orders/" + key, "order");
  INFO("list: " << item.dump(1) << "\npage: " << shown.dump(1));
  for (const auto* name : {"key", "status", "created_at", "updated_at", "version", "customer"}) {
    CAPTURE(name);
    CHECK(item[name] == shown[name]);
  }
  CHECK(item["in_doubt"] == shown["in_doubt"].size());
  CHECK(item["paused"] == (shown["state"] == "paused"));
  const std::vector<const char*> open = {"step",  "vendor", "state",   "waits_for",
                                         "since", "ref",    "next_at", "attempts"};
  CHECK(by_step(item["open"], open) == by_step(shown["open"], open));
  const std::vector<const char*> call = {"step", "acked_by", "acked_at"};
  CHECK(by_step(item["attention"], call) == by_step(shown["attention"], call));
  // As lists of whatever is asked for have it, too.
  for (const auto& step : item["open"]) {
    CHECK(keys(hub, "waits_for=" + step["waits_for"].get<std::string>()) == texts{key});
    CHECK(keys(hub, "reason=" + step["reason"].get<std::string>()) == texts{key});
    if (step["vendor"].is_string())
      CHECK(keys(hub, "vendor=" + step["vendor"].get<std::string>()) == texts{key});
  }
  const auto expected = [&](bool is) { return is ? texts{key} : texts{}; };
  counts_are_of_lists(hub);
  CHECK(keys(hub, "waits_for=absence") == expected(item["in_doubt"] != 0));
  const bool is_open = !item["open"].empty() || !item["attention"].empty();
  CHECK(keys(hub, "open=true") == expected(is_open));
  CHECK(keys(hub, "sort=waiting") == expected(is_open));
  CHECK(keys(hub, "in_doubt=true") == expected(item["in_doubt"] != 0));
  CHECK(keys(hub, "attention=true") == expected(!item["attention"].empty()));
  CHECK(keys(hub, "paused=true") == expected(item["paused"]));
  return item;
}

void check_rows(const admin_hub& hub) {
  auto rows = hub.hub.store.read();
  REQUIRE(rows);
  CHECK(journal::verify_tables(**rows, &handlers::order_lists()).problems == texts());
}

void confirm(admin_hub& hub, const std::string& key = "1") {
  hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
}

std::string fulfilment_of(const std::string& order) {
  return R"({"orderId":")" + order +
         R"(","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2","quantity":1}],)"
         R"("shipping":{"name":"Ada Lovelace","street":"1 Main St","city":"Springfield",)"
         R"("state":"IL","zip":"62701","email":"ada@example.com"}})";
}

void deliver(admin_hub& hub, const std::string& key = "1") {
  handlers::order_event event;
  event.name = "parcel_moved";
  event.learned.shipment = handlers::shipment_state::delivered;
  REQUIRE(hub.hub.inform(order_object(key), "RecordEvent", event.encode()).status == 200);
  hub.hub.run(60'000);
}

} // namespace

TEST_CASE("what is open of a delivered order is in every list", "[admin][lists]") {
  admin_hub hub;
  confirm(hub);
  REQUIRE(hub.hub.mock.control(
      R"({"vendor":"slack","operation":"message","always":true,"effect":"unauthorized"})"));
  deliver(hub);
  auto item = as_on_its_page(hub, "1");
  CHECK(item["status"] == "delivered");
  REQUIRE_FALSE(item["open"].empty());
  CHECK(item["open"][0]["vendor"] == "slack");
  CHECK(item["open"][0]["waits_for"] == "credential");
  // By time a person is called.
  hub.hub.run(hour_ms);
  item = as_on_its_page(hub, "1");
  CHECK_FALSE(item["attention"].empty());
  // And a bulk with that filter looks at it, as one that names it does.
  const auto planned = [&](const std::string& set) {
    const auto r = hub.act("/admin/bulk", R"({"action":"retry",)" + set +
                                              R"(,"accept_repeat":true,"reason":"it is there"})");
    INFO(r.body);
    REQUIRE(r.status < 300);
    const auto plan = json::parse(r.body)["bulk"];
    auto looked_at = plan["count"].get<int>();
    for (const auto& e : plan["excluded"])
      looked_at += e["count"].get<int>();
    return looked_at;
  };
  CHECK(planned(R"("keys":["1"])") == 1);
  CHECK(planned(R"("filter":{"vendor":"slack"})") == 1);
  hub.hub.fold();
  as_on_its_page(hub, "1");
  check_rows(hub);
}

TEST_CASE("a list's version is taken where one is expected, and its time is the last change",
          "[admin][lists]") {
  admin_hub hub;
  confirm(hub);
  hub.hub.run(hour_ms);
  confirm(hub, "2");
  hub.hub.time.advance(1'000);
  const auto between = page(hub, "/admin/status", "status")["at"].get<std::string>();
  CHECK(keys(hub, "updated_since=" + between).empty());
  deliver(hub);
  REQUIRE(hub.hub.run());
  for (int look = 0; look < 2; ++look) {
    CAPTURE(look);
    CHECK(keys(hub, "updated_since=" + between) == texts{"1"});
    for (const auto* key : {"1", "2"}) {
      const auto item = listed(hub, std::string("q=") + key)["orders"][0];
      const auto shown = page(hub, std::string("/admin/orders/") + key, "order");
      CHECK(item["version"] == shown["version"]);
      CHECK(item["updated_at"] == shown["updated_at"]);
      CHECK(item["updated_at"] != item["created_at"]);
      const auto r = hub.act(std::string("/admin/orders/") + key + "/pause?dry_run=true",
                             R"({"reason":"it is looked at","expect_version":)" +
                                 item["version"].dump() + "}");
      INFO(r.body);
      CHECK(r.status != 409);
    }
    hub.hub.fold();
  }
}

TEST_CASE("what only asks is in doubt in no list", "[admin][lists]") {
  admin_hub hub(
      with_faults(R"({"vendor":"shippo","operation":"shipment","always":true,"effect":"status"})"));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(40'000);
  const auto item = as_on_its_page(hub, "1");
  REQUIRE_FALSE(item["open"].empty());
  CHECK(item["in_doubt"] == 0);
  CHECK(field(hub.hub.order("1").body, "in_doubt") == "[]");
  CHECK(page(hub, "/admin/summary", "summary")["in_doubt"] == 0);
}

TEST_CASE("a fulfilment is of its order in every list, whatever its key", "[admin][lists]") {
  const std::string key = GENERATE(as<std::string>(), "1", "f-1");
  CAPTURE(key);
  auto settings = with_faults(R"({"vendor":"warehouse","always":true,"effect":"status"})");
  settings.orders.stock = settings.orders.warehouse = settings.orders.carrier = true;
  settings.orders.packed_timeout_ms = settings.orders.pickup_timeout_ms = 1'000 * hour_ms;
  settings.mock.job_ms = 100 * hour_ms;
  admin_hub hub(settings);
  confirm(hub);
  hub.hub.submit({"FulfillmentOrchestrator", key}, "Fulfill", fulfilment_of("1"));
  hub.hub.run(60'000);
  const auto item = as_on_its_page(hub, "1");
  CHECK(keys(hub, "vendor=warehouse") == texts{"1"});
  CHECK(item["in_doubt"] == 1);
  CHECK(page(hub, "/admin/summary", "summary")["by_vendor"]["warehouse"] == 1);
  // Until its goods are packed it waits for that.
  REQUIRE(hub.hub.mock.control(R"({"clear":true})"));
  hub.hub.run(hour_ms);
  as_on_its_page(hub, "1");
  CHECK(keys(hub, "waits_for=packing") == texts{"1"});
  hub.hub.fold();
  as_on_its_page(hub, "1");
  check_rows(hub);
}

TEST_CASE("an order is counted once, however many of its objects it is", "[admin][lists]") {
  admin_hub hub(with_faults(
      R"({"vendor":"shippo","operation":"label","always":true,"effect":"late_work","late_ms":30000})"));
  for (const auto* key : {"1", "2"})
    hub.hub.submit(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  for (int look = 0; look < 2; ++look) {
    CAPTURE(look);
    counts_are_of_lists(hub);
    const auto counts = page(hub, "/admin/summary", "summary");
    CHECK(counts["open"] == 2);
    CHECK(counts["in_doubt"] == 2);
    hub.hub.fold();
  }
  // All objects of the one are paused, one by one behind a checkpoint.
  CHECK(hub.act("/admin/orders/1/pause", why).status == 202);
  for (int look = 0; look < 2; ++look) {
    CAPTURE(look);
    CHECK(page(hub, "/admin/summary", "summary")["paused"] == 1);
    counts_are_of_lists(hub);
    hub.hub.fold();
  }
  check_rows(hub);
  CHECK(hub.act("/admin/orders/1/resume", why).status == 202);
  hub.hub.run(hour_ms);
  hub.hub.fold();
  CHECK(page(hub, "/admin/summary", "summary")["paused"] == 0);
  counts_are_of_lists(hub);
  check_rows(hub);
}

TEST_CASE(
    "what a fulfilment calls a person for is in its order's list, also when it was given back",
    "[admin][lists]") {
  const std::string key = GENERATE(as<std::string>(), "1", "f-1");
  CAPTURE(key);
  auto settings = with_faults(R"({"vendor":"warehouse","operation":"pick_ticket","nth":1,)"
                              R"("effect":"refuse","code":"reference_in_use"})");
  settings.orders.stock = settings.orders.warehouse = settings.orders.carrier = true;
  admin_hub hub(settings);
  confirm(hub);
  hub.hub.submit({"FulfillmentOrchestrator", key}, "Fulfill", fulfilment_of("1"));
  hub.hub.run(hour_ms);
  for (int look = 0; look < 2; ++look) {
    const auto item = as_on_its_page(hub, "1");
    REQUIRE(item["attention"].size() == 1);
    CHECK(item["attention"][0]["step"] == "pick_ticket");
    CHECK(page(hub, "/admin/summary", "summary")["attention"] == 1);
    hub.hub.fold();
  }
  check_rows(hub);
}

TEST_CASE("a fulfilment of an order that is not known here is listed while it is open",
          "[admin][lists]") {
  auto settings = with_faults(R"({"vendor":"warehouse","always":true,"effect":"status"})");
  settings.orders.warehouse = true;
  admin_hub hub(settings);
  hub.hub.submit({"FulfillmentOrchestrator", "f-9"}, "Fulfill", fulfilment_of("theirs"));
  hub.hub.run(60'000);
  const auto item = as_on_its_page(hub, "theirs");
  CHECK(item["in_doubt"] == 1);
  CHECK(item["status"] == "picking");
  hub.hub.fold();
  as_on_its_page(hub, "theirs");
  check_rows(hub);
}

TEST_CASE("an order has nothing of a fulfilment that only bears its key", "[admin][lists]") {
  auto settings = with_faults(R"({"vendor":"warehouse","always":true,"effect":"status"})");
  settings.orders.warehouse = true;
  admin_hub hub(settings);
  confirm(hub, "1");
  confirm(hub, "2");
  hub.hub.submit({"FulfillmentOrchestrator", "2"}, "Fulfill", fulfilment_of("1"));
  hub.hub.run(60'000);
  CHECK(as_on_its_page(hub, "1")["in_doubt"] == 1);
  const auto other = listed(hub, "q=2")["orders"][0];
  CHECK(other["in_doubt"] == 0);
  CHECK(other["open"].empty());
  const auto shown = page(hub, "/admin/orders/2", "order");
  CHECK(shown["state"] == "done");
  CHECK(shown["version"] == other["version"]);
  // Nor is it held with it.
  CHECK(hub.act("/admin/orders/2/pause", why).status == 202);
  CHECK(listed(hub, "q=1")["orders"][0]["paused"] == false);
  CHECK(keys(hub, "paused=true") == texts{"2"});
}

TEST_CASE("what waits for another object alone is told by lists as by its page", "[admin][lists]") {
  const auto handler = GENERATE(as<std::string>(), "FulfillmentOrchestrator", "OrderOrchestrator");
  const bool is_asleep = GENERATE(false, true);
  CAPTURE(handler, is_asleep);
  constexpr unix_ms at = 1'800'000'000'000;
  journal::object_state state;
  state.id = {handler, "1"};
  state.folded_to = 7;
  state.last_time = at;
  if (handler == "FulfillmentOrchestrator") {
    handlers::fulfilment_facts facts;
    facts.created_at = at;
    facts.round = 1;
    state.values.emplace("facts", facts.encode());
  } else {
    handlers::order_facts facts;
    facts.created_at = facts.updated_at = at;
    state.values.emplace("facts", facts.encode());
  }
  journal::invocation_state run;
  run.accepted_at = at;
  run.input.handler = "Fulfill";
  journal::call_payload call;
  call.target = {"Notification", "1"};
  call.completion = 1;
  call.input.handler = "Tell";
  run.entries.push_back({journal::record_kind::call, at, 1, journal::encode(call)});
  if (is_asleep)
    run.entries.push_back({journal::record_kind::sleep, at, 2,
                           journal::encode(journal::wait_payload{2, at + hour_ms})});
  state.live.push_back(run);
  const auto object = [&](const object_id& id) -> result<journal::object_state> {
    if (id == state.id)
      return state;
    journal::object_state none;
    none.id = id;
    return none;
  };
  const handlers::list_reader lists{{}, {}, {}, {}, object};
  const auto item = handlers::list_item_of("1", lists, at + 1'000, 0);
  REQUIRE(item);
  REQUIRE(*item);
  const auto objects = handlers::read_order(
      {object,
       [](auto, auto) -> result<journal::past_invocations> { return journal::past_invocations(); },
       [](const auto&) -> result<std::optional<journal::invocation_row>> {
         return std::optional<journal::invocation_row>();
       }},
      "1");
  handlers::explain_now now;
  now.at = at + 1'000;
  const auto told = handlers::explain(objects, now);
  REQUIRE(told.waits_for.size() == 1);
  REQUIRE((*item)->row.steps.size() == 1);
  const auto& step = (*item)->row.steps.front();
  CHECK(step.step == told.waits_for.front().step);
  CHECK(durable::name_of(step.cause) == told.waits_for.front().what);
  CHECK(step.cause == (is_asleep ? durable::wait_cause::time : durable::wait_cause::hub));
  CHECK((*item)->row.is_open);
  CHECK_FALSE((*item)->is_stuck);
  CHECK(told.state != "stuck");
  // And it is found by that, and by being open.
  const auto marks = journal::listing_of(handlers::order_lists(), state);
  REQUIRE(marks);
  for (const auto mark : {handlers::list_mark::open, handlers::list_mark::elsewhere})
    CHECK(std::any_of(marks->marks.begin(), marks->marks.end(),
                      [&](const auto& m) { return m.name == mark; }));
}

TEST_CASE("who has a call for a person is in the list, which is filtered by it", "[admin][lists]") {
  admin_hub hub(with_faults(
      R"({"vendor":"slack","operation":"message","always":true,"effect":"refuse","code":"channel_not_found"})"));
  confirm(hub);
  auto item = as_on_its_page(hub, "1");
  REQUIRE(item["attention"].size() == 2);
  CHECK(item["attention"][0]["acked_by"].is_null());
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(keys(hub, "acked=false") == texts{"1"});
    CHECK(keys(hub, "acked=true").empty());
    const auto step = item["attention"][i]["step"].get<std::string>();
    CHECK(hub.act("/admin/orders/1/attention/" + step + "/ack", why).status == 202);
    item = as_on_its_page(hub, "1");
    CHECK(item["attention"][i]["acked_by"] == "loopback");
    hub.hub.fold();
  }
  CHECK(keys(hub, "acked=true") == texts{"1"});
  CHECK(keys(hub, "acked=false").empty());
  const auto found =
      hub.send(post("/admin/orders/search", R"({"email":"ada@example.com","acked":true})",
                    "Content-Type: application/json\r\n"));
  INFO(found.body);
  CHECK(schema_problems(admin_openapi(), "orders", found.body).empty());
  CHECK(json::parse(found.body)["orders"].size() == 1);
}

TEST_CASE("an order is listed however much is said of it", "[admin][lists]") {
  journal::object_state state;
  state.id = order_object("1");
  state.folded_to = 7;
  handlers::order_facts facts;
  facts.created_at = facts.updated_at = state.last_time = 1'800'000'000'000;
  for (char c = 'a'; c < 'j'; ++c) {
    const std::string step(250, c);
    facts.attention.emplace(step, std::string(200, c));
    journal::operator_entry by;
    by.at = state.last_time;
    by.action.verb = journal::operator_verb::ack;
    by.action.step = step;
    by.action.who = std::string(200, c);
    state.operators.push_back(by);
  }
  state.values.emplace("facts", facts.encode());
  const auto stored = journal::listing_of(handlers::order_lists(), state);
  REQUIRE(stored);
  const auto row = handlers::order_row::decode(stored->row);
  REQUIRE(row);
  CHECK_FALSE(row->attention.empty());
  // And the page of a list has all of it.
  const handlers::list_reader lists{
      {}, {}, {}, {}, [&](const object_id& id) -> result<journal::object_state> {
        if (id == state.id)
          return state;
        journal::object_state none;
        none.id = id;
        return none;
      }};
  const auto item = handlers::list_item_of("1", lists, state.last_time, 0);
  REQUIRE(item);
  REQUIRE(*item);
  CHECK((*item)->row.attention.size() == 9);
  for (const auto& person : (*item)->row.attention)
    CHECK_FALSE(person.acked_by.empty());
}

TEST_CASE("a list of more open orders than can be put in order still has those alone",
          "[admin][lists]") {
  admin_hub hub;
  for (const auto* key : {"c", "d"})
    confirm(hub, key);
  REQUIRE(hub.hub.mock.control(
      R"({"vendor":"slack","operation":"message","always":true,"effect":"unauthorized"})"));
  for (const auto* key : {"a", "b"})
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(30'000);
  const host::operator_view view({.journal = hub.hub.stored(),
                                  .tables = hub.hub.store,
                                  .time = hub.hub.time,
                                  .services = hub.hub.services(),
                                  .vendors = {},
                                  .waiting = {},
                                  .health = {}});
  std::size_t objects = 0, all_objects = 0;
  const handlers::list_reader reader{
      [&](const auto& behind, std::size_t rows, std::size_t most, const auto& take) {
        return view.listed(behind, rows, most, take);
      },
      [&](auto marks, const auto& behind, std::size_t most) {
        return view.marked(marks, behind, most);
      },
      {},
      {},
      [&](const object_id& id) {
        ++objects;
        ++all_objects;
        return view.object(id);
      }};
  handlers::order_filter filter;
  filter.vendors = {"slack"};
  std::vector<std::string> found;
  std::optional<journal::listing_place> behind;
  for (int pages = 0; pages < 9; ++pages) {
    objects = 0;
    const auto here =
        handlers::list_orders(filter, reader, behind, 50, hub.hub.time.wall_ms(), 0, {50, 7});
    REQUIRE(here);
    CHECK(objects <= handlers::objects_of_order_max);
    for (const auto& item : here->items)
      found.push_back(item.key);
    behind = here->next;
    CHECK(here->is_complete == !behind.has_value());
    if (!behind)
      break;
  }
  CHECK_FALSE(behind);
  CHECK(found == texts{"b", "a"});
  CHECK(all_objects <= 2 * handlers::objects_of_order_max); // Nothing of `c` and `d` was read.
}

} // namespace orderhub::testing
