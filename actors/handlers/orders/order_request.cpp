#include "actors/handlers/orders/order_request.hpp"

#include "actors/handlers/strict_json.hpp"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

constexpr std::size_t items_max = 1'000;
constexpr std::size_t text_max = 500;
/// Stripe takes at most 8 digits (providers/stripe/charge.hpp).
constexpr std::int64_t total_max = 99'999'999;

tl::unexpected<error> bad(std::string message) {
  return fail({error_kind::invalid, "order", std::move(message), 400});
}

bool has_control(const std::string& s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return b < 0x20U || b == 0x7fU;
  });
}

/// Reads fields of one JSON object and remembers the first complaint.
class field_reader {
public:
  field_reader(const json& object, std::string path) : object_(object), path_(std::move(path)) {}

  std::string text(const char* name, bool required) {
    const auto* v = find(name);
    if (v == nullptr) {
      if (required)
        complain(name, "is missing");
      return {};
    }
    if (!v->is_string()) {
      complain(name, "must be a string");
      return {};
    }
    auto s = v->get<std::string>();
    if (required && s.find_first_not_of(" \t") == std::string::npos)
      complain(name, "must not be empty");
    else if (s.size() > text_max)
      complain(name, "is longer than " + std::to_string(text_max) + " bytes");
    else if (has_control(s))
      complain(name, "holds a control character");
    return s;
  }

  std::int64_t positive(const char* name, const char* unit) {
    const auto* v = find(name);
    if (v == nullptr) {
      complain(name, "is missing");
      return 1;
    }
    if (!v->is_number_integer()) {
      complain(name, std::string("must be a positive integer") + unit);
      return 1;
    }
    if (v->is_number_unsigned() && v->get<std::uint64_t>() > 1'000'000'000'000ULL) {
      complain(name, "is too large");
      return 1;
    }
    const auto n = v->get<std::int64_t>();
    if (n <= 0)
      complain(name, std::string("must be a positive integer") + unit);
    return n;
  }

  const json* object(const char* name, bool required) {
    const auto* v = find(name);
    if (v == nullptr) {
      if (required)
        complain(name, "is missing");
      return nullptr;
    }
    if (!v->is_object()) {
      complain(name, "must be an object");
      return nullptr;
    }
    return v;
  }

  const json* find(const char* name) const {
    auto it = object_.find(name);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  void complain(const std::string& name, const std::string& what) {
    if (problem_.empty())
      problem_ = path_ + name + ' ' + what + '.';
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

private:
  const json& object_;
  std::string path_;
  std::string problem_;
};

/// Good enough to refuse what no mail system takes: one @, a dot in the domain, no spaces.
bool is_mail_address(const std::string& s) {
  const auto at = s.find('@');
  if (at == std::string::npos || at == 0 || at > 64 || s.size() > 254 ||
      s.find('@', at + 1) != std::string::npos)
    return false;
  const auto domain = s.substr(at + 1);
  if (domain.size() < 3 || domain.front() == '.' || domain.back() == '.' ||
      domain.find('.') == std::string::npos || s.find("..") != std::string::npos)
    return false;
  return std::none_of(s.begin(), s.end(), [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '<' || c == '>' || c == ',' ||
           c == ';' || c == '"' || c == '(' || c == ')';
  });
}

/// A positive decimal as text, from a JSON string or number.
std::string measure(const json* v) {
  if (v == nullptr)
    return {};
  std::string s = v->is_string() ? v->get<std::string>() : v->is_number() ? v->dump() : "";
  const bool plain =
      !s.empty() && s.size() <= 16 &&
      std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; }) &&
      std::count(s.begin(), s.end(), '.') <= 1 && s.find_first_of("123456789") != std::string::npos;
  return plain ? s : std::string();
}

result<void> read_items(const json& root, order& o) {
  auto it = root.find("items");
  if (it == root.end())
    return bad("items is missing.");
  if (!it->is_array() || it->empty())
    return bad("items must be a list with at least one item.");
  std::size_t index = 0;
  for (const auto& entry : *it) {
    const auto path = "items[" + std::to_string(index++) + "]";
    if (!entry.is_object())
      return bad(path + " must be an object.");
    field_reader r(entry, path + '.');
    order_item item;
    item.product_id = r.text("productId", true);
    item.quantity = r.positive("quantity", "");
    item.price = r.positive("price", " in the currency's minor unit");
    if (!r.problem().empty())
      return bad(r.problem());
    const auto line = multiply_amounts(item.quantity, item.price);
    const auto sum = line ? add_amounts(o.total.minor_units, *line) : std::nullopt;
    if (!sum || *sum > total_max)
      return bad(path + ".quantity times price makes the order's total larger than " +
                 std::to_string(total_max) + " minor units.");
    o.total.minor_units = *sum;
    o.items.push_back(std::move(item));
  }
  return {};
}

