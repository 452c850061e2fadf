#include "http_gateway/admin/orders_filter.hpp"

#include "actors/handlers/mail_address.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

admin_problem invalid(std::string_view name, const std::string& why) {
  return {
      admin_reason::invalid_parameter, std::string(name) + ' ' + why, std::string(name), {}, {}};
}

std::vector<std::string> list_in(std::string_view text) {
  std::vector<std::string> words;
  for (bool more = !text.empty(); more;) {
    const auto end = text.find(',');
    more = end != std::string_view::npos;
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(more ? end + 1 : text.size());
  }
  return words;
}

std::string one_of_text(const auto& words) {
  std::string text;
  for (const auto& word : words)
    text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// What is the same for all pages of one list.
std::string hash_of(const admin_call& call, std::string_view email, std::string_view phone) {
  std::string all;
  for (const auto& [name, value] : call.query)
    if (name != "cursor" && name != "limit")
      all.append(name).append("=").append(value).append("\n");
  if (!email.empty() || !phone.empty())
    all.append(email).append("\n").append(phone);
  const auto hash = sha256_of(all);
  constexpr std::size_t shown = 6;
  return base64url({reinterpret_cast<const char*>(hash.data()), shown});
}

std::optional<journal::listing_place> place_in(std::string_view cursor, const std::string& hash) {
  std::string raw;
  if (!from_base64url(cursor, raw) || !raw.starts_with(hash + ' '))
    return std::nullopt;
  const auto rest = std::string_view(raw).substr(hash.size() + 1);
  const auto space = rest.find(' ');
  if (space == std::string_view::npos)
    return std::nullopt;
  journal::listing_place place;
  const auto digits = rest.substr(0, space);
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), place.at);
  const auto digest = hex_decoded(rest.substr(space + 1));
  if (failed != std::errc() || end != digits.data() + digits.size() || place.at < 0 || !digest ||
      digest->size() > 16)
    return std::nullopt;
  place.digest = *digest;
  return place;
}

class filter_reader {
public:
  /// `is_body`: its members are in no URL.
  explicit filter_reader(const admin_call& call, bool is_body = false)
      : call_(call), is_body_(is_body) {}

  std::variant<order_list_call, admin_problem> read() {
    for (auto read :
         {&filter_reader::words, &filter_reader::times, &filter_reader::amounts_and_keys})
      if (auto problem = (this->*read)())
        return std::move(*problem);
    out_.filter.longest_first = call_.value("sort") == "waiting";
    out_.limit = call_.number("limit");
    out_.filter_hash = hash_of(call_, out_.filter.email, out_.filter.phone);
    if (const auto cursor = call_.value("cursor"); !cursor.empty()) {
      out_.behind = place_in(cursor, out_.filter_hash);
      if (!out_.behind)
        return invalid("cursor", "is none of this list with these filters.");
    }
    return std::move(out_);
  }

  order_list_call& out() { return out_; }

private:
  std::optional<admin_problem> words() {
    auto& f = out_.filter;
    for (auto& word : list_in(call_.value("status"))) {
      const auto known = handlers::order_statuses();
      if (std::find(known.begin(), known.end(), word) == known.end())
        return invalid("status", "must be a list with commas of " + one_of_text(known) + '.');
      f.statuses.insert(std::move(word));
    }
    for (const auto& word : list_in(call_.value("waits_for"))) {
      const auto named = handlers::waits_named(word);
      if (!named)
        return invalid("waits_for", "must be a list with commas of " +
                                        one_of_text(handlers::wait_words()) + '.');
      f.waits.insert(named->causes.begin(), named->causes.end());
      f.waits_in_doubt = f.waits_in_doubt || named->has_doubts;
    }
    for (auto& word : list_in(call_.value("vendor")))
      f.vendors.insert(std::move(word));
    for (auto& word : list_in(call_.value("reason")))
      f.reasons.insert(std::move(word));
    for (auto& word : list_in(call_.value("currency"))) {
      std::transform(word.begin(), word.end(), word.begin(), &lower_ascii);
      if (tables::find_currency(word) == nullptr)
        return invalid("currency", "must be a list with commas of ISO 4217 codes.");
      f.currencies.insert(std::move(word));
    }
    for (const auto& [name, flag] :
         {std::pair("open", &f.open), std::pair("attention", &f.attention),
          std::pair("called", &f.called), std::pair("acked", &f.acked),
          std::pair("in_doubt", &f.in_doubt), std::pair("paused", &f.paused),
          std::pair("stuck", &f.stuck)})
      if (const auto value = call_.value(name); !value.empty())
        *flag = value == "true";
    return std::nullopt;
  }

