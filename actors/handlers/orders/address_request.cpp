#include "actors/handlers/orders/address_request.hpp"

#include "actors/handlers/known_fields.hpp"
#include "actors/handlers/mail_address.hpp"
#include "actors/handlers/orders/address_fields.hpp"
#include "actors/handlers/phone_number.hpp"
#include "actors/handlers/request_rules.hpp"
#include "actors/handlers/written_text.hpp"
#include "providers/shippo/rates.hpp"
#include "providers/tables/countries.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

std::string joined(const std::vector<std::string>& lines, std::size_t from = 0) {
  std::string text;
  for (auto i = from; i < lines.size(); ++i)
    text += (text.empty() ? "" : ", ") + lines[i];
  return text;
}

/// Whole, or of its parts; where both were sent, the whole holds the parts.
std::string read_name(known_fields& fields) {
  auto whole = fields.line("name");
  const auto first = fields.line("first_name");
  const auto last = fields.line("last_name");
  if (whole.empty())
    return first.empty() || last.empty() ? first + last : first + ' ' + last;
  if (whole.find(first) == std::string::npos || whole.find(last) == std::string::npos)
    fields.reader().complain(fields.name_of("name", "name"),
                             refusal("alias-differs", "does not hold the first and last name that "
                                                      "were sent beside it; they must not differ"));
  return whole;
}

std::string read_phone(known_fields& fields, std::string_view country) {
  const auto written = joined(fields.lines("phone"));
  if (written.empty())
    return {};
  auto number = e164_of(written, country);
  if (number)
    return std::move(*number);
  fields.reader().complain(
      fields.name_of("phone", "phone"),
      refusal("phone-e164", number.error().message, '"' + example_phone(country) + '"'));
  return {};
}

std::string read_mail(known_fields& fields) {
  auto address = fields.exact("email");
  if (!address.empty() && !is_mail_address(address))
    fields.reader().complain(fields.name_of("email", "email"),
                             refusal("mail-address", "is not an e-mail address"));
  return address;
}

/// Street and second line. A line break in the street begins the second line, and there is no
/// third.
void read_street(known_fields& fields, postal_address& to) {
  auto street = fields.lines("street");
  if (!street.empty())
    to.street = street.front();
  for (const auto& rest :
       {joined(street, 1), joined(fields.lines("street2")), joined(fields.lines("street3"))})
    if (!rest.empty())
      to.street2 += (to.street2.empty() ? "" : ", ") + rest;
}

const tables::country* read_country(known_fields& fields, postal_address& to) {
  if (auto code = fields.line("country"); !code.empty())
    to.country = std::move(code);
  const auto* country = tables::find_country(to.country);
  if (country != nullptr)
    to.country = country->code;
  else
    fields.reader().complain(fields.name_of("country", "country"),
                             refusal("address-country", "must be a two-letter ISO 3166 code"));
  return country;
}

void read_zip(known_fields& fields, const tables::country* country, postal_address& to) {
  to.zip = fields.line("zip");
  if (country == nullptr || to.zip.empty())
    return;
  auto code = tables::postal_code(*country, to.zip);
  if (code)
    to.zip = std::move(*code);
  else
    fields.reader().complain(fields.name_of("zip", "zip"),
                             refusal("address-zip-shape", "is no postal code of " + country->name,
                                     '"' + std::string(country->zip_example) + '"'));
}

bool is_blank(const field_reader& object, const std::string& name) {
  const auto text = object.text_or_number(name.c_str());
  return text && read_written(*text).lines.empty();
}

/// What may be a part of the address and is not known would be missing on the label.
void refuse_unknown_parts(known_fields& fields) {
  for (const auto& [folded, spelled] : fields.unknown())
    if (is_part_of_address(folded) && !is_blank(fields.reader(), spelled))
      fields.reader().complain(
          spelled, refusal("address-unknown-part",
                           "is not known and would not be on the label; put it into street, "
                           "street2, company, city, state or zip"));
}

/// Streets that stand beside `shipping` instead of in it would not be on the label either.
void refuse_stray_streets(known_fields& fields) {
  for (const auto& [folded, spelled] : fields.unknown())
    if (is_street(folded) && !is_blank(fields.reader(), spelled) &&
        fields.reader().text_or_number(spelled.c_str()))
      fields.reader().complain(spelled, refusal("address-elsewhere",
                                                "would not be on the label; an address stands in "
                                                "shipping"));
}

/// How the parcel is carried, and whether its address is to be checked before.
void read_wishes(known_fields& fields, order& o) {
  if (const auto written = fields.line("rate"); !written.empty()) {
    auto choice = providers::shippo::rate_choice_of(written);
    if (choice)
      o.rate = std::move(*choice);
    else
      fields.reader().complain(fields.name_of("rate", "rate"),
                               refusal("shipping-rate", choice.error().message));
  }
  const auto name = fields.name_of("validate", "validateAddress");
  if (fields.reader().has(name.c_str()))
    o.validates_address = fields.reader().flag(name.c_str());
}

/// Street, city, state and postal code.
void read_place(known_fields& fields, const tables::country* country, postal_address& to) {
  read_street(fields, to);
  to.city = fields.line("city");
  if (to.city.empty() && country != nullptr)
    to.city = country->city;
  to.state = fields.line("state");
  read_zip(fields, country, to);
}

} // namespace

void read_addresses(field_reader& request, order& o) {
  known_fields top(request, {});
  refuse_stray_streets(top);
  auto customer = request.object("customer", true);
  auto shipping = request.object("shipping", true);
  if (!customer || !shipping)
    return;
  known_fields c(*customer, person_fields());
  known_fields s(*shipping, address_fields());
  const auto* country = read_country(s, o.shipping);

  o.customer_email = read_mail(c);
  if (o.customer_email.empty())
    customer->complain("email", refusal("mail-address", "is missing; the customer is told by it"));
  o.customer_name = read_name(c);
  if (o.customer_name.empty())
    customer->complain("name",
                       refusal("customer-name", "is missing; the customer is called by it"));
  o.customer_phone = read_phone(c, o.shipping.country);
  refuse_stray_streets(c);

  auto& to = o.shipping;
  read_place(s, country, to);
  const auto own_or = [](std::string own, const std::string& other) {
    return own.empty() ? other : own;
  };
  to.name = own_or(read_name(s), o.customer_name);
  to.company = own_or(joined(s.lines("company")), joined(c.lines("company")));
  to.phone = own_or(read_phone(s, to.country), o.customer_phone);
  to.email = own_or(read_mail(s), o.customer_email);
  refuse_unknown_parts(s);
  read_wishes(s, o);
}

postal_address read_address(field_reader& address) {
  known_fields fields(address, address_fields());
  postal_address to;
  const auto* country = read_country(fields, to);
  read_place(fields, country, to);
  to.name = read_name(fields);
  to.company = joined(fields.lines("company"));
  to.phone = read_phone(fields, to.country);
  to.email = read_mail(fields);
  refuse_unknown_parts(fields);
  return to;
}

} // namespace orderhub::handlers
