#include "actors/handlers/orders/delivery_request.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace orderhub::handlers {

namespace {

/// Good enough to refuse what no mail system takes: one @, a dot in the domain, no spaces.
bool is_mail_address(const std::string& s) {
  const auto at = s.find('@');
  if (at == std::string::npos || at == 0 || at > 64 || s.size() > 254 ||
      s.find('@', at + 1) != std::string::npos)
    return false;
  const auto domain = s.substr(at + 1);
  if (domain.size() < 3 || domain.front() == '.' || domain.back() == '.' ||
      domain.find('.') == std::string::npos || domain.find("..") != std::string::npos)
    return false;
  return std::none_of(s.begin(), s.end(), [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '<' || c == '>' || c == ',' ||
           c == ';' || c == '"' || c == '(' || c == ')';
  });
}

void read_customer(field_reader& request, order& o) {
  auto c = request.object("customer", true);
  if (!c)
    return;
  o.customer_email = c->text("email", true);
  o.customer_name = c->text("name", true);
  o.customer_phone = c->text("phone", false);
  if (request.problem().empty() && !is_mail_address(o.customer_email))
    c->complain("email", "is not an e-mail address");
}

void read_shipping(field_reader& request, order& o) {
  auto s = request.object("shipping", true);
  if (!s)
    return;
  o.shipping.street =
      s->has("street") || !s->has("address") ? s->text("street", true) : s->text("address", true);
  o.shipping.city = s->text("city", true);
  o.shipping.state = s->text("state", true);
  o.shipping.zip = s->text("zip", true);
  if (auto country = s->text("country", false); !country.empty())
    o.shipping.country = country;
  if (o.shipping.country.size() != 2 ||
      !std::all_of(o.shipping.country.begin(), o.shipping.country.end(),
                   [](char ch) { return std::isalpha(static_cast<unsigned char>(ch)) != 0; }))
    s->complain("country", "must be a two-letter ISO 3166 code");
  std::transform(o.shipping.country.begin(), o.shipping.country.end(), o.shipping.country.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::toupper(ch)); });
  o.shipping.name = o.customer_name;
  o.shipping.phone = o.customer_phone;
  o.shipping.email = o.customer_email;
}

/// A positive decimal as text.
std::string measure(field_reader& parcel, const char* name) {
  const auto s = parcel.text_or_number(name).value_or("");
  const bool plain =
      !s.empty() && s.size() <= 16 &&
      std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; }) &&
      std::count(s.begin(), s.end(), '.') <= 1 && s.find_first_of("123456789") != std::string::npos;
  if (!plain)
    parcel.complain(name, "must be a positive number");
  return s;
}

void read_parcel(field_reader& request, order& o) {
  auto p = request.object("parcel", false);
  if (!p)
    return;
  o.parcel.length = measure(*p, "length");
  o.parcel.width = measure(*p, "width");
  o.parcel.height = measure(*p, "height");
  o.parcel.weight = measure(*p, "weight");
  o.parcel.distance_unit = p->text("distance_unit", false);
  o.parcel.mass_unit = p->text("mass_unit", false);
  if (o.parcel.distance_unit.empty())
    o.parcel.distance_unit = "in";
  if (o.parcel.mass_unit.empty())
    o.parcel.mass_unit = "lb";
  constexpr std::string_view distances[] = {"cm", "in", "ft", "m", "mm", "yd"};
  constexpr std::string_view masses[] = {"g", "kg", "lb", "oz"};
  if (std::find(std::begin(distances), std::end(distances), o.parcel.distance_unit) ==
      std::end(distances))
    p->complain("distance_unit", "must be one of cm, in, ft, m, mm, yd");
  if (std::find(std::begin(masses), std::end(masses), o.parcel.mass_unit) == std::end(masses))
    p->complain("mass_unit", "must be one of g, kg, lb, oz");
}

} // namespace

void read_delivery(field_reader request, order& o) {
  read_customer(request, o);
  read_shipping(request, o);
  read_parcel(request, o);
}

} // namespace orderhub::handlers
