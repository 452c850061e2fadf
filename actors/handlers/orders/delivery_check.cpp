#include "actors/handlers/orders/delivery_check.hpp"

#include "actors/handlers/request_rules.hpp"
#include "providers/tables/countries.hpp"

namespace orderhub::handlers {

namespace {

tl::unexpected<error> missing(const std::string& field, const char* rule, const std::string& why,
                              const std::string& right = {}) {
  return fail({error_kind::invalid, "order",
               field + ' ' + refusal(rule, "is missing; " + why, right) + '.', 400});
}

} // namespace

result<void> check_address(const postal_address& a, const std::string& path) {
  const auto* country = tables::find_country(a.country);
  if (country == nullptr)
    return fail(
        {error_kind::invalid, "order",
         path + "country " + refusal("address-country", "must be a two-letter ISO 3166 code") + '.',
         400});
  if (a.name.empty())
    return missing(path + "name", "address-name", "a label has one");
  if (a.street.empty())
    return missing(path + "street", "address-street", "a label has one");
  if (a.city.empty())
    return missing(path + "city", "address-city", "a label has one");
  if (a.state.empty() && country->state == tables::presence::required)
    return missing(path + "state", "address-state", "addresses of " + country->name + " have one",
                   country->code == "AU"   ? R"("NSW")"
                   : country->code == "CA" ? R"("BC")"
                                           : "");
  if (a.zip.empty() && country->zip == tables::presence::required)
    return missing(path + "zip", "address-zip", "addresses of " + country->name + " have one",
                   '"' + std::string(country->zip_example) + '"');
  return {};
}

result<void> check_customs(const order& o, const delivery_rules& rules) {
  if (!is_customs_border(rules.from, o.shipping))
    return {};
  const auto& parcel = o.parcel.empty() ? rules.parcel : o.parcel;
  const auto lines = customs_lines({o.items, o.total.currency}, parcel, rules.customs);
  if (!lines)
    return lines.failure();
  return {};
}

result<void> check_delivery(const order& o, const delivery_rules& rules) {
  if (auto sound = check_address(o.shipping, "shipping."); !sound)
    return sound;
  return check_customs(o, rules);
}

} // namespace orderhub::handlers
