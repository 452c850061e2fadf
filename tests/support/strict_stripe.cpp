#include "tests/support/strict_stripe.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace orderhub::testing {

namespace {

std::vector<std::string> words(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> list;
  for (std::string word; in >> word;)
    list.push_back(word);
  return list;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "Supported presentment currencies", as the page lists them.
const auto two_decimals = words("usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd "
                                "bnd bob brl bsd bwp byn bzd cad "
                                "cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp "
                                "gel gip gmd gtq gyd hkd hnl htg "
                                "huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl "
                                "mad mdl mkd mmk mnt mop mur mvr "
                                "mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln "
                                "qar ron rsd rub sar sbd scr sek "
                                "sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx "
                                "uyu uzs wst xcd xcg yer zar zmw");
const auto zero_decimals = words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf");
const auto three_decimals = words("bhd jod kwd omr tnd");

// "Minimum charge amount by currency", in the unit that people write.
const std::map<std::string, double, std::less<>> minimums = {
    {"usd", 0.50}, {"aed", 2.00}, {"ars", 0.50}, {"aud", 0.50},  {"bgn", 1.00}, {"brl", 0.50},
    {"cad", 0.50}, {"chf", 0.50}, {"cop", 0.50}, {"czk", 15.00}, {"dkk", 2.50}, {"eur", 0.50},
    {"gbp", 0.30}, {"hkd", 4.00}, {"huf", 175.}, {"idr", 0.50},  {"ils", 0.50}, {"inr", 0.50},
    {"jpy", 50},   {"krw", 50},   {"mxn", 10},   {"myr", 2.00},  {"nok", 3.00}, {"nzd", 0.50},
    {"php", 0.50}, {"pln", 2.00}, {"ron", 2.00}, {"rub", 0.50},  {"sek", 3.00}, {"sgd", 0.50},
    {"thb", 10},   {"zar", 0.50}};

std::size_t digits_max(std::string_view currency) {
  if (currency == "idr")
    return 12;
  if (currency == "lbp")
    return 11;
  if (currency == "cop" || currency == "huf" || currency == "jpy")
    return 10;
  return currency == "inr" ? 9 : 8;
}

} // namespace

std::vector<std::string> stripe_currencies() {
  auto all = two_decimals;
  all.insert(all.end(), zero_decimals.begin(), zero_decimals.end());
  all.insert(all.end(), three_decimals.begin(), three_decimals.end());
  return all;
}

std::vector<std::string> stripe_complaints(std::int64_t amount, std::string_view currency,
                                           std::string_view method) {
  std::vector<std::string> all;
  const bool is_three = has(three_decimals, currency);
  if (!has(stripe_currencies(), currency))
    all.emplace_back("invalid currency");
  if (amount < 1)
    all.emplace_back("not positive");
  if (std::to_string(amount).size() > digits_max(currency))
    all.emplace_back("too many digits");
  if (is_three && amount % 10 != 0)
    all.emplace_back("the last digit is not 0");
  if ((currency == "isk" || currency == "ugx") && amount % 100 != 0)
    all.emplace_back("not evenly divisible by 100");
  if (const auto least = minimums.find(currency); least != minimums.end()) {
    const double unit = has(zero_decimals, currency) ? 1 : is_three ? 1'000 : 100;
    if (static_cast<double>(amount) < least->second * unit - 0.001)
      all.emplace_back("amount_too_small");
  }
  const bool is_known =
      method.starts_with("pm_") || method.starts_with("card_") || method.starts_with("src_");
  if (!is_known)
    all.emplace_back("no such payment method");
  return all;
}

} // namespace orderhub::testing
