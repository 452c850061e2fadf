#include "actors/handlers/mail_address.hpp"

#include "actors/handlers/written_text.hpp"

#include <algorithm>
#include <cstdint>

#include <unicode/uidna.h>

namespace orderhub::handlers {

namespace {

constexpr std::size_t address_size_max = 254;
constexpr std::size_t local_size_max = 64;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_atom_character(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+/=?^_`{|}~-.").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), is_atom_character);
}

/// The domain in ASCII; empty where it is no host's name of two labels or more.
std::string ascii_domain(std::string_view domain) {
  static const UIDNA* const idna = [] {
    UErrorCode status = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                               UIDNA_NONTRANSITIONAL_TO_ASCII,
                           &status);
  }();
  if (idna == nullptr || domain.empty() || domain.front() == '.' || domain.back() == '.')
    return {};
  UErrorCode status = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  char ascii[address_size_max + 1];
  const auto size =
      uidna_nameToASCII_UTF8(idna, domain.data(), static_cast<std::int32_t>(domain.size()), ascii,
                             sizeof ascii, &info, &status);
  if (U_FAILURE(status) || info.errors != 0 || size <= 0 ||
      size > static_cast<std::int32_t>(address_size_max))
    return {};
  const std::string name(ascii, static_cast<std::size_t>(size));
  const auto last = name.rfind('.');
  // A last label of digits is an address of the network, not a name.
  const bool is_name = last != std::string::npos &&
                       name.find_first_not_of("0123456789", last + 1) != std::string::npos;
  return is_name ? name : std::string();
}

} // namespace

bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && text.size() <= address_size_max && at <= local_size_max &&
         !has_invisible(text) && is_dot_atom(text.substr(0, at)) &&
         !ascii_domain(text.substr(at + 1)).empty();
}

std::string ascii_mail_address(std::string_view address) {
  const auto at = address.find('@');
  if (at == std::string_view::npos || !is_ascii(address.substr(0, at)))
    return {};
  const auto domain = address.substr(at + 1);
  // An ASCII domain stays as it was written.
  const auto name = is_ascii(domain) ? std::string(domain) : ascii_domain(domain);
  return name.empty() ? std::string() : std::string(address.substr(0, at + 1)) + name;
}

} // namespace orderhub::handlers
