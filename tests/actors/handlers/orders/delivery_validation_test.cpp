#include "actors/handlers/mail_address.hpp"
#include "actors/handlers/measure.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/phone_number.hpp"
#include "tests/actors/handlers/orders/shipment_body.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

// Cases C01, C03, C04, C05, C25, C26: what shops send of addresses, parcels and customs.
namespace orderhub::handlers {
namespace {

using nlohmann::json;

/// The usual order with `changes` merged in; null takes a field away (RFC 7396).
std::string order_with(const std::string& changes) {
  auto order = json::parse(
      R"({"items":[{"productId":"sku-1","quantity":1,"price":4200}],)"
      R"("customer":{"email":"ada@example.com","name":"Ada Buyer"},)"
      R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701","country":"US"}})");
  order.merge_patch(json::parse(changes));
  return order.dump();
}

order_rules american_shop() {
  order_rules rules;
  rules.delivery.from = {"Shop", "215 Clayton St.", "San Francisco", "CA", "94117", "US", {}, {}};
  rules.delivery.parcel = {"10", "10", "5", "in", "1", "lb"};
  rules.delivery.customs.certify_signer = "Shop";
  return rules;
}

order accepted(const std::string& changes, const order_rules& rules = {}) {
  auto o = check_order(order_with(changes), rules);
  CAPTURE(changes);
  if (!o)
    FAIL(o.error().message);
  return std::move(*o);
}

std::string refused(const std::string& changes, const order_rules& rules = {}) {
  const auto o = check_order(order_with(changes), rules);
  CAPTURE(changes);
  REQUIRE_FALSE(o.has_value());
  CHECK(o.error().status == 400);
  return o.error().message;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

json sent(const order& o, const order_rules& rules) {
  return json::parse(shipment_body(o, rules));
}

const std::string customs =
    R"({"description":"T-shirt","hsCode":"6109.10","originCountry":"pt","netWeight":0.2,"massUnit":"KG"})";
const std::string canada =
    R"("shipping":{"street":"1 Bay St","city":"Richmond","country":"CA","state":"BC","zip":"V7C4V4"})";
std::string items(const std::string& more) {
  return R"("items":[{"productId":"sku-1","quantity":2,"price":1500)" + more + "}]";
}

} // namespace

TEST_CASE("an address needs the parts that its country has, and no other", "[orders][delivery]") {
  const auto berlin = accepted(
      R"({"shipping":{"street":"Unter den Linden 1","city":"Berlin","state":null,"zip":"10117","country":"DE"}})");
  CHECK(berlin.shipping.state.empty());
  CHECK_FALSE(sent(berlin, {})["address_to"].contains("state"));
  CHECK(
      accepted(R"({"shipping":{"state":"","zip":"10117","country":"DE"}})").shipping.state.empty());
  const auto hong_kong = accepted(
      R"({"shipping":{"street":"1 Queen's Road","city":null,"state":null,"zip":null,"country":"HK"}})");
  CHECK(hong_kong.shipping.zip.empty());
  CHECK(hong_kong.shipping.city == "Hong Kong");
  CHECK(accepted(R"({"shipping":{"state":null,"zip":"238801","city":null,"country":"SG"}})")
            .shipping.city == "Singapore");
  accepted(R"({"shipping":{"city":"Dubai","state":null,"zip":"","country":"AE"}})");
  accepted(R"({"shipping":{"city":"Dublin","state":null,"zip":null,"country":"IE"}})");
  for (const std::string country : {"US", "CA", "AU"}) {
    const auto zip = country == "CA" ? "V7C 4V4" : country == "AU" ? "2060" : "62701";
    const auto why = refused(R"({"shipping":{"state":null,"country":")" + country + R"(","zip":")" +
                             zip + "\"}}");
    CHECK(holds(why, "shipping.state is missing"));
    CHECK(holds(why, "[address-state]"));
  }
  CHECK(holds(refused(R"({"shipping":{"zip":null}})"), "shipping.zip is missing"));
  CHECK(
      refused(R"({"shipping":{"zip":null,"state":null,"country":"DE"}})") ==
      R"(shipping.zip is missing; addresses of Germany have one, such as "26133" [address-zip].)");
  CHECK(
      holds(refused(R"({"shipping":{"zip":"ABC"}})"), "shipping.zip is no postal code of United"));
  CHECK(holds(refused(R"({"shipping":{"city":null}})"), "shipping.city is missing"));
  CHECK(holds(refused(R"({"shipping":{"street":" \u200b "}})"), "shipping.street is missing"));
}

TEST_CASE("a country is one of ISO 3166-1, or customary with one meaning", "[orders][delivery]") {
  CHECK(
      accepted(R"({"shipping":{"country":"UK","state":null,"zip":"SW1A 1AA"}})").shipping.country ==
      "GB");
  CHECK(
      accepted(R"({"shipping":{"country":" de ","state":null,"zip":"10117"}})").shipping.country ==
      "DE");
  CHECK(accepted(R"({"shipping":{"country":null}})").shipping.country == "US");
  for (const std::string none : {"ZZ", "XX", "EU", "AN", "XK", "USA", "Germany", "U1", "U", "??"})
    CHECK(
        refused(R"({"shipping":{"country":")" + none + "\"}}") ==
        R"(shipping.country must be a two-letter ISO 3166 code, such as "US" [address-country].)");
}

TEST_CASE("every part of an address reaches the label under whatever name it was sent",
          "[orders][delivery]") {
  for (const std::string name : {"street2", "address2", "line2", "addressLine2", "address_line_2",
                                 "Address_2", "streetAddress2"}) {
    const auto to = sent(accepted(R"({"shipping":{")" + name + R"(":"Apt 4B"}})"),
                         american_shop())["address_to"];
    CAPTURE(name);
    CHECK(to["street1"] == "1 Main St");
    CHECK(to["street2"] == "Apt 4B");
  }
  const auto whole = sent(
      accepted(
          R"({"customer":{"phone":"(217) 555-0100"},"shipping":{"street":null,"city":null,"state":null,"zip":null,)"
          R"("country":null,"firstName":"Grace","lastName":"Hopper","company":"Navy","addressLine1":"1 Main St",)"
          R"("line2":"Floor 2","line3":"Room 7","town":"Springfield","province":"IL","postalCode":"62701",)"
          R"("countryCode":"US","phoneNumber":"217-555-0199","emailAddress":"grace@example.com"}})"),
      american_shop())["address_to"];
  CHECK(
      whole ==
      json::parse(
          R"({"name":"Grace Hopper","company":"Navy","street1":"1 Main St","street2":"Floor 2, Room 7",)"
          R"("city":"Springfield","state":"IL","zip":"62701","country":"US","phone":"+12175550199",)"
          R"("email":"grace@example.com"})"));
  const auto customers =
      sent(accepted(R"({"customer":{"phone":"(217) 555-0100","company":"Engines Ltd"}})"),
           american_shop())["address_to"];
  CHECK(customers["name"] == "Ada Buyer");
  CHECK(customers["company"] == "Engines Ltd");
  CHECK(customers["phone"] == "+12175550100");
  CHECK(customers["email"] == "ada@example.com");
}

TEST_CASE("two names of one part may say the same, and nothing else", "[orders][delivery]") {
  CHECK(accepted(R"({"shipping":{"address1":" 1 Main St"}})").shipping.street == "1 Main St");
  CHECK(accepted(R"({"shipping":{"street":"","address":"2 Side St"}})").shipping.street ==
        "2 Side St");
  CHECK(holds(refused(R"({"shipping":{"address":"2 Side St"}})"), "[alias-differs]"));
  CHECK(holds(refused(R"({"shipping":{"street2":"Apt 4B","line2":"Apt 4C"}})"), "[alias-differs]"));
  CHECK(holds(refused(R"({"shipping":{"postalCode":"62702"}})"), "[alias-differs]"));
  CHECK(
      holds(refused(R"({"shipping":{"name":"Ada Buyer","firstName":"Eve"}})"), "[alias-differs]"));
  CHECK(accepted(R"({"shipping":{"name":"Ada M. Buyer","firstName":"Ada","lastName":"Buyer"}})")
            .shipping.name == "Ada M. Buyer");
}

TEST_CASE("what looks like a part of an address and is not known is refused",
          "[orders][delivery]") {
  for (const std::string name :
       {"apartment", "apt", "houseNumber", "house_number", "floor", "unit", "building", "suburb",
        "district", "careOf", "poBox", "line4", "attention", "countryName"}) {
    const auto why = refused(R"({"shipping":{")" + name + R"(":"4B"}})");
    CHECK(holds(why, "shipping." + name + " is not known"));
    CHECK(holds(why, "[address-unknown-part]"));
  }
  // Nothing is lost of these.
  accepted(
      R"({"shipping":{"apartment":"","floor":null,"notes":"ring twice","method":"express"},"gift":{"x":1}})");
  CHECK(holds(refused(R"({"customer":{"street2":"Apt 4B"}})"), "[address-elsewhere]"));
  CHECK(holds(refused(R"({"address2":"Apt 4B"})"), "[address-elsewhere]"));
}

TEST_CASE("line breaks and control characters are made one line, or refused",
          "[orders][delivery]") {
  const auto two = accepted(R"({"shipping":{"street":"1 Main St\r\nApt 4B\n"}})");
  CHECK(two.shipping.street == "1 Main St");
  CHECK(two.shipping.street2 == "Apt 4B");
  const auto three =
      accepted(R"({"shipping":{"street":"1 Main St\nFloor 2","street2":"Room 7\nDesk 1"}})");
  CHECK(three.shipping.street2 == "Floor 2, Room 7, Desk 1");
  CHECK(accepted(R"({"shipping":{"street":"\n 1 Main St\n\n"}})").shipping.street == "1 Main St");
  CHECK(accepted(R"({"shipping":{"street":"1 Main St\u2028Apt"}})").shipping.street2 == "Apt");
  CHECK(accepted(R"({"customer":{"name":" Ada\tBuyer\u00a0"}})").customer_name == "Ada Buyer");
  CHECK(accepted(R"({"customer":{"name":"\ufeffAda\u200b Buyer"}})").customer_name == "Ada Buyer");
  CHECK(accepted(R"({"shipping":{"zip":"62701\n"}})").shipping.zip == "62701");
  CHECK(
      refused(R"({"customer":{"name":"Ada\nBcc: all@example.com"}})") ==
      R"(customer.name holds a line break; it must be one line, such as "Ada Lovelace" [text-one-line].)");
  CHECK(holds(refused(R"({"shipping":{"city":"Spring\nfield"}})"),
              "shipping.city holds a line break"));
  for (const std::string control : {"\\u0000", "\\u0007", "\\u001b", "\\u007f", "\\u0090"})
    for (const std::string name : {"street", "street2", "city", "name", "company"})
      CHECK(holds(refused(R"({"shipping":{")" + name + R"(":"a)" + control + R"(b"}})"),
                  "shipping." + name + " holds a control character, U+00"));
}

TEST_CASE("phones are E.164 by the country of the address", "[orders][delivery]") {
  const auto e164 = [](const char* written, const char* country) {
    const auto number = e164_of(written, country);
    return number ? *number : "refused: " + number.error().message;
  };
  CHECK(e164("(217) 555-0100", "US") == "+12175550100");
  CHECK(e164("217.555.0100", "US") == "+12175550100");
  CHECK(e164("1-217-555-0100", "US") == "+12175550100");
  CHECK(e164("+1 555 341 9393", "DE") == "+15553419393");
  CHECK(e164("030 1234567", "DE") == "+49301234567");
  CHECK(e164("0049 30 1234567", "DE") == "+49301234567");
  CHECK(e164("020 7946 0000", "GB") == "+442079460000");
  CHECK(e164("4512345678", "DK") == "+4512345678");
  CHECK(e164("tel:+27-11-978-5313", "US") == "+27119785313");
  CHECK(e164("\xe2\x80\xaa+1 217 555 0100\xe2\x80\xac", "US") == "+12175550100");
  for (const auto* none :
       {"call me", "n/a", "-", "0", "12", "+1 (703) 555-121", "555-0100", "0000000000",
        "1234567890", "217555010012345", "+999 123456789", "217 555 0100 ext. 5"}) {
    CAPTURE(none, e164(none, "US"));
    CHECK(e164(none, "US").starts_with("refused"));
  }
  CHECK(holds(refused(R"({"customer":{"phone":"+1 (703) 555-121"}})"),
              "customer.phone cannot be a phone number"));
  CHECK(holds(refused(R"({"customer":{"phone":"+1 (703) 555-121"}})"), R"(such as "+1)"));
  CHECK(
      accepted(R"({"customer":{"phone":"030 1234567"},"shipping":{"country":"DE","zip":"10117"}})")
          .customer_phone == "+49301234567");
}

TEST_CASE("mail addresses are what SendGrid takes, and no more", "[orders][delivery]") {
  for (const auto* good :
       {"ada@example.com", "ada+tag@example.com", "o'hara@example.co.uk", "a_b-c.d@sub.example.com",
        "josé@example.com", "ada@bücher.example", "ada@例え.jp", "a@b.io", "ADA@EXAMPLE.COM"}) {
    CAPTURE(good);
    CHECK(is_mail_address(good));
  }
  for (const auto* bad : {"",
                          "ada",
                          "ada@",
                          "@example.com",
                          "ada@example",
                          "ada@@example.com",
                          "a@b@example.com",
                          "ada@.com",
                          "ada@example.",
                          "ada@example..com",
                          ".ada@example.com",
                          "ada.@example.com",
                          "a..b@example.com",
                          "ada lovelace@example.com",
                          "ada@exam ple.com",
                          "ada@example.com,eve@example.com",
                          "<ada@example.com>",
                          "Ada <ada@example.com>",
                          "ada(x)@example.com",
                          "mailto:ada@example.com",
                          "\"ada\"@example.com",
                          "ada@[127.0.0.1]",
                          "ada@127.0.0.1",
                          "ada@-example.com",
                          "ada@example-.com",
                          "ada@exam_ple.com",
                          "ada@example.com\xe2\x80\x8b",
                          "a\xe2\x80\x8b"
                          "da@example.com",
                          "\xef\xbb\xbf"
                          "ada@example.com",
                          "ada@exam\xc2\xadple.com",
                          "ada\xe3\x85\xa4@example.com",
                          "ada\xc2\xa0@example.com",
                          "ada@example.com?subject=x",
                          "ada\\@example.com"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_mail_address(bad));
  }
  CHECK_FALSE(is_mail_address(std::string(65, 'a') + "@example.com"));
  CHECK(ascii_mail_address("ada@bücher.example") == "ada@xn--bcher-kva.example");
  CHECK(ascii_mail_address("josé@example.com").empty());
  CHECK(accepted(R"({"customer":{"email":" ada@example.com\n"}})").customer_email ==
        "ada@example.com");
  for (const std::string unseen :
       {"\\u200b", "\\ufeff", "\\u00ad", "\\u202e", "\\u0000", "\\u00a0"})
    for (const std::string& address :
         {unseen + "ada@example.com", "ada" + unseen + "@example.com", "ada@example.com" + unseen})
      CHECK(holds(refused(R"({"customer":{"email":")" + address + "\"}}"), "[mail-address]"));
  CHECK(holds(refused(R"({"customer":{"email":"mailto:ada@example.com"}})"),
              "customer.email is not an e-mail address"));
}

TEST_CASE("measures are rounded to what Shippo takes", "[orders][delivery]") {
  const auto rounded = [](const char* text) {
    const auto value = ten_thousandths_of(text);
    return value ? measure_text(*value) : value.error().message;
  };
  CHECK(rounded("0.30000000000000004") == "0.3");
  CHECK(rounded("0.3333333333333333") == "0.3333");
  CHECK(rounded("0.66666") == "0.6667");
  CHECK(rounded("2.00005") == "2.0001");
  CHECK(rounded("2.00004999") == "2");
  CHECK(rounded("9.99995") == "10");
  CHECK(rounded("10") == "10");
  CHECK(rounded("10.0") == "10");
  CHECK(rounded("0010") == "10");
  CHECK(rounded("1e2") == "100");
  CHECK(rounded("1.5E+2") == "150");
  CHECK(rounded("5e-5") == "0.0001");
  CHECK(rounded("12345e-4") == "1.2345");
  CHECK(rounded(".5") == "0.5");
  CHECK(rounded(" 2.5 ") == "2.5");
  CHECK(rounded("999999.9999") == "999999.9999");
  CHECK(rounded("1e-9") == "is 0 when it is rounded to four decimals");
  CHECK(rounded("0.00004") == "is 0 when it is rounded to four decimals");
  CHECK(rounded("4e-999") == "is 0 when it is rounded to four decimals");
  CHECK(rounded("999999.99995") == "is too large: at most 999999.9999");
  CHECK(rounded("1000000") == "is too large: at most 999999.9999");
  CHECK(rounded("1e300") == "is too large: at most 999999.9999");
  for (const auto* none :
       {"", " ", "-1", "+1", "0", "0.0", "1.2.3", "1,5", "abc", "NaN", "1e", "."}) {
    CAPTURE(none);
    CHECK(rounded(none) == "must be a positive number");
  }
  const auto o = accepted(
      R"({"parcel":{"length":10,"width":0.1,"height":5.00001,"weight":0.30000000000000004,"weightUnit":"KG","distanceUnit":"CM"}})");
  CHECK(o.parcel.weight == "0.3");
  CHECK(o.parcel.height == "5");
  CHECK(o.parcel.mass_unit == "kg");
  CHECK(o.parcel.distance_unit == "cm");
  CHECK(holds(refused(R"({"parcel":{"length":1,"width":1,"height":1,"weight":1e-9}})"),
              "parcel.weight is 0 when it is rounded"));
  CHECK(holds(refused(R"({"parcel":{"length":1,"width":1,"height":1,"weight":1,"units":"kg"}})"),
              "[parcel-unknown-field]"));
}

TEST_CASE("a parcel across a customs border is declared", "[orders][delivery][customs]") {
  const auto rules = american_shop();
  const auto o = accepted("{" + canada + "," + items(R"(,"customs":)" + customs) + "}", rules);
  const auto body = sent(o, rules);
  CHECK(
      body["customs_declaration"] ==
      json::parse(
          R"({"certify":true,"certify_signer":"Shop","contents_type":"MERCHANDISE","non_delivery_option":"RETURN",)"
          R"("incoterm":"DDU","eel_pfc":"NOEEI_30_36","items":[{"description":"T-shirt","quantity":2,)"
          R"("net_weight":"0.4","mass_unit":"kg","value_amount":"30.00","value_currency":"USD",)"
          R"("origin_country":"PT","hs_code":"6109.10","sku_code":"sku-1"}]})"));
  const auto home = accepted("{" + items(R"(,"customs":)" + customs) + "}", rules);
  CHECK_FALSE(sent(home, rules).contains("customs_declaration"));
  auto german = rules;
  german.delivery.from = {"Shop", "Weg 1", "Berlin", "", "10117", "DE", {}, {}};
  const auto paris = accepted(
      R"({"shipping":{"city":"Paris","state":null,"zip":"75001","country":"FR"}})", german);
  CHECK_FALSE(sent(paris, german).contains("customs_declaration"));
  const auto tenerife =
      R"({"shipping":{"city":"Adeje","state":null,"zip":"38670","country":"ES"}})";
  CHECK(holds(refused(tenerife, german), "items[0].customs is missing"));
}

TEST_CASE("what a declaration lacks is said before anything is charged",
          "[orders][delivery][customs]") {
  const auto rules = american_shop();
  CHECK(holds(refused("{" + canada + "}", rules), "items[0].customs is missing"));
  for (const auto& [name, rule] :
       {std::pair<std::string, std::string>("description", "description"),
        {"hsCode", "hs-code"},
        {"originCountry", "origin"},
        {"netWeight", "net-weight"},
        {"massUnit", "mass-unit"}}) {
    auto part = json::parse(customs);
    part.erase(name);
    const auto why =
        refused("{" + canada + "," + items(R"(,"customs":)" + part.dump()) + "}", rules);
    CHECK(holds(why, "items[0].customs." + name + " is missing"));
    CHECK(holds(why, "[customs-" + rule + "]"));
  }
  const auto wrong = [&](const std::string& patch) {
    auto part = json::parse(customs);
    part.merge_patch(json::parse(patch));
    return refused("{" + items(R"(,"customs":)" + part.dump()) + "}", rules);
  };
  CHECK(holds(wrong(R"({"hsCode":"61"})"), "items[0].customs.hsCode must be 6 to 12 digits"));
  CHECK(holds(wrong(R"({"originCountry":"ZZ"})"), "items[0].customs.originCountry must be"));
  CHECK(holds(wrong(R"({"netWeight":0})"), "items[0].customs.netWeight must be a positive number"));
  CHECK(holds(wrong(R"({"massUnit":"stone"})"), "items[0].customs.massUnit must be one of"));
  CHECK(holds(wrong(R"({"value":-1})"), "items[0].customs.value must not be negative"));
  CHECK(holds(wrong(R"({"tarif":"1"})"), "[customs-unknown-field]"));

  auto unsigned_shop = rules;
  unsigned_shop.delivery.customs.certify_signer.clear();
  CHECK(holds(refused("{" + canada + "," + items(R"(,"customs":)" + customs) + "}", unsigned_shop),
              "ORDERHUB_CUSTOMS lacks certify_signer"));
}

TEST_CASE("items that say nothing of customs are declared as the setting says",
          "[orders][delivery][customs]") {
  auto rules = american_shop();
  rules.delivery.customs.item = {"Books", "4901.99", "US", {}, {}, 0};
  const auto o = accepted("{" + canada + "," + items("") + "}", rules);
  CHECK(o.items[0].customs.empty()); // The order stays as it was sent.
  const auto item = sent(o, rules)["customs_declaration"]["items"][0];
  CHECK(item["description"] == "Books");
  CHECK(item["net_weight"] == "1");
  CHECK(item["mass_unit"] == "lb");
  CHECK(item["value_amount"] == "30.00");
}

} // namespace orderhub::handlers
