// A reason helps: which field and which code the vendor named, never the value.
#include "providers/policy/reason.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/reasons.hpp"
#include "providers/slack/wire.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers {
namespace {

/// What a customer wrote, in the words in which vendors give it back.
const std::vector<std::string> customers_words = {
    "Ada",  "Lovelace", "lovelace",        "Springfield", "62701",
    "4242", "Zoë",      "ada@example.com", "Quellweg",    "quellweg",
    "217",  "555",      "Mühlstraße"};

void check_silent(const std::string& reason) {
  CAPTURE(reason);
  for (const auto& word : customers_words) {
    CAPTURE(word);
    CHECK(reason.find(word) == std::string::npos);
  }
  CHECK(reason.size() <= 400);
  for (const char c : reason)
    CHECK(static_cast<unsigned char>(c) >= 0x20);
}

std::string refused(const char* name, int status, const std::string& body) {
  const auto outcome = testing::sample_operations().at(name).parse({status, {}, body});
  REQUIRE_FALSE(outcome);
  check_silent(outcome.error().message);
  return outcome.error().message;
}

TEST_CASE("GitHub's refusal names its fields, and never its sentence", "[github][reasons]") {
  const auto reason = [](int status, const std::string& body) {
    return refused("github.create_deployment", status, body);
  };
  CHECK(reason(422,
               R"({"message":"Validation Failed","errors":[{"resource":"Deployment",)"
               R"("field":"environment","code":"custom","message":"Springfield is wrong"}]})") ==
        "422: Deployment.environment: custom");
  CHECK(reason(422, R"({"message":"No ref found for: lovelace"})") == "422: no_such_ref");
  CHECK(reason(422, R"({"message":"x","errors":[{"resource":"Ada 62701","field":"4242",)"
                    R"("code":"ada@example.com"}]})") == "422");
  CHECK(reason(500, "<html>Lovelace</html>") == "500");
}

TEST_CASE("Twilio's refusal is its code, and never its sentence", "[twilio][reasons]") {
  const auto reason = [](int status, const std::string& code) {
    return refused("twilio.send_sms", status,
                   R"({"code":)" + code +
                       R"(,"message":"The 'To' number 555 62701 is not valid.",)" +
                       R"("more_info":"https://www.twilio.com/docs/errors/21211","status":400})");
  };
  CHECK(reason(400, "21211") == "400: 21211");
  CHECK(reason(403, "21408") == "403: 21408");
  CHECK(reason(400, "\"62701\"") == "400");
  CHECK(reason(400, "555867531062701") == "400");
  CHECK(reason(400, "-1") == "400");
  CHECK(reason(503, "20503") == "503: 20503");
}

TEST_CASE("Shippo's refusal names its fields and kinds of fault", "[shippo][reasons]") {
  const auto reason = [](const char* body) { return refused("shippo.create_shipment", 400, body); };
  CHECK(reason(R"({"address_to":[{"zip":["Enter a valid zip code."]}]})") ==
        "400: address_to.zip: invalid");
  CHECK(reason(R"({"address_to":{"zip":["Enter a valid zip code, not 62701."]}})") ==
        "400: address_to.zip: invalid");
  CHECK(reason(R"({"address_to":{"zip":"This field is required."}})") ==
        "400: address_to.zip: required");
  CHECK(reason(R"({"address_to":{"name":["This field may not be blank."]}})") ==
        "400: address_to.name: blank");
  CHECK(
      reason(
          R"({"address_to":{"street1":["Ensure this field has no more than 35 characters."]}})") ==
      "400: address_to.street1: too_long");
  CHECK(reason(R"({"address_to":{"country":["Springfield is not a valid choice."]}})") ==
        "400: address_to.country: invalid");
  CHECK(reason(R"({"parcels":[{},{"weight":["This field is required."]}]})") ==
        "400: parcels.1.weight: required");
  CHECK(reason(R"({"parcels":[{"weight":["A valid number is required."]}]})") ==
        "400: parcels.weight: required");
  CHECK(reason(R"({"customs_declaration":{"items":[{"net_weight":["Must be greater than 0."]},)"
               R"({"origin_country":["Unknown country Springfield"]}]}})") ==
        "400: customs_declaration.items.0.net_weight: too_small, "
        "customs_declaration.items.1.origin_country: invalid");
  CHECK(reason(R"({"address_to":{"__all__":["Address of Ada Lovelace is not verified"]}})") ==
        "400: address_to: invalid");
  CHECK(reason(R"({"__all__":["Invalid shipment"]})") == "400: invalid");
  CHECK(reason(R"({"non_field_errors":["This field is required."]})") == "400: required");
  CHECK(reason(R"({"detail":"JSON parse error - Expecting value"})") == "400: malformed");
  CHECK(reason(R"({"rate":["Rate with supplied object_id not found."]})") ==
        "400: rate: not_found");
  CHECK(reason(R"(["Invalid data"])") == "400: invalid");
  CHECK(reason(R"({"address_to":[{"zip":["x"],"city":["x"]}],"address_from":{"phone":["x"]},)"
               R"("parcels":[{"mass_unit":["x"]}],"async":["x"],"metadata":["x"]})") ==
        "400: address_from.phone: refused, address_to.city: refused, address_to.zip: refused, "
        "async: refused, metadata: refused");
}

TEST_CASE("what a hostile or odd refusal says is not repeated", "[shippo][reasons]") {
  const auto reason = [](const std::string& body) {
    return refused("shippo.create_shipment", 400, body);
  };
  CHECK(reason(R"({"ada":["x"]})") == "400: another field: refused");
  CHECK(reason(R"({"address_to":{"62701":["is invalid"]}})") ==
        "400: address_to.another field: invalid");
  CHECK(reason(R"({"address_to":{"Zoë Lovelace":{"zip":["bad 62701"]}}})") ==
        "400: address_to.another field.zip: refused");
  CHECK(reason(R"({"Mühlstraße":"Quellweg 217"})") == "400: another field: refused");
  CHECK(reason("{\"address_to\":{\"zip\":[\"\x01\xff\"]}}").starts_with("400"));
  CHECK(reason("<html>Ada Lovelace, 62701</html>") == "400");
  CHECK(reason("") == "400");
  CHECK(reason("{}") == "400");
  CHECK(reason(R"({"address_to":{"zip":[]}})") == "400");
  CHECK(reason(R"({"address_to":{"zip":[4242]}})") == "400");
  std::string deep = R"({"address_to":)";
  for (int i = 0; i < 1'000; ++i)
    deep += R"({"address_to":)";
  deep += R"("Ada")" + std::string(1'001, '}');
  CHECK(reason(deep) == "400");
  std::string wide = "{";
  for (int i = 0; i < 2'000; ++i)
    wide += "\"ada" + std::to_string(i) + R"(":["Springfield"],)";
  CHECK(reason(wide + R"("zip":["x"]})") == "400: zip: refused");
  CHECK(reason(wide + R"("zap":["x"]})") == "400: another field: refused");
  const std::string huge =
      R"({"address_to":{"zip":[")" + std::string(std::size_t{4} * 1'024 * 1'024, 'x') + "\"]}}";
  CHECK(reason(huge) == "400");
}

TEST_CASE("a carrier's sentence is shown without what was sent", "[shippo][reasons]") {
  using shippo::wire::readable;
  for (const std::string plain :
       {"Insufficient funds", "A label was already purchased with this rate.",
        "Customs declaration is required for international shipments.",
        "carrier_timeout: The carrier timed out", "The recipient address is invalid.",
        "Package weight exceeds the maximum allowed.",
        "Sender phone number and email address are required for USPS."})
    CHECK(readable(plain) == plain);
  for (const char* quoting : {"Address not found: Ada Lovelace, Quellweg 217, Springfield IL 62701",
                              "ADDRESS_NOT_FOUND \"Mühlstraße\" ada@example.com +1 (217) 555-0100",
                              "Zoë\r\n\x01 Quellweg is not a valid street"})
    check_silent(readable(quoting));
  CHECK(readable("Address not found: Ada Lovelace, Quellweg 217") == "Address not found: […]");
  const auto raw = testing::sample_operations().at("shippo.buy_label");
  const auto outcome = raw.parse({201,
                                  {},
                                  R"({"object_id":"t","status":"ERROR","rate":"rate_1","messages":)"
                                  R"([{"source":"USPS","code":"address_invalid",)"
                                  R"("text":"No delivery to Ada Lovelace, 62701 Springfield"}]})"});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message == "label refused: address_invalid: No delivery to […]");
}

TEST_CASE("Stripe's refusal keeps type, code and parameter", "[stripe][reasons]") {
  const auto reason = [](const char* error) {
    return refused("stripe.charge", 400, std::string(R"({"error":)") + error + '}');
  };
  CHECK(reason(R"({"type":"invalid_request_error","code":"amount_too_small","param":"amount",)"
               R"("message":"Amount must convert to at least 50 cents, Ada."})") ==
        "400 invalid_request_error: amount_too_small (amount)");
  CHECK(reason(R"({"type":"invalid_request_error","code":"parameter_unknown",)"
               R"("param":"payment_method_types[0]"})") ==
        "400 invalid_request_error: parameter_unknown (payment_method_types[0])");
  CHECK(reason(R"({"type":"invalid_request_error","param":"metadata[order_id]"})") ==
        "400 invalid_request_error (metadata[order_id])");
  CHECK(reason(R"({"type":"Ada","code":"4242424242424242","param":"62701"})") == "400");
  CHECK(reason(R"({"type":"x","param":"metadata[Ada]"})") == "400 x");
  CHECK(reason(R"({"type":"x","param":"metadata[a"})") == "400 x");
  CHECK(refused("stripe.charge", 402,
                R"({"error":{"type":"card_error","code":"card_declined","decline_code":)"
                R"("insufficient_funds","message":"4242 Ada"}})") ==
        "card_declined/insufficient_funds");
}

TEST_CASE("a refund that failed says why", "[stripe][reasons]") {
  CHECK(refused("stripe.refund", 200,
                R"({"id":"re_1","object":"refund","amount":4200,"payment_intent":"pi_1",)"
                R"("status":"failed","failure_reason":"lost_or_stolen_card"})") ==
        "refund failed: lost_or_stolen_card");
  CHECK(refused("stripe.refund", 200,
                R"({"id":"re_1","object":"refund","amount":4200,"status":"failed",)"
                R"("failure_reason":"Ada Lovelace"})") == "refund failed");
}

TEST_CASE("SendGrid's refusal names its fields and kinds of fault", "[sendgrid][reasons]") {
  const auto reason = [](int status, const char* errors) {
    return refused("sendgrid.send_mail", status, std::string(R"({"errors":)") + errors + '}');
  };
  CHECK(reason(400, R"([{"message":"Does not contain a valid address: ada@example.com",)"
                    R"("field":"personalizations.0.to.0.email","help":null}])") ==
        "400: personalizations.0.to.0.email: invalid");
  CHECK(reason(400, R"([{"message":"The subject is required.","field":"subject"},)"
                    R"({"message":"Each email address in the personalization block should be )"
                    R"(unique between to, cc, and bcc. Found ada@example.com",)"
                    R"("field":"personalizations"}])") ==
        "400: subject: required, personalizations: duplicate");
  CHECK(reason(400,
               R"([{"message":"Invalid","field":null,)"
               R"("help":"http://sendgrid.com/docs/errors.html#message.personalizations.to"}])") ==
        "400: personalizations.to: invalid");
  CHECK(reason(403, R"([{"message":"The from address does not match a verified Sender Identity.",)"
                    R"("field":"from"}])") == "403: from: sender_not_verified");
  CHECK(reason(401, R"([{"message":"Maximum credits exceeded","field":null}])") ==
        "401: credits_exceeded");
  CHECK(reason(400, R"([{"message":"Ada","field":"ada.lovelace"}])") == "400");
  CHECK(reason(400, R"([{"message":7,"field":["Ada"],"help":{}}])") == "400");
  CHECK(reason(413, R"("<html>")") == "413");
}

TEST_CASE("Slack's refusal keeps its code, the places and the scope", "[slack][reasons]") {
  const auto reason = [](const char* rest) {
    return refused("slack.post_message", 200, std::string(R"({"ok":false,)") + rest + '}');
  };
  CHECK(reason(R"("error":"is_archived")") == "is_archived");
  CHECK(reason(R"("error":"invalid_blocks","response_metadata":{"messages":[)"
               R"("[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",)"
               R"("[ERROR] Ada is not allowed [json-pointer:/blocks/1/type]"]})") ==
        "invalid_blocks: /blocks/0/text/text: too_long, /blocks/1/type: not_allowed");
  CHECK(reason(R"("error":"missing_scope","needed":"chat:write","provided":"identify")") ==
        "missing_scope: needs chat:write");
  CHECK(reason(R"("error":"invalid_arguments","needed":"Ada Lovelace",)"
               R"("response_metadata":{"messages":["Ada","[json-pointer:/Ada/62701]",7]})") ==
        "invalid_arguments");
  CHECK(reason(R"("error":"Ada Lovelace")") == "refused without a code");
  const auto webhook = testing::sample_operations().at("slack.post_webhook");
  const auto word = [&](int status, const char* body) {
    return webhook.parse({status, {}, body}).error().message;
  };
  CHECK(word(404, "no_service") == "404: no_service");
  CHECK(word(410, "channel_is_archived") == "410: channel_is_archived");
  CHECK(word(400, "<html>Ada") == "400");
}

TEST_CASE("a reason is bounded, and says each fault once", "[reasons]") {
  field_reasons reasons;
  for (int i = 0; i < 100; ++i)
    reasons.add("a", "b");
  CHECK(reasons.text() == "a: b");
  for (int i = 0; i < 100; ++i)
    reasons.add(std::string(60, 'x') + std::to_string(i), "invalid");
  CHECK(reasons.text().size() <= field_reasons::reason_size_max);
  CHECK(described(400, {}) == "400");
  CHECK(code_or_empty("card_declined") == "card_declined");
  for (const char* text : {"", "4242424242424242", "a4242", "Ada", "a b", "ä", "___", "123"})
    CHECK(code_or_empty(text).empty());
  CHECK(code_or_empty(std::string(65, 'a')).empty());
}

// ── What vendors' own libraries do for a request ────────────────────────────────────────────────

std::string mail_name(const std::string& name) {
  const step_ref ref{"h", "o", "mail_confirm", "1"};
  const auto raw =
      sendgrid::send_mail({ref, "shop@example.com", name, "a@example.com", name, "s", "t", ""}).raw;
  const auto body = nlohmann::json::parse(raw.request.body);
  CHECK(body["from"]["name"] == body["personalizations"][0]["to"][0]["name"]);
  return body["from"]["name"];
}

TEST_CASE("a name with a comma or semicolon is one recipient's", "[sendgrid]") {
  CHECK(mail_name("Ada Lovelace") == "Ada Lovelace");
  CHECK(mail_name("Lovelace, Ada") == R"("Lovelace, Ada")");
  CHECK(mail_name("Lovelace; Ada") == R"("Lovelace; Ada")");
  CHECK(mail_name(R"(Ada "Countess", Lovelace)") == R"("Ada \"Countess\", Lovelace")");
  CHECK(mail_name(R"(Ada "Countess" Lovelace)") == R"(Ada "Countess" Lovelace)");
  CHECK(mail_name("Lovelace, Ada\\") == R"("Lovelace, Ada\\")");
  CHECK(mail_name("O'Hara, Zoë") == R"("O'Hara, Zoë")");
  CHECK(mail_name("Ada\r\nBcc: x@example.com") == "Ada Bcc: x@example.com");
}

TEST_CASE("a mail's subject is one line", "[sendgrid]") {
  const step_ref ref{"h", "o", "mail_confirm", "1"};
  const auto raw =
      sendgrid::send_mail({ref, "s@example.com", "", "a@example.com", "", "a\r\n\tb", "t", ""}).raw;
  CHECK(nlohmann::json::parse(raw.request.body)["subject"] == "a b");
}

TEST_CASE("a message is cut between characters and not within an escape", "[slack]") {
  using slack::wire::bounded_text;
  CHECK(bounded_text("short") == "short");
  const std::string full(slack::wire::text_size_max, 'x');
  CHECK(bounded_text(full) == full);
  CHECK(bounded_text(full + "y") == full);
  std::string wide;
  for (std::size_t i = 0; i < 2 * slack::wire::text_size_max; ++i)
    wide += "é";
  CHECK(bounded_text(wide) == wide.substr(0, 2 * slack::wire::text_size_max));
  for (std::size_t before = 0; before < 6; ++before) {
    const std::string head(slack::wire::text_size_max - before, 'x');
    const std::string cut = bounded_text(head + "&amp;" + std::string(20, 'y'));
    CAPTURE(before);
    CHECK(cut == (before < 5 ? head : head + "&amp;"));
  }
}

} // namespace
} // namespace orderhub::providers
