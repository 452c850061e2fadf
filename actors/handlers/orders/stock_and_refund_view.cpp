#include "actors/handlers/orders/stock_and_refund_view.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

/// What the shop's inventory has for it.
json stock_json(const stock_fact& s) {
  constexpr std::array names = {"none",      "asked", "refused", "held",
                                "committed", "lost",  "released"};
  json stock{{"state", names.at(static_cast<std::size_t>(s.state))}};
  if (!s.reason.empty())
    stock["reason"] = s.reason;
  for (const auto& i : s.missing)
    stock["missing"].push_back(
        {{"productId", i.product_id}, {"wanted", i.wanted}, {"available", i.available}});
  return stock;
}

/// That callers asked for, in the order in which they did.
json refunds_json(const refund_facts& refunds) {
  std::vector<std::pair<std::uint32_t, json>> numbered;
  for (const auto& [id, r] : refunds) {
    json refund{{"refundId", id}, {"amount", r.amount}, {"state", name_of(r.state)}};
    if (!r.reason.empty())
      refund["reason"] = r.reason;
    if (!r.why.empty())
      refund["why"] = r.why;
    if (!r.refund_id.empty())
      refund["stripeRefundId"] = r.refund_id;
    numbered.emplace_back(r.number, std::move(refund));
  }
  std::sort(numbered.begin(), numbered.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  json list = json::array();
  for (auto& [number, refund] : numbered)
    list.push_back(std::move(refund));
  return list;
}

} // namespace

std::string shown_stock_and_refunds(const order_facts& f) {
  std::string text;
  if (f.stock.round > 0)
    text += "\"stock\":" + stock_json(f.stock).dump() + ',';
  if (!f.refunds.empty())
    text += "\"refunds\":" + refunds_json(f.refunds).dump() + ',';
  return text;
}

std::string refund_response(const std::string& order_id, const std::string& refund_id,
                            const order_facts& f) {
  const auto& refund = f.refunds.at(refund_id);
  const char* message = refund.state == refund_state::made ? "Refunded"
                        : refund.state == refund_state::accepted
                            ? "Refund accepted; the bank has not made it yet"
                            : "It is not known whether Stripe made the refund; a person was called";
  return json{{"orderId", order_id},
              {"refundId", refund_id},
              {"refunded", refund.amount},
              {"left", left_to_refund(f)},
              {"message", message}}
      .dump();
}

error out_of_stock(const std::string& order_id, const order_facts& f) {
  const auto why = shortage_text(f.stock);
  if (f.stock.state == stock_state::lost)
    return {error_kind::rejected, "order",
            "Order " + order_id + " has no stock left: " + why +
                ". What was paid is given back; it is now " + std::string(status_of(f)) + '.',
            409};
  return {error_kind::rejected, "order",
          "Order " + order_id + " is out of stock: " + why +
              ". Nothing was charged; it can be sent again.",
          409};
}

} // namespace orderhub::handlers
