#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/webhooks/custom.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers::webhooks {
namespace {

using providers::testing::own_hub;
using providers::testing::sent_delivery;

custom_source source_of(const std::string& json) {
  auto all = read_custom_sources("[" + json + "]");
  if (!all)
    FAIL(all.error().message);
  REQUIRE(all->size() == 1);
  return all->front();
}

reading read(const custom_source& from, const sent_delivery& sent) {
  return read_custom(from, sent.view(), {own_hub, "", "", ""});
}

constexpr const char* erp =
    R"({"name":"erp","scheme":"hmac","secret":"old-key, new-key","header":"X-Erp-Signature",)"
    R"("prefix":"sha256=","id":"/id","type":"/kind","order":"/data/orders/0/key",)"
    R"("reference":"/data/promise","data":"/data/answer","at":"/when",)"
    R"("events":{"parcel.packed":"packed","parcel.gone":"picked_up","answer":"awakeable"}})";

sent_delivery signed_hmac(const std::string& body, const std::string& digest) {
  sent_delivery sent;
  sent.body = body;
  sent.headers = {{"x-erp-signature", digest}};
  return sent;
}

TEST_CASE("a plain HMAC is checked in the configured form", "[webhooks][custom]") {
  struct row {
    const char* algorithm;
    hash_algorithm hash;
    const char* encoding;
  };
  for (const auto& [algorithm, hash, encoding] :
       {row{"sha1", hash_algorithm::sha1, "hex"}, row{"sha256", hash_algorithm::sha256, "hex"},
        row{"sha512", hash_algorithm::sha512, "base64"},
        row{"sha256", hash_algorithm::sha256, "base64"}}) {
    CAPTURE(algorithm, encoding);
    const auto from = source_of(
        std::string(R"({"name":"a","scheme":"hmac","secret":"k1,k2","header":"x-erp-signature",)"
                    R"("id":"/id","algorithm":")") +
        algorithm + R"(","encoding":")" + encoding + "\"}");
    const auto raw = hmac(hash, "k2", {"{}"});
    const auto text = std::string(encoding) == "hex" ? hex_of(raw) : base64_encode(raw);
    CHECK(verify_custom(from, signed_hmac("{}", text).view()).why == refusal::none);
    CHECK(verify_custom(from, signed_hmac("{ }", text).view()).why == refusal::wrong);
    CHECK(verify_custom(from, signed_hmac("{}", "=" + text).view()).why == refusal::malformed);
    CHECK(verify_custom(from, signed_hmac("{}", "").view()).why == refusal::no_signature);
    CHECK(verify_custom(from, signed_hmac("{}", text.substr(0, text.size() - 4)).view()).why !=
          refusal::none);
  }
  const auto from = source_of(erp);
  const auto hex = hmac_hex(hash_algorithm::sha256, "old-key", {"{}"});
  CHECK(verify_custom(from, signed_hmac("{}", "sha256=" + hex).view()).why == refusal::none);
  CHECK(verify_custom(from, signed_hmac("{}", hex).view()).why == refusal::malformed);
}

TEST_CASE("a key's kind decides what is taken under it", "[webhooks][custom]") {
  const auto pair = signing_key::new_ed25519();
  const std::string raw_key = "0123456789abcdef01234567";
  sent_delivery sent;
  sent.body = "{}";
  const std::string text = "msg_1." + std::to_string(sent.now_s) + ".{}";
  const auto v1 = "v1," + base64_encode(hmac(hash_algorithm::sha256, raw_key, {text}));
  const auto v1a = "v1a," + base64_encode(pair.sign({text}));
  const auto verdict = [&](const std::string& scheme, const std::string& keys,
                           const std::string& signature) {
    const auto from =
        source_of(R"({"name":"a","scheme":")" + scheme + R"(","secret":")" + keys + "\"}");
    sent.headers = {{"Webhook-Id", "msg_1"},
                    {"Webhook-Timestamp", std::to_string(sent.now_s)},
                    {"Webhook-Signature", signature}};
    return verify_custom(from, sent.view()).why;
  };
  const auto hmac_key = "whsec_" + base64_encode(raw_key);
  const auto public_text = "whpk_" + pair.public_text();
  CHECK(verdict("standard", hmac_key, v1) == refusal::none);
  CHECK(verdict("standard", public_text, v1a) == refusal::none);
  CHECK(verdict("standard", hmac_key + "," + public_text, "v9,x " + v1a) == refusal::none);
  CHECK(verdict("standard_v1a", pair.public_text(), v1a) == refusal::none);
  CHECK(verdict("standard_v1a", hmac_key, v1) == refusal::none);
  // An HMAC under the public key, which everybody has.
  const auto forged = "v1," + base64_encode(hmac(hash_algorithm::sha256,
                                                 *base64_decoded(pair.public_text()), {text}));
  for (const char* scheme : {"standard", "standard_v1a"}) {
    CHECK(verdict(scheme, public_text, forged) == refusal::wrong);
    CHECK(verdict(scheme, public_text, "v1a" + forged.substr(2)) == refusal::wrong);
  }
  CHECK(verdict("standard", hmac_key, v1a) == refusal::wrong);
  CHECK(verdict("standard", "no base64!", v1) == refusal::wrong);
  std::string many;
  for (int i = 0; i < 20; ++i)
    many += "v1,AAAA ";
  CHECK(verdict("standard", hmac_key, many + v1) == refusal::wrong); // Only the first 16 count.
}

