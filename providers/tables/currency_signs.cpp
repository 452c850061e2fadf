// How a currency writes itself, by ICU; how many decimals it has is the table's.
#include "providers/tables/currencies.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <unicode/numberformatter.h>
#include <unicode/unistr.h>

namespace orderhub::tables {

namespace {

/// Formatters take ICU a hundred times as long to make as to use. One for each currency and number
/// of digits; above the bound, which is above the number of currencies, one is made for each
/// amount.
class formatters {
public:
  using formatter = std::shared_ptr<const icu::number::LocalizedNumberFormatter>;

  formatter of(const icu::UnicodeString& code, std::int32_t digits, UErrorCode& status) {
    std::string key;
    code.toUTF8String(key);
    key += static_cast<char>(digits);
    const std::lock_guard lock(mutex_);
    if (auto it = made_.find(key); it != made_.end())
      return it->second;
    auto one = make(code, digits, status);
    if (U_SUCCESS(status) && made_.size() < kept_max)
      made_.emplace(std::move(key), one);
    return one;
  }

private:
  static constexpr std::size_t kept_max = 512;

  static formatter make(icu::UnicodeString code, std::int32_t digits, UErrorCode& status) {
    const icu::CurrencyUnit unit(code.getTerminatedBuffer(), status);
    return std::make_shared<const icu::number::LocalizedNumberFormatter>(
        icu::number::NumberFormatter::withLocale(icu::Locale::getEnglish())
            .unit(unit)
            .unitWidth(UNUM_UNIT_WIDTH_NARROW)
            .grouping(UNUM_GROUPING_OFF)
            .precision(icu::number::Precision::fixedFraction(digits)));
  }

  std::mutex mutex_;
  std::map<std::string, formatter> made_;
};

/// Empty where ICU knows no such currency.
std::string signed_text(const money& amount) {
  static formatters made;
  const auto code = icu::UnicodeString::fromUTF8(amount.currency).toUpper();
  const auto decimals = decimal_text(amount);
  const auto point = decimals.find('.');
  const auto digits = point == std::string::npos ? 0 : decimals.size() - point - 1;
  UErrorCode status = U_ZERO_ERROR;
  const auto formatter = made.of(code, static_cast<std::int32_t>(digits), status);
  const auto formatted = formatter->formatDecimal(decimals, status).toString(status);
  if (U_FAILURE(status) || formatted.indexOf(code) >= 0)
    return {};
  std::string text;
  formatted.toUTF8String(text);
  return text;
}

} // namespace

std::string shown_with_sign(const money& amount) {
  const auto sign = signed_text(amount);
  return sign.empty() ? shown(amount) : shown(amount) + " (" + sign + ')';
}

} // namespace orderhub::tables
