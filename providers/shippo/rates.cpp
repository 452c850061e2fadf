#include "providers/shippo/rates.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace orderhub {
std::string_view shippo_carriers(); ///< `carriers.txt`, compiled in by CMake.
} // namespace orderhub

namespace orderhub::providers::shippo {

namespace {

constexpr std::string_view cheapest_word = "cheapest";
constexpr std::string_view fastest_word = "fastest";
constexpr std::size_t token_size_max = 80;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), &lower_ascii);
  return lower;
}

bool is_token(std::string_view text) {
  return text.size() >= 2 && text.size() <= token_size_max &&
         std::all_of(text.begin(), text.end(), &is_token_character);
}

/// A decimal text in millionths; nothing where it is none, negative, or too long to compare.
std::optional<std::int64_t> millionths_of(std::string_view text) {
  std::int64_t value = 0;
  std::size_t whole = 0;
  std::size_t fraction = 0;
  bool in_fraction = false;
  for (const char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
    } else if (c >= '0' && c <= '9') {
      if (in_fraction ? fraction == 6 : whole == 12)
        return std::nullopt;
      ++(in_fraction ? fraction : whole);
      value = value * 10 + (c - '0');
    } else {
      return std::nullopt;
    }
  }
  if (whole == 0)
    return std::nullopt;
  for (; fraction < 6; ++fraction)
    value *= 10;
  return value;
}

/// Null where none is readable.
const rate* cheapest(const std::vector<const rate*>& rates) {
  const rate* best = nullptr;
  std::int64_t best_amount = 0;
  for (const rate* offer : rates) {
    const auto amount = millionths_of(offer->amount);
    if (!amount || (best && (offer->currency != best->currency || *amount >= best_amount)))
      continue;
    best = offer;
    best_amount = *amount;
  }
  return best;
}

template <class Holds>
std::vector<const rate*> those(const std::vector<rate>& rates, Holds holds) {
  std::vector<const rate*> some;
  for (const auto& offer : rates)
    if (millionths_of(offer.amount) && holds(offer))
      some.push_back(&offer);
  return some;
}

std::vector<const rate*> fastest(const std::vector<rate>& rates) {
  std::int64_t fewest = -1;
  for (const auto& offer : rates)
    if (offer.days >= 0 && millionths_of(offer.amount) && (fewest < 0 || offer.days < fewest))
      fewest = offer.days;
  return those(rates, [&](const rate& offer) {
    return fewest >= 0 ? offer.days == fewest : offer.is_fastest;
  });
}

/// The vendor's words as far as they are of a known shape.
std::string shown(const rate& offer) {
  const auto service = lower_of(offer.service);
  auto text = is_token(service) ? service : std::string("a service without a token");
  text += ' ' + offer.amount;
  if (offer.currency.size() == 3 && std::all_of(offer.currency.begin(), offer.currency.end(),
                                                [](char c) { return c >= 'A' && c <= 'Z'; }))
    text += ' ' + offer.currency;
  if (offer.days >= 0)
    text += " in " + std::to_string(offer.days) + (offer.days == 1 ? " day" : " days");
  return text;
}

std::string offered(const std::vector<rate>& rates) {
  constexpr std::size_t shown_max = 12;
  const auto usable = those(rates, [](const rate&) { return true; });
  std::string text;
  for (std::size_t i = 0; i < std::min(usable.size(), shown_max); ++i)
    text += (i == 0 ? "" : ", ") + shown(*usable[i]);
  if (usable.size() > shown_max)
    text += " and " + std::to_string(usable.size() - shown_max) + " more";
  return text;
}

struct carrier {
  std::string_view token, name;
};

const std::vector<carrier>& carriers() {
  static const auto all = [] {
    std::vector<carrier> list;
    for (auto rest = shippo_carriers(); !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const auto space = line.find(' ');
      if (!line.starts_with('#') && space != std::string_view::npos)
        list.push_back({line.substr(0, space), line.substr(space + 1)});
    }
    return list;
  }();
  return all;
}

} // namespace

result<std::string> rate_choice_of(std::string_view written) {
  auto choice = lower_of(written);
  if (!is_token(choice))
    return fail({error_kind::invalid, "shippo.rate",
                 "must be cheapest, fastest, or the token of a service level"});
  return choice;
}

result<rate> choose_rate(const std::vector<rate>& rates, std::string_view choice) {
  const auto some =
      choice == cheapest_word ? those(rates, [](const rate&) { return true; })
      : choice == fastest_word
          ? fastest(rates)
          : those(rates, [&](const rate& offer) { return lower_of(offer.service) == choice; });
  if (const auto* best = cheapest(some))
    return *best;
  const auto list = offered(rates);
  std::string why = "no carrier offers a usable rate";
  if (!list.empty() && choice == fastest_word)
    why = "no carrier says how long it takes; offered are " + list;
  else if (!list.empty())
    why = "no carrier offers " + std::string(choice) + "; offered are " + list;
  return fail({error_kind::rejected, "shipment.rates", std::move(why)});
}

bool is_carrier(std::string_view token) {
  return std::any_of(carriers().begin(), carriers().end(),
                     [&](const carrier& known) { return known.token == token; });
}

std::string carrier_of(const rate& offer) {
  const auto service = lower_of(offer.service);
  const auto name = lower_of(offer.provider);
  std::string of_service, of_name;
  for (const auto& [token, called] : carriers()) {
    const bool begins =
        service.size() > token.size() && service.starts_with(token) && service[token.size()] == '_';
    if (begins && token.size() > of_service.size())
      of_service = token;
    if (lower_of(called) == name && of_name.empty())
      of_name = token;
  }
  return of_service.empty() ? of_name : of_service;
}

} // namespace orderhub::providers::shippo
