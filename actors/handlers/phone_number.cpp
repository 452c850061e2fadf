#include "actors/handlers/phone_number.hpp"

#include <phonenumbers/phonenumberutil.h>

namespace orderhub::handlers {

namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

tl::unexpected<error> bad(std::string why) {
  return fail({error_kind::invalid, "phone", std::move(why), 400});
}

/// In the plan that North America shares, no area code and no exchange begins with 0 or 1.
bool fits_north_america(const std::string& national) {
  return national.size() == 10 && national[0] >= '2' && national[3] >= '2';
}

} // namespace

result<std::string> e164_of(std::string_view written, std::string_view country) {
  const auto& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (library.Parse(std::string(written), std::string(country), &number) !=
      PhoneNumberUtil::NO_PARSING_ERROR)
    return bad("is not a phone number");
  if (number.has_extension() && !number.extension().empty())
    return bad("has an extension, which carriers do not take");
  std::string national;
  library.GetNationalSignificantNumber(number, &national);
  const bool is_possible =
      library.IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE &&
      national.find_first_not_of('0') != std::string::npos &&
      (number.country_code() != 1 || fits_north_america(national));
  if (!is_possible)
    return bad("cannot be a phone number: it has too few or too many digits, or begins wrongly");
  std::string formatted;
  library.Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

std::string example_phone(std::string_view country) {
  const auto& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  std::string formatted = "+12015550123";
  if (library.GetExampleNumber(std::string(country), &number))
    library.Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

} // namespace orderhub::handlers
