#include "actors/handlers/orders/customs_request.hpp"

#include "actors/handlers/known_fields.hpp"
#include "actors/handlers/measure.hpp"
#include "actors/handlers/orders/parcel_request.hpp"
#include "actors/handlers/request_rules.hpp"
#include "providers/tables/countries.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::array fields = {
    field_alias{"description", "description"},
    field_alias{"hscode", "hsCode"},
    field_alias{"tariffnumber", "hsCode"},
    field_alias{"origincountry", "originCountry"},
    field_alias{"countryoforigin", "originCountry"},
    field_alias{"netweight", "netWeight"},
    field_alias{"massunit", "massUnit"},
    field_alias{"weightunit", "massUnit"},
    field_alias{"value", "value"},
};

/// Six digits are the same everywhere, countries add up to six.
bool is_hs_code(const std::string& code) {
  const auto digits =
      std::count_if(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 6 && digits <= 12 && code.find_first_not_of("0123456789. ") == std::string::npos;
}

void read_origin(known_fields& c, item_customs& to) {
  const auto written = c.line("originCountry");
  if (written.empty())
    return;
  const auto* country = tables::find_country(written);
  if (country != nullptr)
    to.origin_country = country->code;
  else
    c.reader().complain(c.name_of("originCountry", "originCountry"),
                        refusal("customs-origin", "must be a two-letter ISO 3166 code"));
}

void read_net_weight(known_fields& c, item_customs& to) {
  if (const auto unit = c.line("massUnit"); !unit.empty()) {
    to.mass_unit = mass_unit_of(unit);
    if (to.mass_unit.empty())
      c.reader().complain(c.name_of("massUnit", "massUnit"),
                          refusal("customs-mass-unit", "must be one of g, kg, lb, oz"));
  }
  if (!c.has("netWeight"))
    return;
  const auto name = c.name_of("netWeight", "netWeight");
  const auto weight = ten_thousandths_of(c.reader().text_or_number(name.c_str()).value_or(""));
  if (weight)
    to.net_weight = measure_text(*weight);
  else
    c.reader().complain(name, refusal("customs-net-weight", weight.error().message));
}

item_customs read_one(field_reader object) {
  known_fields c(std::move(object), fields);
  item_customs to;
  to.description = c.line("description");
  to.hs_code = c.line("hsCode");
  if (!to.hs_code.empty() && !is_hs_code(to.hs_code))
    c.reader().complain(c.name_of("hsCode", "hsCode"),
                        refusal("customs-hs-code", "must be 6 to 12 digits, dots allowed"));
  read_origin(c, to);
  read_net_weight(c, to);
  const auto value = c.name_of("value", "value");
  to.value = c.reader().integer(value.c_str(), false);
  if (to.value < 0)
    c.reader().complain(value, refusal("customs-value", "must not be negative"));
  for (const auto& field : c.unknown())
    c.reader().complain(field.spelled,
                        refusal("customs-unknown-field",
                                "is not known; customs has description, hsCode, originCountry, "
                                "netWeight, massUnit and value"));
  return to;
}

} // namespace

void read_customs(field_reader& request, order& o) {
  auto entries = request.objects("items", true);
  for (std::size_t i = 0; i < std::min(entries.size(), o.items.size()); ++i)
    if (auto customs = entries[i].object("customs", false))
      o.items[i].customs = read_one(std::move(*customs));
}

} // namespace orderhub::handlers
