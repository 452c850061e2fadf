#include "actors/handlers/orders/order_view.hpp"

#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/open_points_view.hpp"
#include "actors/handlers/orders/order_changes.hpp"
#include "actors/handlers/orders/stock_and_refund_view.hpp"
#include "actors/handlers/shipments/tracking_registration.hpp"
#include "journal/base/utc_text.hpp"
#include "providers/stripe/retrieve.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;
namespace stripe = providers::stripe;

json text_or_null(std::string_view text) {
  return text.empty() ? json(nullptr) : json(text);
}

/// Members that have a text.
json texts(std::initializer_list<std::pair<const char*, std::string>> members) {
  json object = json::object();
  for (const auto& [name, value] : members)
    if (!value.empty())
      object[name] = value;
  return object;
}

/// One that callers asked for and that was not made: another one stands since, or a cancel has
/// given all of its payment back.
bool is_refund_resolved(const order_facts& f, std::string_view step) {
  const auto* refund = refund_of(f.refunds, step);
  if (refund == nullptr)
    return false;
  const auto* payment = f.payment_of(refund->attempt);
  return is_followed_by_another(f.refunds, *refund) ||
         (payment != nullptr &&
          (payment->state == payment_state::refunded || is_all_given_back(f, *payment)));
}

/// A refused label is resolved by the one that was bought later, or by a cancel; a refused charge
/// by a later one that was not; a refund or a label's refund that stayed open, by one that did not;
/// a refused notice by a later one of the same way.
bool is_resolved(const order_facts& f, std::string_view step) {
  if (step == "refund")
    return std::none_of(f.payments.begin(), f.payments.end(), [&](const payment_fact& p) {
      return is_money(p) && !is_all_given_back(f, p);
    });
  if (step == "void_label")
    return f.label_voided;
  if (is_refund_resolved(f, step))
    return true;
  if (step == tracking_step)
    return is_shipping_over(f) || f.label_voided || !f.tracking_number.empty();
  if (step == stopped_parcel_step)
    return is_shipping_over(f) || f.shipment >= shipment_state::in_transit;
  if (step == register_tracking_step) // Where it is, is known all the same.
    return is_shipping_over(f) || f.shipment >= shipment_state::in_transit;
  if (step == "release_stock")
    return !f.stock.is_kept();
  if (step == "reserve_stock")
    return f.cancelled || f.stock.state != stock_state::refused;
  if (step == "commit_stock")
    return f.cancelled || f.stock.state == stock_state::released;
  if (step == "label")
    return is_shipping_over(f) || !f.label_id.empty();
  if (step == "charge") {
    const auto& last = *f.last_payment();
    return !may_have_been_made(last) && (f.cancelled || last.state != payment_state::failed);
  }
  return is_notice(step) && was_told_later(f, step);
}

/// What a person must resolve.
json attention_of(const order_facts& f) {
  json list = json::array();
  for (const auto& [step, why] : open_attention(f))
    list.push_back({{"step", step}, {"reason", why}});
  return list;
}

/// Nobody is called for what was done for the order; that somebody was not told of it is another
/// thing.
bool is_undone(const order_facts& f) {
  return std::all_of(f.attention.begin(), f.attention.end(), [&](const auto& point) {
    return is_notice(point.first) || is_undone_extra(point.second) || is_resolved(f, point.first);
  });
}

/// The part of every response that tells where the order stands.
json state_of(const std::string& order_id, const order_facts& f) {
  const auto* payment = f.last_payment();
  json j{{"orderId", order_id},
         {"status", status_of(f)},
         {"chargeId", text_or_null(payment != nullptr ? charge_id_of(*payment) : "")},
         {"paymentIntentId", text_or_null(payment != nullptr ? payment->intent_id : "")},
         {"labelId", text_or_null(f.label_id)},
         {"trackingNumber", text_or_null(f.tracking_number)}};
  if (auto open = open_steps(f); !open.empty())
    j["pending"] = open;
  if (auto attention = attention_of(f); !attention.empty())
    j["attention"] = std::move(attention);
  if (const auto refund = refund_id_of(f); !refund.empty())
    j["refundId"] = refund;
  return j;
}

