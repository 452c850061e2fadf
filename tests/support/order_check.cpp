#include "tests/support/order_check.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::testing {

using nlohmann::json;
using providers::mock::effect_kind;

std::string order_body(const std::string& extra) {
  return R"({"items":[{"productId":"sku-1","quantity":2,"price":1500},)"
         R"({"productId":"sku-2","quantity":1,"price":1250}],)"
         R"("customer":{"email":"ada@example.com","name":"Ada Lovelace"},)"
         R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"})" +
         (extra.empty() ? "" : "," + extra) + "}";
}

std::string comparable(const std::string& order_json) {
  auto j = json::parse(order_json, nullptr, false);
  if (!j.is_object())
    return order_json;
  j.erase("createdAt");
  j.erase("updatedAt");
  // Sent where the label came after the confirmation, which said that the number follows.
  if (j.contains("notices") && j["notices"].is_object())
    for (const char* step : {"mail_tracking", "sms_tracking"})
      j["notices"].erase(step);
  for (const char* id : {"chargeId", "paymentIntentId", "labelId", "trackingNumber", "refundId"})
    if (j.contains(id) && j[id].is_string())
      j[id] = "id";
  return j.dump();
}

std::string field(const std::string& text, const std::string& name) {
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains(name))
    return {};
  return j[name].is_string() ? j[name].get<std::string>() : j[name].dump();
}

object_id order_object(const std::string& key) {
  return {"OrderOrchestrator", key};
}

void refund_at_stripe(world& w, const std::string& key, std::int64_t amount) {
  providers::mock::mock_request part;
  part.method = "POST";
  part.target = "/stripe/v1/refunds";
  part.headers = {{"authorization", "Bearer sk_test_mock"},
                  {"content-type", "application/x-www-form-urlencoded"}};
  part.body = "amount=" + std::to_string(amount) +
              "&payment_intent=" + field(w.order(key).body, "paymentIntentId");
  if (w.mock.handle(part, w.time.wall_ms()).response.status != 200)
    std::abort();
}

std::vector<std::string> problems_of(world& w, const std::string& key,
                                     const expectation& expected) {
  std::vector<std::string> list;
  auto count = [&](effect_kind kind, std::string_view step = {}) {
    return w.effects(key, kind, step);
  };
  auto complain = [&](const std::string& what, std::size_t n) {
    list.push_back(what + ": " + std::to_string(n));
  };
  if (w.ran_away())
    list.emplace_back("something spins");
  if (w.times_went_back() != 0)
    complain("records whose time is before that of earlier ones", w.times_went_back());
  for (const auto& vendor : w.places())
    for (std::size_t kind = 0; kind < vendor.in_flight.size(); ++kind)
      if (vendor.in_flight[kind] != 0 || vendor.queued[kind] != 0)
        complain("places at " + vendor.vendor + " that were not given back, and who waits for them",
                 vendor.in_flight[kind] + vendor.queued[kind]);
  add_unended(w, list);

  const auto charges = count(effect_kind::charge);
  const auto refunds = count(effect_kind::refund);
  const auto labels = count(effect_kind::label);
  const auto voided = count(effect_kind::label_refund);
  if (charges > 1)
    complain("double charge", charges);
  if (labels > 1)
    complain("double label", labels);
  for (const char* step : {"sms_confirm", "sms_tracking"})
    if (const auto n = count(effect_kind::sms, step); n > 1)
      complain(std::string("SMS of ") + step, n);
  if (expected.charged) {
    if (charges == 0)
      complain("no charge", charges);
    if (labels == 0)
      complain("no label", labels);
    if (refunds != 0)
      complain("refund of a good order", refunds);
    if (voided != 0)
      complain("label of a good order given back", voided);
    // A mail may repeat by its policy; a message with a channel id may not.
    if (count(effect_kind::mail, "mail_confirm") == 0)
      complain("no mail", 0);
    for (const char* step : {"announce_new", "announce_confirmed"})
      if (const auto n = count(effect_kind::message, step); n != 1)
        complain(std::string("messages of ") + step, n);
  } else {
    if (refunds != charges)
      complain("refunds for " + std::to_string(charges) + " charges", refunds);
    if (voided != labels)
      complain("labels given back of " + std::to_string(labels), voided);
    if (count(effect_kind::mail, "mail_cancelled") == 0)
      complain("no mail of the cancel", 0);
    if (const auto n = count(effect_kind::message, "announce_cancelled"); n != 1)
      complain("messages of the cancel", n);
  }

  const auto held = count(effect_kind::reservation);
  const auto sold = count(effect_kind::stock_commit);
  const auto freed = count(effect_kind::stock_release);
  if (expected.charged && expected.has_stock && (sold != 1 || held != freed + 1))
    complain("stock not sold once, reservations " + std::to_string(held) + ", sold", sold);
  if (!expected.charged && held != freed)
    complain("stock held for a dead order, freed of " + std::to_string(held), freed);
  if (!expected.has_stock && held != 0)
    complain("stock reserved where there is no inventory", held);

  const auto shown = w.order(key);
  if (shown.status != 200)
    complain("the order is lost, GetOrder says", static_cast<std::size_t>(shown.status));
  else if (field(shown.body, "status") != expected.status)
    list.push_back("status " + field(shown.body, "status") + " instead of " + expected.status);
  if (!expected.order.empty() && comparable(shown.body) != expected.order)
    list.push_back("the order differs: " + comparable(shown.body));
  for (std::size_t i = 0; i < w.clients(); ++i) {
    const auto& c = w.of(i);
    if (!c.heard) {
      list.push_back(c.handler + " was never answered");
      continue;
    }
    if (c.heard->status >= 500)
      list.push_back(c.handler + " was answered " + std::to_string(c.heard->status) + ' ' +
                     c.heard->body);
    if (c.heard->status == 202 && !c.action && !w.knows(c.invocation))
      list.push_back("acknowledged and lost: " + c.handler);
  }
  return list;
}

std::string waits_unseen(const world& w, const std::string& key) {
  const auto shown = w.order(key);
  if (shown.status != 200)
    return {};
  for (const char* list : {"in_doubt", "pending", "waiting", "attention"})
    if (field(shown.body, list) != "[]")
      return {};
  const auto status = field(shown.body, "status");
  const bool is_finished = status == "confirmed" || status == "cancelled" ||
                           status == "payment_failed" || status == "out_of_stock";
  return is_finished ? std::string() : "nothing says what it waits for: " + shown.body;
}

void add_unended(const world& w, std::vector<std::string>& problems) {
  for (const auto& what : w.live())
    problems.push_back("never ended: " + what);
  for (const auto& why : w.paused())
    problems.push_back("paused: " + why);
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& line : list)
    text += line + '\n';
  return text;
}

run_report run_order(const world_settings& settings, const script& clients,
                     const expectation& expected) {
  world w(settings);
  clients(w);
  run_report report;
  if (!w.run())
    report.problems.emplace_back("it has not come to rest");
  for (auto& p : problems_of(w, "1", expected))
    report.problems.push_back(std::move(p));
  report.order = comparable(w.order("1").body);
  report.points = w.points();
  report.crashes = w.crashes();
  return report;
}

} // namespace orderhub::testing
