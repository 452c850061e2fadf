#pragma once
#include "journal/base/secret.hpp"
#include "providers/webhooks/event.hpp"
#include "providers/webhooks/vendors.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the verifiers share of reading what was received. Nothing here trusts its input.
namespace orderhub::providers::webhooks {

/// A header that a verifier needs.
struct header_value {
  std::string_view text;    ///< As it came; empty where it is missing.
  bool is_repeated = false; ///< There are two: which one a sender meant nobody can say.
};
/// Name in any case.
header_value header_of(const delivery& received, std::string_view name);

/// Decimal digits, at most 18 of them, and nothing else.
std::optional<std::int64_t> digits_of(std::string_view text);

/// Stripe's, Slack's and Standard Webhooks' 300 s, to the second, both ways.
inline constexpr std::int64_t tolerance_s = 300;
/// `none`, `too_old` or `too_new`.
refusal age_of(std::int64_t signed_at_s, std::int64_t now_s);

/// Behind `?` and before `#`; empty where there is none.
std::string_view query_of(std::string_view target);
/// The decoded value of the first parameter of that name in a query or form; nothing where there is
/// none, or its escapes are malformed.
std::optional<std::string> parameter_of(std::string_view query, std::string_view name);
/// All parameters of a query or form, decoded, as they stand; `name` and `name=` are the same.
/// Nothing where an escape is malformed, or there are more than `parameters_max`.
inline constexpr std::size_t parameters_max = 1'000;
std::optional<std::vector<std::pair<std::string, std::string>>>
parameters_of(std::string_view text);

/// Tries the believed secrets, then those that are only recognised (`test:…`), and says what to
/// refuse. `matches` answers for one secret's text, in constant time.
template <class Matches>
verification judge(const std::vector<secret>& secrets, const Matches& matches) {
  constexpr std::string_view recognised = "test:";
  bool has_secret = false;
  bool is_known = false;
  for (const secret& one : secrets) {
    const std::string_view text = one.reveal();
    const bool is_believed = !text.starts_with(recognised);
    has_secret = has_secret || is_believed;
    if (is_believed && matches(text))
      return {refusal::none, {}};
    is_known = is_known || (!is_believed && matches(text.substr(recognised.size())));
  }
  if (!has_secret)
    return {refusal::no_secret, {}};
  return {refusal::wrong, is_known ? "matches the test-mode secret" : ""};
}
/// How many of them are tried: not those that are only recognised.
std::size_t count_believed(const std::vector<secret>& secrets);
/// Whether one of them is believed.
bool has_believed(const std::vector<secret>& secrets);

/// Whether `matches` holds for the body as it may have been before something on the way touched its
/// line ends. For hints only; a long body is not tried.
template <class Matches>
bool was_reshaped(std::string_view body, const Matches& matches) {
  constexpr std::size_t size_max = std::size_t{64} * 1'024;
  if (body.size() > size_max)
    return false;
  std::string with_end(body);
  if (matches(with_end + "\n") || matches(with_end + "\r\n"))
    return true;
  while (!with_end.empty() && (with_end.back() == '\n' || with_end.back() == '\r'))
    with_end.pop_back();
  return with_end.size() != body.size() && matches(with_end);
}
inline constexpr const char* reshaped_hint =
    "matches the body with other line ends: something on the way changes bodies";

/// What a signature over the raw body comes to, and a signature's age where it has a time.
/// `signs(key, body)` in constant time.
template <class Signs>
verification judge_body(const delivery& received, const std::vector<secret>& secrets,
                        const Signs& signs,
                        std::optional<std::int64_t> signed_at_s = std::nullopt) {
  auto verdict = judge(secrets, [&](std::string_view key) { return signs(key, received.body); });
  if (verdict.why == refusal::none && signed_at_s)
    verdict.why = age_of(*signed_at_s, received.now_s);
  else if (verdict.why == refusal::wrong && verdict.hint.empty() &&
           was_reshaped(received.body, [&](std::string_view body) {
             return signs(secrets.front().reveal(), body);
           }))
    verdict.hint = reshaped_hint;
  if (signed_at_s)
    verdict.skew_s = received.now_s - *signed_at_s;
  return verdict;
}

} // namespace orderhub::providers::webhooks