TEST_CASE("Svix's names of the headers are those of Standard Webhooks", "[webhooks][custom]") {
  const std::string raw_key = "0123456789abcdef01234567";
  const auto from = source_of(R"({"name":"a","scheme":"standard","type":"/type","secret":"whsec_)" +
                              base64_encode(raw_key) + "\"}");
  sent_delivery sent;
  sent.body = R"({"type":"x"})";
  const auto time = std::to_string(sent.now_s);
  const auto signature = "v1," + base64_encode(hmac(hash_algorithm::sha256, raw_key,
                                                    {"msg_1." + time + "." + sent.body}));
  sent.headers = {{"svix-id", "msg_1"}, {"svix-timestamp", time}, {"svix-signature", signature}};
  CHECK(verify_custom(from, sent.view()).why == refusal::none);
  const auto read = read_custom(from, sent.view(), {});
  REQUIRE(read.elements.size() == 1);
  CHECK(read.elements.front().what.id == "msg_1");

  // Not a mixture: what is signed is what is read.
  sent.headers.emplace_back("webhook-id", "msg_2");
  CHECK(verify_custom(from, sent.view()).why == refusal::none);
  CHECK(read_custom(from, sent.view(), {}).elements.front().what.id == "msg_1");
  sent.headers.emplace_back("webhook-signature", "v1,AAAA");
  CHECK(verify_custom(from, sent.view()).why == refusal::no_signature);
}

TEST_CASE("pointers say what an event is about", "[webhooks][custom]") {
  const auto from = source_of(erp);
  sent_delivery sent;
  sent.body = R"({"id":77,"kind":"parcel.packed","when":1760000000,)"
              R"("data":{"orders":[{"key":"ord-1001"}],"promise":"1Z999"}})";
  auto one = read(from, sent);
  REQUIRE(one.elements.size() == 1);
  const auto& e = one.elements[0].what;
  CHECK(one.elements[0].problem.empty());
  CHECK(e.id == "77");
  CHECK(e.type == "parcel.packed");
  CHECK(e.kind == event_kind::packed);
  CHECK(e.at_ms == 1'760'000'000'000);
  CHECK(e.about == step_ref{own_hub, "ord-1001", "", ""});
  CHECK(e.reference == "1Z999");
  CHECK(e.vendor_ids == std::vector<std::string>{"1Z999"});
  sent.body = R"({"id":"a","kind":"unheard.of","when":"2026-11-25T10:35:06+01:00"})";
  one = read(from, sent);
  CHECK(one.elements.at(0).what.kind == event_kind::skipped);
  CHECK(one.elements.at(0).what.at_ms == 1'795'599'306'000);
  CHECK(one.elements.at(0).what.about == step_ref{"", "", "", ""});
}