std::string message_of(const order_facts& f, bool again) {
  const auto status = status_of(f);
  const auto* payment = f.last_payment();
  if (status == "out_of_stock")
    return "Out of stock: " + shortage_text(f.stock);
  if (status == "payment_failed")
    return "Payment failed: " + (payment != nullptr ? payment->reason : std::string());
  if (status == "requires_action")
    return "The customer must authenticate the payment";
  if (payment != nullptr && is_at_bank(f, *payment))
    return "The bank has not decided on the payment yet";
  if (payment != nullptr && may_have_been_made(*payment))
    return "Whether the payment was made is not known; a person was called";
  if (again)
    return "Order already processed";
  return status == "confirmed" ? "Order processed successfully" : "Order accepted";
}

/// What was sent of it.
json customs_json(const item_customs& c) {
  auto customs = texts({{"description", c.description},
                        {"hsCode", c.hs_code},
                        {"originCountry", c.origin_country},
                        {"netWeight", c.net_weight},
                        {"massUnit", c.mass_unit}});
  if (c.value > 0)
    customs["value"] = c.value;
  return customs;
}

json items_json(const order& o) {
  json items = json::array();
  for (const auto& i : o.items) {
    items.push_back({{"productId", i.product_id}, {"quantity", i.quantity}, {"price", i.price}});
    if (!i.customs.empty())
      items.back()["customs"] = customs_json(i.customs);
  }
  return items;
}

json adjustments_json(const order& o) {
  json adjustments = json::array();
  for (const auto& a : o.adjustments)
    adjustments.push_back({{"label", a.label}, {"amount", a.amount}});
  return adjustments;
}

json customer_json(const order& o) {
  json c{{"email", o.customer_email}, {"name", o.customer_name}};
  if (!o.customer_phone.empty())
    c["phone"] = o.customer_phone;
  return c;
}

/// The address of the label; of name, phone and e-mail what differs from the customer's.
json shipping_json(const order& o) {
  const auto& a = o.shipping;
  const auto other = [](const std::string& own, const std::string& customers) {
    return own == customers ? std::string() : own;
  };
  return texts({{"name", other(a.name, o.customer_name)},
                {"company", a.company},
                {"street", a.street},
                {"street2", a.street2},
                {"city", a.city},
                {"state", a.state},
                {"zip", a.zip},
                {"country", a.country},
                {"phone", other(a.phone, o.customer_phone)},
                {"email", other(a.email, o.customer_email)},
                {"rate", o.rate}});
}

json parcel_json(const parcel_size& p) {
  return {{"length", p.length},
          {"width", p.width},
          {"height", p.height},
          {"weight", p.weight},
          {"distance_unit", p.distance_unit},
          {"mass_unit", p.mass_unit}};
}

/// When other content was taken, and in what it differed; oldest first.
json changes_json(std::string_view recorded) {
  json list = json::array();
  if (auto changes = decode_changes(recorded))
    for (const auto& change : *changes)
      list.push_back({{"at", utc_text(change.at)}, {"fields", change.fields}});
  return list;
}

} // namespace

std::vector<std::pair<std::string, std::string>> open_attention(const order_facts& f) {
  std::vector<std::pair<std::string, std::string>> open;
  for (const auto& [step, why] : f.attention)
    if (!is_resolved(f, step))
      open.emplace_back(step, why);
  return open;
}

std::string shown_parts(const order& o) {
  json j{{"items", items_json(o)},       {"customer", customer_json(o)},
         {"shipping", shipping_json(o)}, {"currency", o.total.currency},
         {"total", o.total.minor_units}, {"totalText", tables::shown(o.total)}};
  if (!o.adjustments.empty())
    j["adjustments"] = adjustments_json(o);
  if (!o.parcel.empty())
    j["parcel"] = parcel_json(o.parcel);
  auto text = j.dump();
  return text.substr(1, text.size() - 2);
}

