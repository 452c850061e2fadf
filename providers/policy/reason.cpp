#include "providers/policy/reason.hpp"

#include <algorithm>
#include <array>

namespace orderhub::providers {

namespace {

constexpr std::size_t code_size_max = 64;
constexpr std::size_t sentence_size_max = 512;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

/// The first row whose phrase is in the sentence names its class; what is more particular stands
/// first. Phrases of Django REST framework, which Shippo answers with, and of SendGrid's messages.
struct sentence_row {
  std::string_view name;
  std::string_view phrase;
};
constexpr std::array<sentence_row, 54> rows = {{
    {"malformed", "parse error"},
    {"malformed", "not valid json"},
    {"malformed", "malformed"},
    {"malformed", "bad request"},
    {"not_found", "not found"},
    {"not_found", "does not exist"},
    {"not_found", "no such"},
    {"duplicate", "unique"},
    {"duplicate", "duplicate"},
    {"already_done", "already"},
    {"blank", "blank"},
    {"blank", "be empty"},
    {"blank", "be null"},
    {"blank", "is empty"},
    {"too_large", "less than or equal to"},
    {"too_long", "no more than"},
    {"too_long", "too long"},
    {"too_long", "at most"},
    {"too_long", "longer than"},
    {"too_long", "fewer characters"},
    {"too_long", "maximum length"},
    {"too_long", "max length"},
    {"too_long", "must be less than"},
    {"too_large", "less than"},
    {"too_large", "too large"},
    {"too_large", "exceed"},
    {"too_large", "too heavy"},
    {"too_large", "too many"},
    {"too_short", "at least"},
    {"too_short", "too short"},
    {"too_short", "minimum length"},
    {"too_small", "greater than"},
    {"too_small", "too small"},
    {"too_small", "must be positive"},
    {"required", "required"},
    {"required", "missing"},
    {"required", "must be provided"},
    {"required", "please provide"},
    {"expired", "expired"},
    {"unsupported", "not supported"},
    {"unsupported", "unsupported"},
    {"unsupported", "not available"},
    {"not_allowed", "not allowed"},
    {"not_allowed", "permission"},
    {"not_allowed", "forbidden"},
    {"not_allowed", "authorized"},
    {"not_allowed", "not permitted"},
    {"invalid", "valid"},
    {"invalid", "incorrect"},
    {"invalid", "not a "},
    {"invalid", "verif"},
    {"invalid", "unrecognized"},
    {"invalid", "unknown"},
    {"invalid", "wrong"},
}};

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

} // namespace

std::string code_or_empty(std::string_view text) {
  if (text.empty() || text.size() > code_size_max)
    return {};
  bool has_letter = false;
  int digits = 0;
  for (const char c : text) {
    if (!is_letter(c) && !is_digit(c) && c != '_')
      return {};
    has_letter = has_letter || is_letter(c);
    digits = is_digit(c) ? digits + 1 : 0;
    if (digits > 3)
      return {};
  }
  return has_letter ? std::string(text) : std::string();
}

std::string_view class_of(std::string_view sentence) {
  const std::string lower = lower_of(sentence.substr(0, sentence_size_max));
  for (const auto& [name, phrase] : rows)
    if (lower.find(phrase) != std::string::npos)
      return name;
  return "refused";
}

void field_reasons::add(std::string_view path, std::string_view code) {
  if (full() || text_.size() + path.size() + code.size() + 4 > reason_size_max)
    return;
  std::string reason(path);
  if (!path.empty() && !code.empty())
    reason += ": ";
  reason += code;
  const bool says_nothing = path.empty() && (code.empty() || code == "refused");
  const bool is_known = (", " + text_ + ", ").find(", " + reason + ", ") != std::string::npos;
  if (says_nothing || is_known)
    return;
  if (!text_.empty())
    text_ += ", ";
  text_ += reason;
  ++count_;
}

std::string described(int status, const field_reasons& reasons) {
  std::string text = std::to_string(status);
  if (!reasons.empty())
    text += ": " + reasons.text();
  return text;
}

} // namespace orderhub::providers
