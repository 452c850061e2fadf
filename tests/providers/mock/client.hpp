#pragma once
#include "providers/mock/vendors.hpp"

#include <cstdint>
#include <string>
#include <utility>

/// Talks to mock vendors without a socket, at a time moved by hand.
struct mock_client {
  using options = orderhub::providers::mock::options;
  using mock_response = orderhub::providers::mock::mock_response;
  using header_list = orderhub::providers::header_list;

  orderhub::providers::mock::vendors world;
  orderhub::unix_ms now = 1'700'000'000'000;

  explicit mock_client(options settings = {}) : world(std::move(settings)) {}

  mock_response send(std::string method, std::string target, header_list headers = {},
                     std::string body = {}) {
    return world.handle({std::move(method), std::move(target), std::move(headers), std::move(body)},
                        now);
  }
  mock_response stripe(const std::string& target, const std::string& form,
                       const std::string& key = {}) {
    header_list headers = {{"authorization", "Bearer sk_test_1"},
                           {"content-type", "application/x-www-form-urlencoded"}};
    if (!key.empty())
      headers.emplace_back("idempotency-key", key);
    return send("POST", "/stripe/v1/" + target, std::move(headers), form);
  }
  mock_response stripe_get(const std::string& target) {
    return send("GET", "/stripe/v1/" + target, {{"authorization", "Bearer sk_test_1"}});
  }
  mock_response charge(const std::string& key = {}, const std::string& method = "pm_card_visa",
                       const std::string& more = "&off_session=true") {
    return stripe("payment_intents",
                  "amount=4200&currency=usd&confirm=true&payment_method_types[]=card"
                  "&metadata[order_id]=ord-1&metadata[step]=charge&metadata[attempt]=1"
                  "&payment_method=" +
                      method + more,
                  key);
  }
  mock_response shippo(const std::string& target, const std::string& body) {
    return send(
        "POST", "/shippo/" + target,
        {{"authorization", "ShippoToken shippo_test_1"}, {"content-type", "application/json"}},
        body);
  }
  mock_response shippo_get(const std::string& target) {
    return send("GET", "/shippo/" + target, {{"authorization", "ShippoToken shippo_test_1"}});
  }
  /// JSON text of a shipment to that zip code, for order `ord-1`.
  static std::string shipment_body(const std::string& zip = "94107");
  /// A shipment's first rate id.
  std::string rate(const std::string& zip = "94107");
  /// Buys a label for `ord-1`, step `label`, attempt 2.
  mock_response buy(const std::string& rate_id);
  mock_response slack(const std::string& method, const std::string& body) {
    return send(
        "POST", "/slack/api/" + method,
        {{"authorization", "Bearer xoxb-1"}, {"content-type", "application/json; charset=utf-8"}},
        body);
  }
  mock_response mail(const std::string& body) {
    return send("POST", "/sendgrid/v3/mail/send",
                {{"authorization", "Bearer SG.1"}, {"content-type", "application/json"}}, body);
  }
  /// JSON text of a mail for order `ord-1`.
  static std::string mail_body();
  [[nodiscard]] std::uint64_t total(orderhub::providers::mock::effect_kind kind) const {
    return world.effects().total(kind);
  }
};
