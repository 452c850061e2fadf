#include "actors/handlers/orders/customs.hpp"

#include "actors/handlers/measure.hpp"
#include "actors/handlers/request_rules.hpp"
#include "providers/tables/customs_territory.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

tl::unexpected<error> bad(const std::string& field, const std::string& why) {
  return fail({error_kind::invalid, "order", field + ' ' + why + '.', 400});
}

/// Every piece counts, whatever the item.
std::int64_t pieces_of(const std::vector<order_item>& items) {
  std::int64_t pieces = 0;
  for (const auto& item : items)
    pieces = add_amounts(pieces, item.quantity).value_or(measure_max);
  return pieces;
}

struct customs_part {
  const char* name; ///< As the request calls it.
  const char* rule;
  std::string item_customs::* value;
};
constexpr customs_part parts[] = {
    {"description", "customs-description", &item_customs::description},
    {"hsCode", "customs-hs-code", &item_customs::hs_code},
    {"originCountry", "customs-origin", &item_customs::origin_country},
    {"netWeight", "customs-net-weight", &item_customs::net_weight},
    {"massUnit", "customs-mass-unit", &item_customs::mass_unit},
};

/// The first part that an item's own `customs` lacks.
const customs_part* missing_part(const item_customs& c) {
  const auto* part = std::find_if(std::begin(parts), std::end(parts),
                                  [&](const customs_part& p) { return (c.*p.value).empty(); });
  return part == std::end(parts) ? nullptr : part;
}

/// Of all pieces of a kind, in ten-thousandths.
std::optional<std::int64_t> weight_of_all(const std::string& of_one, std::int64_t quantity) {
  const auto one = ten_thousandths_of(of_one);
  const auto all = one ? multiply_amounts(quantity, *one) : std::nullopt;
  return all && *all <= measure_max ? all : std::nullopt;
}

/// The part of the parcel's weight that `quantity` of `pieces` have, at least the smallest there
/// is.
std::string share_of_weight(const parcel_size& parcel, std::int64_t quantity, std::int64_t pieces) {
  const auto whole = ten_thousandths_of(parcel.weight).value_or(1);
  const auto of_one = std::max<std::int64_t>(1, whole / std::max<std::int64_t>(1, pieces));
  return measure_text(multiply_amounts(of_one, quantity).value_or(whole));
}

} // namespace

void put(byte_writer& w, const customs_settings& s) {
  for (const auto* field : {&s.certify_signer, &s.contents_type, &s.contents_explanation,
                            &s.non_delivery_option, &s.incoterm, &s.eel_pfc, &s.aes_itn})
    w.str16(*field);
  put(w, s.item);
}

customs_settings get_customs_settings(byte_reader& r) {
  customs_settings s;
  for (auto* field : {&s.certify_signer, &s.contents_type, &s.contents_explanation,
                      &s.non_delivery_option, &s.incoterm, &s.eel_pfc, &s.aes_itn})
    *field = r.str16();
  s.item = get_item_customs(r);
  return s;
}

void put(byte_writer& w, const declared_items& d) {
  w.u16(static_cast<std::uint16_t>(d.items.size()));
  for (const auto& item : d.items)
    put(w, item);
  w.str8(d.currency);
}

declared_items get_declared_items(byte_reader& r) {
  declared_items d;
  for (auto n = r.u16(); n > 0 && r.ok(); --n)
    d.items.push_back(get_item(r));
  d.currency = r.str8();
  return d;
}

postal_address nowhere() {
  postal_address a;
  a.country.clear();
  return a;
}

bool is_customs_border(const postal_address& from, const postal_address& to) {
  return !from.country.empty() && tables::is_customs_border({from.country, from.state, from.zip},
                                                            {to.country, to.state, to.zip});
}

result<std::vector<customs_line>> customs_lines(const declared_items& declared,
                                                const parcel_size& parcel,
                                                const customs_settings& settings) {
  std::vector<customs_line> lines;
  const auto pieces = pieces_of(declared.items);
  for (std::size_t i = 0; i < declared.items.size(); ++i) {
    const auto& item = declared.items[i];
    const auto field = "items[" + std::to_string(i) + "].customs";
    const bool says_nothing = item.customs.empty();
    const auto& c = says_nothing ? settings.item : item.customs;
    if (says_nothing && c.description.empty())
      return bad(field, refusal("customs-missing",
                                "is missing; the parcel crosses a customs border and is declared"));
    if (const auto* part = says_nothing ? nullptr : missing_part(c); part != nullptr)
      return bad(
          field + '.' + part->name,
          refusal(part->rule, "is missing; the parcel crosses a customs border and is declared"));
    customs_line line;
    line.sku = item.product_id;
    line.description = c.description;
    line.hs_code = c.hs_code;
    line.origin_country = c.origin_country;
    line.quantity = item.quantity;
    const auto of_one = c.value > 0 ? c.value : item.price;
    if (of_one <= 0)
      return bad(field + ".value",
                 refusal("customs-value",
                         "is missing; what is given away is declared with what it is worth"));
    const auto value = multiply_amounts(item.quantity, of_one);
    if (!value)
      return bad(field + ".value", refusal("customs-value", "times quantity is too large"));
    line.value = {*value, declared.currency};
    if (says_nothing) {
      line.net_weight = share_of_weight(parcel, item.quantity, pieces);
      line.mass_unit = parcel.mass_unit;
    } else {
      const auto weight = weight_of_all(c.net_weight, item.quantity);
      if (!weight)
        return bad(field + ".netWeight",
                   refusal("customs-net-weight", "times quantity is more than 999999.9999"));
      line.net_weight = measure_text(*weight);
      line.mass_unit = c.mass_unit;
    }
    lines.push_back(std::move(line));
  }
  if (settings.certify_signer.empty())
    return fail({error_kind::invalid, "order",
                 "The shop cannot send across a customs border: the setting ORDERHUB_CUSTOMS " +
                     refusal("customs-signer", "lacks certify_signer") + '.',
                 400});
  return lines;
}

std::string export_code(const customs_settings& settings, const postal_address& from,
                        const postal_address& to) {
  if (!settings.eel_pfc.empty() || from.country != "US")
    return settings.eel_pfc;
  return to.country == "CA" ? "NOEEI_30_36" : "NOEEI_30_37_a";
}

} // namespace orderhub::handlers
