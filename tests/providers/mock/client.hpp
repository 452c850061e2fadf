#pragma once
#include "providers/mock/vendors.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

/// Talks to mock vendors without a socket, at a time moved by hand.
struct mock_client {
  using options = orderhub::providers::mock::options;
  using mock_reply = orderhub::providers::mock::mock_reply;
  using header_list = orderhub::providers::header_list;

  orderhub::providers::mock::vendors world;
  orderhub::unix_ms now = 1'700'000'000'000;

  explicit mock_client(options settings = {}) : world(std::move(settings)) {}

  mock_reply send(std::string method, std::string target, header_list headers = {},
                  std::string body = {}) {
    return world.handle({std::move(method), std::move(target), std::move(headers), std::move(body)},
                        now);
  }
  mock_reply stripe(const std::string& target, const std::string& form,
                    const std::string& key = {}) {
    header_list headers = {{"authorization", "Bearer sk_test_1"},
                           {"content-type", "application/x-www-form-urlencoded"}};
    if (!key.empty())
      headers.emplace_back("idempotency-key", key);
    return send("POST", "/stripe/v1/" + target, std::move(headers), form);
  }
  mock_reply stripe_get(const std::string& target) {
    return send("GET", "/stripe/v1/" + target, {{"authorization", "Bearer sk_test_1"}});
  }
  mock_reply charge(const std::string& key = {}, const std::string& method = "pm_card_visa",
                    const std::string& more = "&off_session=true") {
    return stripe("payment_intents",
                  "amount=4200&currency=usd&confirm=true&payment_method_types[]=card"
                  "&metadata[order_id]=ord-1&metadata[step]=charge&metadata[attempt]=1"
                  "&payment_method=" +
                      method + more,
                  key);
  }
  mock_reply shippo(const std::string& target, const nlohmann::json& body) {
    return send(
        "POST", "/shippo/" + target,
        {{"authorization", "ShippoToken shippo_test_1"}, {"content-type", "application/json"}},
        body.dump());
  }
  mock_reply shippo_get(const std::string& target) {
    return send("GET", "/shippo/" + target, {{"authorization", "ShippoToken shippo_test_1"}});
  }
  static nlohmann::json shipment_body(const std::string& zip = "94107") {
    return {{"address_from",
             {{"name", "Shop"},
              {"street1", "1 A St"},
              {"city", "Reno"},
              {"state", "NV"},
              {"zip", "89501"},
              {"country", "US"}}},
            {"address_to",
             {{"name", "A \"B\""},
              {"street1", "2 B St"},
              {"city", "San Francisco"},
              {"state", "CA"},
              {"zip", zip},
              {"country", "US"}}},
            {"parcels",
             {{{"length", "10"},
               {"width", "10"},
               {"height", "5"},
               {"distance_unit", "in"},
               {"weight", "1"},
               {"mass_unit", "lb"}}}},
            {"async", false},
            {"metadata", "order_id:ord-1 step:shipment"}};
  }
  /// A shipment's first rate id.
  std::string rate(const std::string& zip = "94107");
  mock_reply buy(const std::string& rate_id) {
    return shippo("transactions", {{"rate", rate_id},
                                   {"async", false},
                                   {"label_file_type", "PDF_4x6"},
                                   {"metadata", "order_id:ord-1 step:label attempt:2"}});
  }
  mock_reply slack(const std::string& method, const nlohmann::json& body) {
    return send(
        "POST", "/slack/api/" + method,
        {{"authorization", "Bearer xoxb-1"}, {"content-type", "application/json; charset=utf-8"}},
        body.dump());
  }
  mock_reply mail(const nlohmann::json& body) {
    return send("POST", "/sendgrid/v3/mail/send",
                {{"authorization", "Bearer SG.1"}, {"content-type", "application/json"}},
                body.dump());
  }
  static nlohmann::json mail_body() {
    return {{"personalizations",
             {{{"to", {{{"email", "a@example.com"}}}},
               {"custom_args", {{"order_id", "ord-1"}, {"step", "mail"}}}}}},
            {"from", {{"email", "shop@example.com"}}},
            {"subject", "Order ord-1"},
            {"content", {{{"type", "text/plain"}, {"value", "Thank you"}}}}};
  }
  [[nodiscard]] std::uint64_t total(orderhub::providers::mock::effect_kind kind) const {
    return world.effects().total(kind);
  }
  [[nodiscard]] nlohmann::json ledger() const { return nlohmann::json::parse(world.ledger_json()); }
};

inline nlohmann::json body_of(const orderhub::providers::mock::mock_reply& reply) {
  return nlohmann::json::parse(reply.response.body);
}

inline std::string mock_client::rate(const std::string& zip) {
  return body_of(shippo("shipments", shipment_body(zip)))["rates"][0]["object_id"];
}