error no_such_order(const std::string& order_id) {
  return {error_kind::not_found, "order", "There is no order " + order_id + ".", 404};
}

error cancelled_meanwhile(const std::string& order_id, const order_facts& f) {
  return {error_kind::cancelled, "order",
          "Order " + order_id + " was cancelled while it was processed; it is now " +
              std::string(status_of(f)) + '.',
          409};
}

error may_be_charged(const std::string& order_id) {
  return {error_kind::rejected, "order",
          "Order " + order_id +
              " may be charged, and nobody knows: nothing is charged again. A person was called. "
              "What Stripe says of its payment is taken; was none made, cancel the order and send "
              "it under another key.",
          409};
}

error stays_cancelled(const std::string& order_id, const order_facts& f) {
  return {error_kind::rejected, "order",
          "Order " + order_id + (f.cancelled ? " was cancelled" : " is being cancelled") +
              " and is not processed again. Send a new order under another key.",
          409};
}

std::string order_response(const std::string& order_id, const order_facts& f, bool again) {
  auto j = state_of(order_id, f);
  j["message"] = message_of(f, again);
  return j.dump();
}

std::string cancel_response(const std::string& order_id, const order_facts& f) {
  auto j = state_of(order_id, f);
  j["refundId"] = text_or_null(refund_id_of(f));
  j["message"] =
      is_undone(f) ? "Order cancelled" : "Order cancelled; some of it needs a person's attention";
  return j.dump();
}

result<std::string> get_order(const durable::read_view& view, std::int64_t call_after_ms) {
  const auto& state = view.state;
  const auto* request = state.value("order");
  const auto* recorded = state.value("facts");
  if (request == nullptr || recorded == nullptr)
    return fail(no_such_order(state.id.key));
  auto o = order::decode(*request);
  if (!o)
    return o.failure();
  auto facts = order_facts::decode(*recorded);
  if (!facts)
    return facts.failure();
  auto j = state_of(state.id.key, *facts);
  j["createdAt"] = utc_text(facts->created_at);
  j["updatedAt"] = utc_text(state.last_time);
  auto open = open_points_of(view, *facts, call_after_ms);
  if (!open)
    return open.failure();
  for (const auto& p : open->persons)
    j["attention"].push_back({{"step", p.step}, {"reason", p.reason}});
  if (!j.contains("pending"))
    j["pending"] = json::array();
  if (!j.contains("attention"))
    j["attention"] = json::array();
  if (!facts->notices.empty())
    j["notices"] = facts->notices;
  if (const auto* changes = state.value("changes"))
    j["changes"] = changes_json(*changes);
  auto text = j.dump();
  text.insert(1,
              shown_parts(*o) + ',' + shown_open_points(*open) + shown_stock_and_refunds(*facts));
  return text;
}

std::optional<durable::response_enricher> client_secret_for(std::string_view response) {
  if (response.find("\"requires_action\"") == std::string_view::npos)
    return std::nullopt;
  const auto j = json::parse(response, nullptr, false);
  if (!j.is_object() || j.value("status", "") != "requires_action" ||
      !j.at("paymentIntentId").is_string())
    return std::nullopt;
  durable::response_enricher part;
  stripe::retrieve_request request;
  request.payment_intent_id = j.at("paymentIntentId").get<std::string>();
  part.operation = stripe::retrieve(request).raw;
  part.add = [](std::string shown, const providers::http_response& fetched) {
    auto state = stripe::read_intent_state(fetched);
    auto order = json::parse(shown, nullptr, false);
    if (!state || state->client_secret.empty() || !order.is_object() ||
        order["paymentIntentId"] != state->payment_intent_id) // Another payment's is nobody's.
      return shown;
    order["clientSecret"] = state->client_secret.reveal();
    return order.dump();
  };
  return part;
}

} // namespace orderhub::handlers
