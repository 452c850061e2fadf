#include "actors/handlers/orders/parcel_request.hpp"

#include "actors/handlers/known_fields.hpp"
#include "actors/handlers/measure.hpp"
#include "actors/handlers/request_rules.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>

namespace orderhub::handlers {

namespace {

constexpr std::array fields = {
    field_alias{"length", "length"},
    field_alias{"width", "width"},
    field_alias{"height", "height"},
    field_alias{"weight", "weight"},
    field_alias{"distanceunit", "distance_unit"},
    field_alias{"dimensionunit", "distance_unit"},
    field_alias{"dimensionsunit", "distance_unit"},
    field_alias{"lengthunit", "distance_unit"},
    field_alias{"massunit", "mass_unit"},
    field_alias{"weightunit", "mass_unit"},
};

constexpr std::array<std::string_view, 6> words = {"unit",   "length", "width",
                                                   "height", "weight", "depth"};

std::string known_unit(std::string_view written, std::string_view units) {
  std::string unit(written);
  std::transform(unit.begin(), unit.end(), unit.begin(), &lower_ascii);
  const auto at = (' ' + std::string(units) + ' ').find(' ' + unit + ' ');
  return unit.find(' ') == std::string::npos && at != std::string::npos ? unit : std::string();
}

std::string read_measure(known_fields& fields_of, const char* meaning) {
  const auto name = fields_of.name_of(meaning, meaning);
  const auto written = fields_of.reader().text_or_number(name.c_str());
  const auto value = ten_thousandths_of(written.value_or(""));
  if (value)
    return measure_text(*value);
  fields_of.reader().complain(name, refusal("parcel-measure", value.error().message));
  return {};
}

std::string read_unit(known_fields& fields_of, const char* meaning, const char* fallback,
                      std::string (*unit_of)(std::string_view), const char* rule,
                      const char* must) {
  const auto written = fields_of.line(meaning);
  auto unit = unit_of(written.empty() ? fallback : written);
  if (unit.empty())
    fields_of.reader().complain(fields_of.name_of(meaning, meaning), refusal(rule, must));
  return unit;
}

} // namespace

std::string distance_unit_of(std::string_view written) {
  return known_unit(written, "cm in ft m mm yd");
}

std::string mass_unit_of(std::string_view written) {
  return known_unit(written, "g kg lb oz");
}

void read_parcel(field_reader& request, order& o) {
  auto parcel = request.object("parcel", false);
  if (!parcel)
    return;
  known_fields p(*parcel, fields);
  o.parcel.length = read_measure(p, "length");
  o.parcel.width = read_measure(p, "width");
  o.parcel.height = read_measure(p, "height");
  o.parcel.weight = read_measure(p, "weight");
  o.parcel.distance_unit = read_unit(p, "distance_unit", "in", &distance_unit_of, "parcel-distance",
                                     "must be one of cm, in, ft, m, mm, yd");
  o.parcel.mass_unit =
      read_unit(p, "mass_unit", "lb", &mass_unit_of, "parcel-mass", "must be one of g, kg, lb, oz");
  // A unit under another name would leave the measures to be read in inches and pounds.
  for (const auto& [folded, spelled] : p.unknown())
    if (std::any_of(words.begin(), words.end(), [&, &name = folded](std::string_view word) {
          return name.find(word) != std::string::npos;
        }))
      parcel->complain(spelled, refusal("parcel-unknown-field",
                                        "is not known; a parcel has length, width, height, weight, "
                                        "distance_unit and mass_unit"));
}

} // namespace orderhub::handlers
