// Every vector of tests/golden/webhook-vectors.json. They were signed with each vendor's own
// library where it has one (the fixtures of SendGrid and GitHub are the published ones).
#include "providers/webhooks/custom.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

namespace orderhub::providers {
namespace {

using nlohmann::json;
using testing::sent_delivery;
using webhooks::refusal;
using webhooks::verification;

json vectors() {
  std::ifstream file(ORDERHUB_SOURCE_DIR "/tests/golden/webhook-vectors.json");
  REQUIRE(file);
  auto all = json::parse(file);
  REQUIRE(all.is_array());
  return all;
}

std::vector<std::string> keys_of(const json& vector) {
  std::vector<std::string> keys;
  for (const char* name : {"secret", "publicKey"}) {
    if (!vector.contains(name))
      continue;
    const auto& given = vector[name];
    for (const auto& one : given.is_array() ? given : json::array({given}))
      keys.push_back(one.get<std::string>());
  }
  return keys;
}

/// `https://hub.example.com` and `/webhooks/…` of the public address.
std::pair<std::string, std::string> split_url(const std::string& url) {
  const auto path = url.find('/', url.find("://") + 3);
  return {url.substr(0, path), url.substr(path)};
}

sent_delivery delivery_of(const json& vector) {
  sent_delivery sent;
  sent.body = vector["body"].get<std::string>();
  sent.now_s = vector["now"].get<std::int64_t>();
  for (const auto& [name, value] : vector["headers"].items())
    sent.headers.emplace_back(name, value.get<std::string>());
  return sent;
}

verification verdict_of(const json& vector) {
  auto sent = delivery_of(vector);
  const auto vendor = vector["vendor"].get<std::string>();
  std::string public_url;
  if (vector.contains("url"))
    std::tie(public_url, sent.target) = split_url(vector["url"].get<std::string>());
  if (vendor != "custom")
    return testing::verify(vendor, sent, keys_of(vector), public_url);
  webhooks::custom_source from;
  from.name = "sender";
  if (vector.contains("publicKey"))
    from.scheme = webhooks::custom_scheme::standard_v1a;
  for (const auto& key : keys_of(vector))
    from.secrets.emplace_back(key);
  return webhooks::verify_custom(from, sent.view());
}

/// Why a vector must be refused, where its name says so.
std::optional<refusal> reason_of(const std::string& name) {
  if (name.starts_with("missing-") || name == "sha1-only" || name == "url-token-missing")
    return refusal::no_signature;
  if (name.starts_with("age-301"))
    return refusal::too_old;
  if (name.starts_with("future-301"))
    return refusal::too_new;
  if (name.starts_with("tampered") || name.starts_with("wrong-secret") ||
      name.starts_with("wrong-key") || name.starts_with("url-token-") || name == "query-changed")
    return refusal::wrong;
  if (name.starts_with("malformed") || name == "no-timestamp" || name == "timestamp-not-a-number" ||
      name == "v0-only")
    return refusal::malformed;
  return std::nullopt;
}

TEST_CASE("every vector is judged as its vendor's own library judges it", "[webhooks][vectors]") {
  const auto all = vectors();
  CHECK(all.size() == 125);
  std::map<std::string, std::pair<int, int>> counts;
  for (const auto& vector : all) {
    const auto vendor = vector["vendor"].get<std::string>();
    const auto name = vector["name"].get<std::string>();
    CAPTURE(vendor, name, vector["why"].get<std::string>());
    const auto verdict = verdict_of(vector);
    const bool wanted = vector["expect"] == "accept";
    CHECK((verdict.why == refusal::none) == wanted);
    CHECK((verdict.why == refusal::none ? verdict.hint.empty() : true));
    CHECK(verdict.why != refusal::no_secret);
    if (const auto reason = reason_of(name); reason && !wanted)
      CHECK(webhooks::name_of(verdict.why) == webhooks::name_of(*reason));
    ++(wanted ? counts[vendor].first : counts[vendor].second);
  }
  CHECK(counts.size() == 7);
  for (const auto& [vendor, count] : counts) {
    CAPTURE(vendor);
    CHECK(count.first > 0);
    CHECK(count.second > 0);
  }
}

TEST_CASE("without a secret, or with a foreign one, no vector is taken", "[webhooks][vectors]") {
  for (const auto& vector : vectors()) {
    CAPTURE(vector["vendor"].get<std::string>(), vector["name"].get<std::string>());
    auto bare = vector;
    bare.erase("secret");
    bare.erase("publicKey");
    CHECK(verdict_of(bare).why == refusal::no_secret);
    bare["secret"] = "another, whatever it is";
    CHECK(verdict_of(bare).why != refusal::none);
    bare["secret"] = json::array();
    for (const auto& key : keys_of(vector))
      bare["secret"].push_back("test:" + key);
    CHECK(verdict_of(bare).why == refusal::no_secret);
    bare["secret"].push_back("another");
    const auto recognised = verdict_of(bare);
    CHECK(recognised.why != refusal::none);
    if (vector["expect"] == "accept" && vector["vendor"] != "custom")
      CHECK(recognised.hint == "matches the test-mode secret");
  }
}

// One flipped bit anywhere in what is signed, or in the signature, makes it another's.
TEST_CASE("no changed byte of an accepted vector is taken", "[webhooks][vectors]") {
  for (const auto& vector : vectors()) {
    if (vector["expect"] != "accept" || vector.value("scheme", "") == "url-token")
      continue;
    CAPTURE(vector["vendor"].get<std::string>(), vector["name"].get<std::string>());
    const auto body = vector["body"].get<std::string>();
    for (std::size_t i = 0; i < body.size(); i += 1 + body.size() / 16) {
      auto changed = vector;
      auto text = body;
      text[i] = static_cast<char>(text[i] ^ 1);
      if (static_cast<unsigned char>(text[i]) >= 0x80 || text[i] == '%')
        continue; // A JSON text cannot hold every byte.
      CAPTURE(i);
      changed["body"] = text;
      CHECK(verdict_of(changed).why != refusal::none);
    }
  }
}

} // namespace
} // namespace orderhub::providers