result<void> read_people(const json& root, order& o) {
  field_reader top(root, "");
  const auto* customer = top.object("customer", true);
  const auto* shipping = top.object("shipping", true);
  if (!top.problem().empty())
    return bad(top.problem());
  field_reader c(*customer, "customer.");
  o.customer_email = c.text("email", true);
  o.customer_name = c.text("name", true);
  o.customer_phone = c.text("phone", false);
  if (c.problem().empty() && !is_mail_address(o.customer_email))
    c.complain("email", "is not an e-mail address");
  if (!c.problem().empty())
    return bad(c.problem());
  field_reader s(*shipping, "shipping.");
  o.shipping.street = s.find("street") != nullptr || s.find("address") == nullptr
                          ? s.text("street", true)
                          : s.text("address", true);
  o.shipping.city = s.text("city", true);
  o.shipping.state = s.text("state", true);
  o.shipping.zip = s.text("zip", true);
  if (auto country = s.text("country", false); !country.empty())
    o.shipping.country = country;
  if (s.problem().empty() &&
      (o.shipping.country.size() != 2 ||
       !std::all_of(o.shipping.country.begin(), o.shipping.country.end(),
                    [](char ch) { return std::isalpha(static_cast<unsigned char>(ch)) != 0; })))
    s.complain("country", "must be a two-letter ISO 3166 code");
  if (!s.problem().empty())
    return bad(s.problem());
  std::transform(o.shipping.country.begin(), o.shipping.country.end(), o.shipping.country.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::toupper(ch)); });
  o.shipping.name = o.customer_name;
  o.shipping.phone = o.customer_phone;
  o.shipping.email = o.customer_email;
  return {};
}

result<void> read_payment(const json& root, order& o, const order_rules& rules) {
  field_reader top(root, "");
  if (auto currency = top.text("currency", false); !currency.empty()) {
    if (currency.size() != 3 || !std::all_of(currency.begin(), currency.end(), [](char ch) {
          return std::isalpha(static_cast<unsigned char>(ch)) != 0;
        }))
      top.complain("currency", "must be a three-letter ISO 4217 code");
    o.total.currency = currency;
    std::transform(o.total.currency.begin(), o.total.currency.end(), o.total.currency.begin(),
                   [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  }
  if (const auto* retry = top.find("retry")) {
    if (retry->is_boolean())
      o.retry = retry->get<bool>();
    else
      top.complain("retry", "must be true or false");
  }
  const auto* payment = top.object("payment", false);
  const auto* parcel = top.object("parcel", false);
  if (!top.problem().empty())
    return bad(top.problem());
  if (payment != nullptr) {
    field_reader p(*payment, "payment.");
    o.payment_method = p.text("method", false);
    o.payment_customer = p.text("customer", false);
    if (!p.problem().empty())
      return bad(p.problem());
  }
  o.payment_method_given = !o.payment_method.empty();
  if (!o.payment_method_given)
    o.payment_method = rules.default_payment_method;
  if (o.payment_method.empty())
    return bad("payment.method is missing; with a live Stripe key there is no default.");
  if (parcel != nullptr) {
    field_reader p(*parcel, "parcel.");
    o.parcel.length = measure(p.find("length"));
    o.parcel.width = measure(p.find("width"));
    o.parcel.height = measure(p.find("height"));
    o.parcel.weight = measure(p.find("weight"));
    for (const auto& [name, value] :
         {std::pair<const char*, const std::string&>("length", o.parcel.length),
          {"width", o.parcel.width},
          {"height", o.parcel.height},
          {"weight", o.parcel.weight}})
      if (value.empty())
        p.complain(name, "must be a positive number");
    o.parcel.distance_unit = p.text("distance_unit", false);
    o.parcel.mass_unit = p.text("mass_unit", false);
    if (o.parcel.distance_unit.empty())
      o.parcel.distance_unit = "in";
    if (o.parcel.mass_unit.empty())
      o.parcel.mass_unit = "lb";
    constexpr std::string_view distances[] = {"cm", "in", "ft", "m", "mm", "yd"};
    constexpr std::string_view masses[] = {"g", "kg", "lb", "oz"};
    if (std::find(std::begin(distances), std::end(distances), o.parcel.distance_unit) ==
        std::end(distances))
      p.complain("distance_unit", "must be one of cm, in, ft, m, mm, yd");
    if (std::find(std::begin(masses), std::end(masses), o.parcel.mass_unit) == std::end(masses))
      p.complain("mass_unit", "must be one of g, kg, lb, oz");
    if (!p.problem().empty())
      return bad(p.problem());
  }
  return {};
}

} // namespace

result<order> check_order(std::string_view body, const order_rules& rules) {
  json_bounds bounds;
  bounds.list = "items";
  bounds.list_max = items_max;
  if (auto sound = check_json(body, bounds); !sound)
    return sound.failure();
  const auto root = json::parse(body, nullptr, false);
  if (!root.is_object())
    return bad("The body must be a JSON object with items, customer and shipping.");
  order o;
  if (auto done = read_items(root, o); !done)
    return done.failure();
  if (auto done = read_people(root, o); !done)
    return done.failure();
  if (auto done = read_payment(root, o, rules); !done)
    return done.failure();
  return o;
}

} // namespace orderhub::handlers
