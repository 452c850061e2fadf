#include "tests/providers/mock/client.hpp"

#include <nlohmann/json.hpp>

using nlohmann::json;

std::string mock_client::shipment_body(const std::string& zip) {
  const json body = {{"address_from",
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
  return body.dump();
}

std::string mock_client::rate(const std::string& zip) {
  const auto made = json::parse(shippo("shipments", shipment_body(zip)).response.body);
  return made["rates"][0]["object_id"];
}

mock_client::mock_response mock_client::buy(const std::string& rate_id) {
  const json body = {{"rate", rate_id},
                     {"async", false},
                     {"label_file_type", "PDF_4x6"},
                     {"metadata", "order_id:ord-1 step:label attempt:2"}};
  return shippo("transactions", body.dump());
}

std::string mock_client::mail_body() {
  const json body = {{"personalizations",
                      {{{"to", {{{"email", "a@example.com"}}}},
                        {"custom_args", {{"order_id", "ord-1"}, {"step", "mail"}}}}}},
                     {"from", {{"email", "shop@example.com"}}},
                     {"subject", "Order ord-1"},
                     {"content", {{{"type", "text/plain"}, {"value", "Thank you"}}}}};
  return body.dump();
}
