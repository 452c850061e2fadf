#include "tests/providers/webhooks/deliveries.hpp"

#include "tests/support/catch2.hpp"

namespace orderhub::providers::testing {

webhooks::verification verify(std::string_view vendor, const sent_delivery& sent,
                              const std::vector<std::string>& secrets,
                              std::string_view public_url) {
  const auto* source = webhooks::find_source(vendor);
  REQUIRE(source);
  std::vector<secret> all;
  for (const auto& text : secrets)
    all.emplace_back(text);
  return source->verify(sent.view(), all, public_url);
}

webhooks::reading read(std::string_view vendor, const sent_delivery& sent) {
  const auto* source = webhooks::find_source(vendor);
  REQUIRE(source);
  return source->read(sent.view(), {own_hub, "", "", ""});
}

webhooks::event read_one(std::string_view vendor, const sent_delivery& sent) {
  auto all = read(vendor, sent);
  CAPTURE(sent.body, all.problem);
  REQUIRE(all.problem.empty());
  REQUIRE(all.elements.size() == 1);
  REQUIRE(all.elements.front().problem.empty());
  CHECK_FALSE(all.elements.front().what.id.empty());
  return std::move(all.elements.front().what);
}

webhooks::event read_one(std::string_view vendor, std::string body) {
  sent_delivery sent;
  sent.body = std::move(body);
  return read_one(vendor, sent);
}

} // namespace orderhub::providers::testing
