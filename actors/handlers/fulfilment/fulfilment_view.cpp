#include "actors/handlers/fulfilment/fulfilment_view.hpp"

#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/open_points_view.hpp"
#include "actors/handlers/orders/stock_fact.hpp"
#include "journal/base/utc_text.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

json text_or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

std::string shortage_of(const fulfilment_facts& f) {
  stock_fact stock;
  stock.missing = f.missing;
  return shortage_text(stock);
}

json stock_json(const fulfilment_facts& f) {
  constexpr std::array names = {"none", "skipped",   "asked", "refused", "of_the_order",
                                "held", "committed", "lost",  "released"};
  json stock{{"state", names.at(static_cast<std::size_t>(f.goods))}};
  for (const auto& i : f.missing)
    stock["missing"].push_back(
        {{"productId", i.product_id}, {"wanted", i.wanted}, {"available", i.available}});
  return stock;
}

json job_json(const job_fact& j, const char* done) {
  const std::array names = {"none", "skipped", "asked",  "refused",
                            "open", done,      "failed", "cancelled"};
  json job{{"state", names.at(static_cast<std::size_t>(j.stand))}};
  if (!j.reason.empty())
    job["reason"] = j.reason;
  if (!j.is_decided() && !j.awakeable.empty())
    job["awakeable"] = j.awakeable;
  return job;
}

json items_json(const fulfilment_wanted& wanted) {
  json items = json::array();
  for (const auto& i : wanted.items)
    items.push_back({{"productId", i.product_id}, {"quantity", i.quantity}});
  return items;
}

json shipping_json(const postal_address& a) {
  json shipping = json::object();
  for (const auto& [name, text] : {std::pair("name", &a.name),
                                   {"company", &a.company},
                                   {"street", &a.street},
                                   {"street2", &a.street2},
                                   {"city", &a.city},
                                   {"state", &a.state},
                                   {"zip", &a.zip},
                                   {"country", &a.country},
                                   {"phone", &a.phone},
                                   {"email", &a.email}})
    if (!text->empty())
      shipping[name] = *text;
  return shipping;
}

bool is_resolved(const fulfilment_facts& f, std::string_view step) {
  if (f.has_left() && (step.starts_with("cancel_") || step == "release_stock"))
    return true;
  if (step == "cancel_pick_ticket")
    return !f.ticket.may_stand();
  if (step == "cancel_pickup")
    return !f.pickup.may_stand();
  if (step == "release_stock")
    return f.goods == goods_state::released;
  // What was refused going forward is over with the round that it ended.
  return (step == "reserve_stock" || step == "commit_stock" || step == "pick_ticket" ||
          step == "pickup") &&
         (f.cancelled || f.ending != "failed");
}

json attention_of(const fulfilment_facts& f) {
  json list = json::array();
  for (const auto& [step, why] : open_attention(f))
    list.push_back({{"step", step}, {"reason", why}});
  return list;
}

std::string message_of(const fulfilment_facts& f) {
  const auto status = status_of(f);
  if (status == "shipped")
    return "The parcel is on its way";
  if (status == "packed")
    return f.ended ? "The goods are packed; no carrier is configured" : "The goods are packed";
  if (status == "skipped")
    return "Nothing was done: neither a warehouse nor a carrier is configured";
  if (status == "out_of_stock")
    return "Out of stock: " + shortage_of(f);
  if (status == "failed" || status == "timed_out")
    return "Undone: " + f.reason;
  if (status == "refused")
    return f.reason;
  if (status == "cancelled")
    return attention_of(f).empty() ? "Fulfilment cancelled"
                                   : "Fulfilment cancelled; some of it needs a person's attention";
  return status == "cancelling" ? "It is being undone"
                                : "The goods are on their way to the carrier";
}

json state_of(const std::string& key, const fulfilment_wanted& wanted, const fulfilment_facts& f) {
  json j{{"fulfillmentId", key},
         {"orderId", wanted.order_id},
         {"status", status_of(f)},
         {"items", items_json(wanted)},
         {"shipping", shipping_json(wanted.ship_to)},
         {"stock", stock_json(f)},
         {"pickTicket", job_json(f.ticket, "packed")},
         {"pickup", job_json(f.pickup, "picked_up")},
         {"trackingNumber", text_or_null(f.tracking_number)},
         {"trackingUrl", text_or_null(f.tracking_url)},
         {"createdAt", utc_text(f.created_at)},
         {"attention", attention_of(f)},
         {"message", message_of(f)}};
  if (!f.notices.empty())
    j["notices"] = f.notices;
  return j;
}

error conflict(const std::string& sentence) {
  return {error_kind::rejected, "fulfilment", sentence, 409};
}

} // namespace

std::string fulfilment_response(const std::string& key, const fulfilment_wanted& wanted,
                                const fulfilment_facts& f) {
  return state_of(key, wanted, f).dump();
}

std::optional<error> refusal_of(const std::string& key, const fulfilment_wanted&,
                                const fulfilment_facts& f) {
  const auto status = status_of(f);
  if (status == "cancelled" || status == "cancelling")
    return conflict("Fulfilment " + key + " was cancelled and is " + std::string(status) + '.');
  if (status == "refused")
    return conflict(f.reason);
  if (status == "out_of_stock")
    return conflict("Fulfilment " + key + " is out of stock: " + shortage_of(f) +
                    ". Nothing is held; it can be sent again.");
  return std::nullopt;
}

result<std::string> fulfilment_status(const durable::read_view& view, std::int64_t call_after_ms) {
  const auto& state = view.state;
  const auto* request = state.value("request");
  const auto* recorded = state.value("facts");
  if (request == nullptr || recorded == nullptr)
    return fail(no_such_fulfilment(state.id.key));
  auto wanted = fulfilment_wanted::decode(*request);
  if (!wanted)
    return wanted.failure();
  auto facts = fulfilment_facts::decode(*recorded);
  if (!facts)
    return facts.failure();
  auto j = state_of(state.id.key, *wanted, *facts);
  j["updatedAt"] = utc_text(state.last_time);
  const auto open = open_points_of(view, call_after_ms);
  for (const auto& p : open.persons)
    j["attention"].push_back({{"step", p.step}, {"reason", p.reason}});
  auto text = j.dump();
  text.insert(1, shown_open_points(open));
  return text;
}

std::vector<std::pair<std::string, std::string>> open_attention(const fulfilment_facts& f) {
  std::vector<std::pair<std::string, std::string>> open;
  for (const auto& [step, why] : f.attention)
    if (!is_resolved(f, step))
      open.emplace_back(step, why);
  return open;
}

error no_such_fulfilment(const std::string& key) {
  return {error_kind::not_found, "fulfilment", "There is no fulfilment " + key + ".", 404};
}

error has_left(const std::string& key) {
  return conflict("The parcel of fulfilment " + key + " has left; it can no longer be cancelled.");
}

error of_something_else(const std::string& key, const std::string& parts) {
  return conflict("Fulfilment " + key + " is of other " + parts +
                  ". Cancel it, or send this under another key.");
}

} // namespace orderhub::handlers