  std::optional<admin_problem> times() {
    auto& f = out_.filter;
    for (const auto& [name, at] : {std::pair("since", &f.since), std::pair("until", &f.until),
                                   std::pair("updated_since", &f.updated_since)})
      if (const auto value = call_.value(name); !value.empty()) {
        *at = utc_time_in(value);
        if (!*at)
          return invalid(name, "must be a time in UTC such as 2026-11-24T10:00:00Z.");
      }
    if (const auto value = call_.value("older_than"); !value.empty()) {
      f.older_than_ms = parse_duration_ms(value);
      if (!f.older_than_ms)
        return invalid("older_than", "must be a duration such as 15m.");
    }
    return std::nullopt;
  }

  std::optional<admin_problem> amounts_and_keys() {
    auto& f = out_.filter;
    for (const auto& [name, amount] :
         {std::pair("min_total", &f.min_total), std::pair("max_total", &f.max_total)})
      if (!call_.value(name).empty())
        *amount = static_cast<std::int64_t>(call_.number(name));
    for (const auto& [name, key] :
         {std::pair("key_prefix", &f.key_prefix), std::pair("key_contains", &f.key_contains),
          std::pair("q", &f.q)}) {
      *key = std::string(call_.value(name));
      make_normal(*key);
      constexpr std::size_t key_size_max = 255;
      if (key->size() > key_size_max)
        return invalid(name, "has at most 255 bytes.");
      if (auto problem = personal_data_in(name, *key); problem && !is_body_)
        return problem;
    }
    return std::nullopt;
  }

  const admin_call& call_;
  const bool is_body_;
  order_list_call out_;
};

std::string without_blanks(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(blank), text.size());
  return std::string(text.substr(begin, text.find_last_not_of(blank) + 1 - begin));
}

/// A number as people write it; `least` digits at least.
bool is_phone(std::string_view text, std::size_t least) {
  constexpr std::size_t most = 20; // With an extension that somebody has written along.
  std::size_t digits = 0;
  for (const auto c : text)
    if (c >= '0' && c <= '9')
      ++digits;
    else if (std::string_view(" +-().,/x#").find(c) == std::string_view::npos)
      return false;
  return digits >= least && digits <= most;
}

/// Members of a search's body as the parameters they are named after.
std::optional<admin_problem> take_members(const nlohmann::json& body, admin_call& call,
                                          std::string& email, std::string& phone) {
  for (const auto& [name, value] : body.items()) {
    std::string text;
    if ((name == "email" || name == "phone") && !value.is_string())
      return admin_problem{
          admin_reason::invalid_body, name + " must be a text.", std::string(name), {}, {}};
    if (value.is_string())
      text = value.get<std::string>();
    else if (value.is_boolean() || value.is_number_integer())
      text = value.dump();
    else
      return admin_problem{admin_reason::invalid_body,
                           "A member of the body is neither text, number nor true or false.",
                           std::string(cut_text(name, 64)),
                           {},
                           {}};
    if (name == "email") {
      email = without_blanks(text);
      if (!handlers::is_mail_address(email))
        return admin_problem{
            admin_reason::invalid_body, "email is no e-mail address.", "email", {}, {}};
      continue;
    }
    if (name == "phone") {
      phone = without_blanks(text);
      constexpr std::size_t digits_least = 4;
      if (phone.size() > 254 || !is_phone(phone, digits_least))
        return admin_problem{
            admin_reason::invalid_body, "phone is no telephone number.", "phone", {}, {}};
      continue;
    }
    const auto known = std::find_if(order_list_parameters.begin(), order_list_parameters.end(),
                                    [&](const auto& p) { return p.name == name; });
    if (known == order_list_parameters.end())
      return admin_problem{admin_reason::unknown_parameter,
                           "There is no member of that name here.",
                           std::string(cut_text(name, 64)),
                           {},
                           {}};
    if (auto why = wrong_value(*known, text); !why.empty())
      return invalid(known->name, why);
    call.query.insert_or_assign(std::string(name), std::move(text));
  }
  return std::nullopt;
}

} // namespace

