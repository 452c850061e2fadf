#include "actors/handlers/orders/order_request.hpp"

#include "actors/handlers/card_numbers.hpp"
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/amounts_request.hpp"
#include "actors/handlers/orders/delivery_request.hpp"
#include "actors/handlers/request_rules.hpp"
#include "actors/handlers/strict_json.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace orderhub::handlers {

namespace {

constexpr std::size_t items_max = 1'000;

/// What Stripe takes for `payment_method`: the id of a PaymentMethod, a Card or a Source.
bool is_payment_method(std::string_view id) {
  for (const std::string_view prefix : {"pm_", "card_", "src_"})
    if (id.starts_with(prefix) && id.size() > prefix.size())
      return std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
      });
  return false;
}

void read_payment(field_reader& request, order& o, const order_rules& rules) {
  o.retry = request.flag("retry");
  if (auto p = request.object("payment", false)) {
    o.payment_method = p->text("method", false);
    o.payment_customer = p->text("customer", false);
  }
  o.payment_method_given = !o.payment_method.empty();
  if (!o.payment_method_given)
    o.payment_method = rules.default_payment_method;
  const bool is_free = o.total.minor_units == 0;
  if (o.payment_method_given && !is_payment_method(o.payment_method))
    request.complain("payment.method " +
                     refusal("payment-method", "must be the id of a payment method at Stripe") +
                     '.');
  else if (o.payment_method.empty() && !is_free)
    request.complain(
        refusal("payment-method-missing",
                "payment.method is missing; with a live Stripe key there is no default") +
        '.');
}

} // namespace

result<order> check_order(std::string_view body, const order_rules& rules) {
  json_bounds bounds;
  bounds.list = "items";
  bounds.list_max = items_max;
  if (auto sound = check_json(body, bounds, no_card_numbers()); !sound)
    return sound.failure();
  auto request = field_reader::parse(body);
  if (!request)
    return fail({error_kind::invalid, "order",
                 "The body must be a JSON object with items, customer and shipping.", 400});
  order o;
  read_amounts(*request, o);
  read_delivery(*request, o, rules.delivery);
  read_payment(*request, o, rules);
  if (auto sound = request->verdict(); !sound)
    return sound.failure();
  return o;
}

void load_order_tables(const order_rules& rules) {
  const auto sample = check_order(
      R"({"items":[{"productId":"sku-1","quantity":1,"price":4200}],"currency":"eur",
"customer":{"email":"ada@example.com","name":"Ada","phone":"+49 30 901820"},
"shipping":{"street":"Hauptstr. 1","city":"Berlin","zip":"10827","country":"DE"}})",
      rules);
  (void)sample; // Whatever the rules say of it.
}

} // namespace orderhub::handlers
