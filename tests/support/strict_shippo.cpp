#include "tests/support/strict_shippo.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

namespace orderhub::testing {

namespace {

using nlohmann::json;
using list = std::vector<std::string>;

std::set<std::string> words_of(const char* text) {
  std::istringstream in(text);
  std::set<std::string> words;
  for (std::string word; in >> word;)
    words.insert(word);
  return words;
}

/// "ISO 3166-1 alpha-2 country codes", as the distribution lists them.
const std::set<std::string>& iso_codes() {
  static const auto codes = [] {
    std::ifstream in(ORDERHUB_ISO_3166_1);
    std::set<std::string> all;
    const auto document = json::parse(in);
    for (const auto& entry : document["3166-1"])
      all.insert(entry["alpha_2"].get<std::string>());
    return all;
  }();
  return codes;
}

/// Where a carrier surely asks for one. (Of the rest some have none, and some need not say it.)
const auto zip_countries =
    words_of("US CA AU GB DE FR ES IT NL BE AT CH LI LU DK SE NO FI PL CZ SK HU RO GR PT EE LT LV "
             "JP KR CN TW SG IN MX BR ZA NZ RU UA TR MY PR VI GU AS MP");
const auto state_countries = words_of("US CA AU");
const auto union_countries =
    words_of("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK MC");

std::string text(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

void check_members(list& to, const json& object, const char* what, const char* known) {
  const auto names = words_of(known);
  for (const auto& [name, value] : object.items()) {
    if (!names.contains(name))
      to.push_back(std::string(what) + "." + name + " is unknown");
    if (value.is_string() && value.get_ref<const std::string&>().empty())
      to.push_back(std::string(what) + "." + name + " is empty");
    if (value.is_string())
      for (const char c : value.get_ref<const std::string&>())
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          to.push_back(std::string(what) + "." + name + " has a control character");
  }
}

void check_address(list& to, const json& a, const std::string& side) {
  check_members(to, a, side.c_str(),
                "name company street1 street2 city state zip country phone email");
  const auto country = text(a, "country");
  if (!iso_codes().contains(country))
    to.push_back(side + ".country is no ISO 3166-1 code");
  for (const auto* name : {"name", "street1", "city"})
    if (text(a, name).empty())
      to.push_back(side + "." + name + " is required for purchase");
  const auto zip = text(a, "zip");
  if (zip.empty() && zip_countries.contains(country))
    to.push_back(side + ".zip is required for purchase");
  if (text(a, "state").empty() && state_countries.contains(country))
    to.push_back(side + ".state is required for purchase");
  if (country == "US" && !zip.empty() && !std::regex_match(zip, std::regex("[0-9]{5}(-[0-9]{4})?")))
    to.push_back(side + ".zip is no ZIP code");
  if (country == "CA" && !zip.empty() &&
      !std::regex_match(zip, std::regex("[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]")))
    to.push_back(side + ".zip is no postal code");
  const auto phone = text(a, "phone");
  if (!phone.empty() && !std::regex_match(phone, std::regex("\\+[1-9][0-9]{3,14}")))
    to.push_back(side + ".phone is not E.164");
  const auto email = text(a, "email");
  if (!email.empty() &&
      !std::regex_match(email, std::regex("[!-?A-~]{1,64}@[A-Za-z0-9.-]+\\.[A-Za-z0-9-]+")))
    to.push_back(side + ".email is not RFC 5321");
}

bool is_decimal(const std::string& value) {
  return std::regex_match(value, std::regex("[0-9]{1,6}(\\.[0-9]{1,4})?")) &&
         value.find_first_of("123456789") != std::string::npos;
}

void check_parcel(list& to, const json& p) {
  check_members(to, p, "parcel", "length width height distance_unit weight mass_unit");
  for (const auto* name : {"length", "width", "height", "weight"})
    if (!is_decimal(text(p, name)))
      to.push_back(std::string("parcel.") + name + " is no number of six digits and four decimals");
  if (!words_of("cm in ft m mm yd").contains(text(p, "distance_unit")))
    to.push_back("parcel.distance_unit is no unit");
  if (!words_of("g kg lb oz").contains(text(p, "mass_unit")))
    to.push_back("parcel.mass_unit is no unit");
}

void check_item(list& to, const json& i) {
  check_members(to, i, "item",
                "description quantity net_weight mass_unit value_amount value_currency "
                "origin_country hs_code sku_code");
  for (const auto* name : {"description", "value_currency"})
    if (text(i, name).empty())
      to.push_back(std::string("item.") + name + " is required");
  if (!i.contains("quantity") || !i["quantity"].is_number_integer() || i["quantity"] <= 0)
    to.push_back("item.quantity must be greater than 0");
  if (!is_decimal(text(i, "net_weight")))
    to.push_back("item.net_weight is required");
  if (!words_of("g kg lb oz").contains(text(i, "mass_unit")))
    to.push_back("item.mass_unit is no unit");
  if (!std::regex_match(text(i, "value_amount"), std::regex("[0-9]+(\\.[0-9]{1,3})?")) ||
      text(i, "value_amount").find_first_of("123456789") == std::string::npos)
    to.push_back("item.value_amount is required");
  if (!std::regex_match(text(i, "value_currency"), std::regex("[A-Z]{3}")))
    to.push_back("item.value_currency is no ISO 4217 code");
  if (!iso_codes().contains(text(i, "origin_country")))
    to.push_back("item.origin_country is no ISO 3166-1 code");
  if (text(i, "hs_code").size() > 50)
    to.push_back("item.hs_code has more than 50 characters");
}

void check_declaration(list& to, const json& d) {
  check_members(to, d, "declaration",
                "certify certify_signer contents_type contents_explanation non_delivery_option "
                "incoterm eel_pfc aes_itn items");
  if (!d.contains("certify") || d["certify"] != true)
    to.push_back("declaration.certify is required");
  if (text(d, "certify_signer").empty())
    to.push_back("declaration.certify_signer is required");
  if (!words_of("DOCUMENTS GIFT SAMPLE MERCHANDISE HUMANITARIAN_DONATION RETURN_MERCHANDISE OTHER")
           .contains(text(d, "contents_type")))
    to.push_back("declaration.contents_type is required");
  if (!words_of("ABANDON RETURN").contains(text(d, "non_delivery_option")))
    to.push_back("declaration.non_delivery_option is required");
  if (!words_of("DDP DDU FCA DAP eDAP").contains(text(d, "incoterm")))
    to.push_back("declaration.incoterm is what most carriers require");
  if (!d.contains("items") || !d["items"].is_array() || d["items"].empty())
    to.push_back("declaration.items are required");
  else
    for (const auto& item : d["items"])
      check_item(to, item);
}

/// As a carrier tells: another country outside of the union, or a part of one that lies outside.
bool is_border(const json& from, const json& to) {
  const auto outside = [](const json& a) {
    const auto country = text(a, "country");
    const auto zip = text(a, "zip");
    const auto state = text(a, "state");
    const auto begins = [&](const char* prefix) { return zip.starts_with(prefix); };
    return (country == "ES" && (begins("35") || begins("38") || begins("51") || begins("52"))) ||
           (country == "GB" && begins("BT")) || (country == "DE" && begins("27498")) ||
           (country == "US" && (state == "AA" || state == "AE" || state == "AP"));
  };
  const auto here = text(from, "country");
  const auto there = text(to, "country");
  const bool same = here == there ||
                    (union_countries.contains(here) && union_countries.contains(there)) ||
                    words_of("CH LI").contains(here) + words_of("CH LI").contains(there) == 2 ||
                    words_of("GB IM").contains(here) + words_of("GB IM").contains(there) == 2;
  return !same || outside(from) != outside(to);
}

} // namespace

std::vector<std::string> strict_shippo(std::string_view body) {
  list complaints;
  const auto b = json::parse(body, nullptr, false);
  if (!b.is_object() || !b.contains("address_from") || !b.contains("address_to") ||
      !b.contains("parcels") || !b["parcels"].is_array() || b["parcels"].size() != 1)
    return {"no shipment"};
  check_members(complaints, b, "shipment",
                "address_from address_to parcels customs_declaration async metadata");
  check_address(complaints, b["address_from"], "address_from");
  check_address(complaints, b["address_to"], "address_to");
  check_parcel(complaints, b["parcels"][0]);
  if (b.contains("customs_declaration"))
    check_declaration(complaints, b["customs_declaration"]);
  else if (is_border(b["address_from"], b["address_to"]))
    complaints.emplace_back("customs_declaration is required");
  return complaints;
}

} // namespace orderhub::testing