std::optional<admin_problem> personal_data_in(std::string_view name, std::string_view text) {
  constexpr std::size_t digits_least = 7;
  // A `+` that was not escaped is a blank by then.
  const bool is_number =
      (text.starts_with('+') || text.starts_with(' ')) && is_phone(text, digits_least);
  if (!is_number && !handlers::is_mail_address(without_blanks(text)))
    return std::nullopt;
  return admin_problem{admin_reason::personal_data,
                       std::string(is_number ? "A telephone number" : "An e-mail address") +
                           " does not belong into a URL: it would be in logs. "
                           "POST /admin/orders/search takes one.",
                       std::string(name),
                       {},
                       {}};
}

std::variant<order_list_call, admin_problem> order_list_of(const admin_call& call) {
  return filter_reader(call).read();
}

namespace {

std::variant<order_list_call, admin_problem> of_members(const nlohmann::json& members,
                                                        bool needs_person) {
  admin_call with_members;
  for (const auto& p : order_list_parameters)
    if (!p.fallback.empty())
      with_members.query.emplace(p.name, p.fallback);
  std::string email, phone;
  if (auto problem = take_members(members, with_members, email, phone))
    return std::move(*problem);
  constexpr std::size_t size_max = 254;
  const bool is_one =
      email.empty() != phone.empty() || (!needs_person && email.empty() && phone.empty());
  if (!is_one || email.size() > size_max || phone.size() > size_max)
    return admin_problem{admin_reason::invalid_body,
                         "The body needs either email or phone, of at most 254 bytes.",
                         "email",
                         {},
                         {}};
  filter_reader reader(with_members, needs_person);
  reader.out().filter.email = std::move(email);
  reader.out().filter.phone = std::move(phone);
  return reader.read();
}

} // namespace

std::variant<order_list_call, admin_problem> order_search_of(const admin_call& call) {
  const auto body = nlohmann::json::parse(call.body, nullptr, false);
  if (!body.is_object())
    return admin_problem{admin_reason::invalid_body, "The body is no JSON object.", {}, {}, {}};
  return of_members(body, true);
}

std::variant<order_list_call, admin_problem> bulk_filter_of(std::string_view members) {
  const auto filter = nlohmann::json::parse(members, nullptr, false);
  if (!filter.is_object() || filter.empty())
    return admin_problem{admin_reason::invalid_body,
                         "filter must be an object that says at least one thing: all orders are "
                         "meant by nobody.",
                         "filter",
                         {},
                         {}};
  for (const auto* name : {"sort", "limit", "cursor"})
    if (filter.contains(name))
      return admin_problem{admin_reason::invalid_body,
                           std::string("filter takes no ") + name +
                               ": all that it matches is meant.",
                           name,
                           {},
                           {}};
  return of_members(filter, false);
}

std::string cursor_of(const journal::listing_place& place, const order_list_call& call) {
  return base64url(call.filter_hash + ' ' + std::to_string(place.at) + ' ' + hex_of(place.digest));
}

} // namespace orderhub::http_gateway
