#include "providers/mock/shippo/strictness.hpp"

#include "providers/shippo/customs.hpp"
#include "providers/tables/countries.hpp"
#include "providers/tables/customs_territory.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

namespace orderhub::providers::mock {

namespace {

using words = std::span<const std::string_view>;

bool is_one_of(std::string_view word, words all) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

std::string_view part(const fields& body, std::string_view side, std::string_view name) {
  return body.get(std::string(side) + '.' + std::string(name));
}

bool is_inline(const fields& body, std::string_view side) {
  const auto at = body.find(side);
  return at != fields::npos && body.kind_of(at) == fields::kind::object;
}

/// Up to six digits in front and four behind the separator, and not 0.
bool is_measure(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  const auto fraction = text.substr(std::min(point + 1, text.size()));
  const auto is_digits = [](std::string_view s) {
    return s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return !whole.empty() && whole.size() <= 6 && fraction.size() <= 4 && is_digits(whole) &&
         is_digits(fraction) && text.find_first_of("123456789") != std::string_view::npos;
}

constexpr std::string_view distance_units[] = {"cm", "in", "ft", "m", "mm", "yd"};
constexpr std::string_view mass_units[] = {"g", "kg", "lb", "oz"};

std::optional<field_refusal> refused_parcel(const fields& body) {
  if (body.kind_of(body.find("parcels.0")) != fields::kind::object)
    return std::nullopt; // the id of a stored parcel
  for (const auto* name : {"length", "width", "height", "weight"})
    if (!is_measure(part(body, "parcels.0", name)))
      return field_refusal{"parcels", std::string(name) + ": A valid number is required."};
  if (!is_one_of(part(body, "parcels.0", "distance_unit"), distance_units))
    return field_refusal{"parcels", "distance_unit: This is not a valid choice."};
  if (!is_one_of(part(body, "parcels.0", "mass_unit"), mass_units))
    return field_refusal{"parcels", "mass_unit: This is not a valid choice."};
  return std::nullopt;
}

std::string refused_item(const fields& body, const std::string& item) {
  for (const auto* name : {"description", "net_weight", "mass_unit", "value_amount",
                           "value_currency", "origin_country"})
    if (part(body, item, name).empty())
      return std::string(name) + ": This field is required.";
  std::int64_t quantity = 0;
  if (!read_integer(part(body, item, "quantity"), quantity) || quantity <= 0)
    return "quantity: Must be greater than 0.";
  if (!is_measure(part(body, item, "net_weight")))
    return "net_weight: A valid number is required.";
  if (!is_one_of(part(body, item, "mass_unit"), mass_units))
    return "mass_unit: This is not a valid choice.";
  if (part(body, item, "value_amount").find_first_of("123456789") == std::string_view::npos)
    return "value_amount: A valid number is required.";
  if (tables::find_country(part(body, item, "origin_country")) == nullptr)
    return "origin_country: This is not a valid choice.";
  if (part(body, item, "hs_code").size() > 50)
    return "hs_code: Ensure this field has no more than 50 characters.";
  return {};
}

std::string refused_declaration(const fields& body) {
  constexpr std::string_view d = "customs_declaration";
  if (part(body, d, "certify") != "true")
    return "certify: This field is required.";
  if (part(body, d, "certify_signer").empty())
    return "certify_signer: This field is required.";
  const auto contents = part(body, d, "contents_type");
  if (!is_one_of(contents, providers::shippo::contents_types()))
    return "contents_type: This is not a valid choice.";
  if (contents == "OTHER" && part(body, d, "contents_explanation").empty())
    return "contents_explanation: This field is required.";
  if (!is_one_of(part(body, d, "non_delivery_option"), providers::shippo::non_delivery_options()))
    return "non_delivery_option: This is not a valid choice.";
  const auto code = part(body, d, "eel_pfc");
  if (code == "AES_ITN" && part(body, d, "aes_itn").empty())
    return "aes_itn: This field is required.";
  if (!body.has("customs_declaration.items.0"))
    return "items: This list may not be empty.";
  for (std::size_t i = 0;; ++i) {
    const auto item = "customs_declaration.items." + std::to_string(i);
    if (!body.has(item))
      return {};
    if (auto text = refused_item(body, item); !text.empty())
      return "items: " + text;
  }
}

std::string lacking(const fields& body, std::string_view side) {
  const auto* country = tables::find_country(part(body, side, "country"));
  if (country == nullptr)
    return {};
  const auto lacks = [&](std::string_view name) { return part(body, side, name).empty(); };
  std::string_view name;
  for (const auto* always : {"name", "street1", "city"})
    if (name.empty() && lacks(always))
      name = always;
  if (name.empty() && country->zip == tables::presence::required && lacks("zip"))
    name = "zip";
  if (name.empty() && country->state == tables::presence::required && lacks("state"))
    name = "state";
  return name.empty() ? std::string() : std::string(side) + '.' + std::string(name);
}

tables::customs_place place(const fields& body, std::string_view side) {
  return {tables::find_country(part(body, side, "country"))->code, part(body, side, "state"),
          part(body, side, "zip")};
}

} // namespace

std::optional<field_refusal> refused_shipment(const fields& body) {
  for (const std::string_view side : {"address_from", "address_to"})
    if (is_inline(body, side)) {
      const auto code = part(body, side, "country");
      const auto* country = tables::find_country(code);
      if (country == nullptr || country->code != code)
        return field_refusal{side, "country: Invalid value specified for country."};
    }
  if (auto refused = refused_parcel(body))
    return refused;
  if (is_inline(body, "customs_declaration"))
    if (auto text = refused_declaration(body); !text.empty())
      return field_refusal{"customs_declaration", std::move(text)};
  return std::nullopt;
}

std::string refused_purchase(const fields& body) {
  for (const std::string_view side : {"address_from", "address_to"})
    if (is_inline(body, side))
      if (const auto field = lacking(body, side); !field.empty())
        return "Address is incomplete: " + field + " is required.";
  if (is_inline(body, "address_from") && is_inline(body, "address_to") &&
      !body.has("customs_declaration") &&
      tables::is_customs_border(place(body, "address_from"), place(body, "address_to")))
    return "Customs declaration is required for international shipments.";
  return {};
}

} // namespace orderhub::providers::mock
