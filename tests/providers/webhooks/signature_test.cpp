#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers::webhooks {
namespace {

// RFC 4231, test case 2, and RFC 2202, test case 2.
TEST_CASE("an HMAC is the RFC's, in however many parts", "[webhooks]") {
  const std::string want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  CHECK(hmac_hex(hash_algorithm::sha256, "Jefe", {"what do ya want for nothing?"}) == want);
  CHECK(hmac_hex(hash_algorithm::sha256, "Jefe", {"what do ya ", "", "want for nothing?"}) == want);
  CHECK(hmac_hex(hash_algorithm::sha1, "Jefe", {"what do ya want for nothing?"}) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hmac_hex(hash_algorithm::sha512, "Jefe", {"what do ya want for nothing?"})
            .starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"));
  CHECK(hmac_hex(hash_algorithm::sha256, "", {""}) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("only equal bytes are the same", "[webhooks]") {
  CHECK(are_same("", ""));
  CHECK(are_same("abc", "abc"));
  CHECK_FALSE(are_same("abc", "abd"));
  CHECK_FALSE(are_same("abc", "ab"));
  CHECK_FALSE(are_same("", "a"));
  CHECK_FALSE(are_same(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST_CASE("hexadecimal is pairs of digits and nothing else", "[webhooks]") {
  CHECK(hex_decoded("") == "");
  CHECK(hex_decoded("00fFA9") == std::string("\x00\xff\xa9", 3));
  for (const char* bad : {"0", "0g", "0x00", " 00", "00 ", "0\n0"})
    CHECK_FALSE(hex_decoded(bad));
}

TEST_CASE("base64 has one text for each value", "[webhooks]") {
  CHECK(base64_decoded("") == "");
  CHECK(base64_decoded("Zg==") == "f");
  CHECK(base64_decoded("Zm8=") == "fo");
  CHECK(base64_decoded("Zm9v") == "foo");
  CHECK(base64_decoded("+/+/") == "\xfb\xff\xbf");
  // No padding, too much of it, inside, unused bits, other alphabets, line ends.
  for (const char* bad :
       {"Zg", "Zg=", "Zm9v====", "Z=g=", "Zh==", "Zm9=", "-_-_", "Zm9v\n", " Zm9v", "====", "="})
    CHECK_FALSE(base64_decoded(bad));
}

TEST_CASE("a signature of ECDSA holds for its key and bytes only", "[webhooks]") {
  const auto pair = signing_key::new_p256();
  const auto other = signing_key::new_p256();
  const auto signature = pair.sign({"1760000000", "[{}]\r\n"});
  const auto key = public_key::p256(pair.public_text());
  REQUIRE(key);
  CHECK(key->verifies({"1760000000", "[{}]\r\n"}, signature));
  CHECK(key->verifies({"1760000000[{}]\r\n"}, signature)); // Parts are one text.
  CHECK_FALSE(key->verifies({"1760000000", "[{}]"}, signature));
  CHECK_FALSE(key->verifies({"1760000000", "[{}]\r\n"}, signature + '\0'));
  CHECK_FALSE(key->verifies({"1760000000", "[{}]\r\n"}, signature.substr(1)));
  CHECK_FALSE(key->verifies({"1760000000", "[{}]\r\n"}, ""));
  CHECK_FALSE(
      public_key::p256(other.public_text())->verifies({"1760000000", "[{}]\r\n"}, signature));
}

TEST_CASE("a key is of P-256, in base64 of its DER or in PEM", "[webhooks]") {
  const auto text = signing_key::new_p256().public_text();
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t i = 0; i < text.size(); i += 64)
    pem += text.substr(i, 64) + '\n';
  pem += "-----END PUBLIC KEY-----\n";
  CHECK(public_key::p256(text));
  CHECK(public_key::p256(pem));
  const auto der = base64_decoded(text);
  REQUIRE(der);
  CHECK_FALSE(public_key::p256(*der)); // Raw bytes are no text.
  CHECK_FALSE(public_key::p256(text.substr(4)));
  CHECK_FALSE(public_key::p256(text + "AAAA")); // Bytes behind the key.
  CHECK_FALSE(public_key::p256(""));
  CHECK_FALSE(public_key::p256("whsec_AAAA"));
  CHECK_FALSE(public_key::p256(std::string(5'000, 'A')));
  // secp384r1, and an RSA key: both are keys, and neither is SendGrid's.
  CHECK_FALSE(public_key::p256("MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE"));
  CHECK_FALSE(public_key::p256(
      "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu"
      "KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="));
}

TEST_CASE("an ed25519 signature holds for its key and bytes only", "[webhooks]") {
  const auto pair = signing_key::new_ed25519();
  const auto raw = base64_decoded(pair.public_text());
  REQUIRE(raw);
  CHECK(raw->size() == 32);
  const auto key = public_key::ed25519(*raw);
  REQUIRE(key);
  const auto signature = pair.sign({"msg_1.1760000000.", "{}"});
  CHECK(signature.size() == 64);
  CHECK(key->verifies({"msg_1.1760000000.{}"}, signature));
  CHECK_FALSE(key->verifies({"msg_1.1760000000.{ }"}, signature));
  CHECK_FALSE(key->verifies({"msg_1.1760000000.{}"}, signature.substr(0, 63)));
  CHECK_FALSE(public_key::ed25519(raw->substr(1)));
  CHECK_FALSE(public_key::ed25519(""));
}

} // namespace
} // namespace orderhub::providers::webhooks
