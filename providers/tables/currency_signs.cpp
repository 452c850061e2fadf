// How a currency writes itself, by ICU; how many decimals it has is the table's.
#include "providers/tables/currencies.hpp"

#include <unicode/numberformatter.h>
#include <unicode/unistr.h>

namespace orderhub::tables {

namespace {

/// Empty where ICU knows no such currency.
std::string signed_text(const money& amount) {
  auto code = icu::UnicodeString::fromUTF8(amount.currency).toUpper();
  const auto decimals = decimal_text(amount);
  const auto point = decimals.find('.');
  const auto digits = point == std::string::npos ? 0 : decimals.size() - point - 1;
  UErrorCode status = U_ZERO_ERROR;
  const icu::CurrencyUnit unit(code.getTerminatedBuffer(), status);
  const auto formatted =
      icu::number::NumberFormatter::withLocale(icu::Locale::getEnglish())
          .unit(unit)
          .unitWidth(UNUM_UNIT_WIDTH_NARROW)
          .grouping(UNUM_GROUPING_OFF)
          .precision(icu::number::Precision::fixedFraction(static_cast<std::int32_t>(digits)))
          .formatDecimal(decimals, status)
          .toString(status);
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