TEST_CASE("a custom event resolves an awakeable with its data", "[webhooks][custom]") {
  const auto from = source_of(erp);
  sent_delivery sent;
  const auto with = [&](const std::string& data) {
    sent.body = R"({"id":"a","kind":"answer","data":)" + data + "}";
    auto one = read(from, sent);
    REQUIRE(one.elements.size() == 1);
    return one.elements[0];
  };
  const auto good = with(R"({"promise":"prom_1","answer":{"b":[1,2.5,null],"a":"\u00e9"}})");
  CHECK(good.problem.empty());
  CHECK(good.what.kind == event_kind::awakeable);
  CHECK(good.what.reference == "prom_1");
  CHECK(good.what.data == "{\"a\":\"\xc3\xa9\",\"b\":[1,2.5,null]}");
  CHECK(with(R"({"promise":"prom_1"})").what.data == "null");
  CHECK_FALSE(with(R"({"answer":1})").problem.empty());
  CHECK_FALSE(
      with(R"({"promise":"p","answer":")" + std::string(16'384, 'x') + "\"}").problem.empty());
}

TEST_CASE("a custom body that is not one JSON object is unreadable", "[webhooks][custom]") {
  const auto from = source_of(erp);
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("7"), std::string("{"), std::string("{}"),
        std::string(R"({"id":""})"), std::string(R"({"id":{}})"),
        std::string(R"({"id":"a"},"whole":{"id":"b"})"), std::string(R"({"id":"a","id":"b"})"),
        std::string("{\"id\":\"\xff\"}"), std::string("\xef\xbb\xbf{\"id\":\"a\"}"),
        "{\"id\":\"a\",\"b\":" + std::string(100, '[') + std::string(100, ']') + "}"}) {
    CAPTURE(body);
    sent_delivery sent;
    sent.body = body;
    const auto one = read(from, sent);
    CHECK_FALSE(one.problem.empty());
    CHECK(one.elements.empty());
  }
}

TEST_CASE("a configuration says what is wrong with it, and no value", "[webhooks][custom]") {
  CHECK(read_custom_sources("")->empty());
  CHECK(read_custom_sources("[]")->empty());
  struct row {
    const char* json;
    const char* names;
  };
  const row rows[] = {
      {"{}", "list"},
      {"[", "list"},
      {"[7]", "name"},
      {R"([{"name":"A b","secret":"s3cr3t"}])", "name"},
      {R"([{"name":"../x","secret":"s3cr3t"}])", "name"},
      {R"([{"name":"a"}])", "secret"},
      {R"([{"name":"a","secret":","}])", "secret"},
      {R"([{"name":"a","secret":"s3cr3t","scheme":"none"}])", "scheme"},
      {R"([{"name":"a","secret":"s3cr3t","scheme":"hmac","id":"/id"}])", "header"},
      {R"([{"name":"a","secret":"s3cr3t","scheme":"hmac","header":"a b","id":"/id"}])", "header"},
      {R"([{"name":"a","secret":"s3cr3t","scheme":"hmac","header":"x"}])", "id"},
      {R"([{"name":"a","secret":"s3cr3t","algorithm":"md5"}])", "algorithm"},
      {R"([{"name":"a","secret":"s3cr3t","encoding":"base32"}])", "encoding"},
      {R"([{"name":"a","secret":"s3cr3t","type":"type"}])", "type"},
      {R"([{"name":"a","secret":"s3cr3t","type":"/a~2"}])", "type"},
      {R"([{"name":"a","secret":"s3cr3t","order":7}])", "order"},
      {R"([{"name":"a","secret":"s3cr3t","events":{"x":"payment_succeeded"}}])", "events"},
      {R"([{"name":"a","secret":"s3cr3t","events":{"x":"operator_action"}}])", "events"},
      {R"([{"name":"a","secret":"s3cr3t","events":{"x":"nothing"}}])", "events"},
      {R"([{"name":"a","secret":"s3cr3t","events":[]}])", "events"},
      {R"([{"name":"a","secret":"s3cr3t","events":{"x":"awakeable"}}])", "reference"},
      {R"([{"name":"a","secret":"s3cr3t","order_id":"/x"}])", "not known"},
      {R"([{"name":"a","secret":"s3cr3t"},{"name":"a","secret":"s3cr3t"}])", "two"},
  };
  for (const auto& [json, names] : rows) {
    CAPTURE(json);
    const auto all = read_custom_sources(json);
    REQUIRE_FALSE(all);
    CHECK(all.error().kind == error_kind::invalid);
    CHECK(all.error().message.find(names) != std::string::npos);
    CHECK(all.error().message.find("s3cr3t") == std::string::npos);
  }
}

} // namespace
} // namespace orderhub::providers::webhooks
