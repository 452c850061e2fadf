#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace orderhub::providers {

// Why a vendor refused, in words that can be shown, logged and kept: which field, and which code.
// A vendor's sentences quote what was sent (names, addresses, card numbers), so no word of them is
// taken over; what kind of fault they speak of is.

/// The text where it has the shape of a vendor's code (`card_declined`), else empty: lower-case
/// letters, digits and `_`, at most 64 bytes, at least one letter and never four digits in a row.
/// Anything else could be an echo of what was sent.
std::string code_or_empty(std::string_view text);

/// What kind of fault a sentence speaks of: `required`, `blank`, `too_long`, `too_large`,
/// `too_short`, `too_small`, `duplicate`, `already_done`, `not_found`, `expired`, `unsupported`,
/// `not_allowed`, `malformed`, `invalid`; `refused` where it is none of these. Reads the first 512
/// bytes. Constant texts.
std::string_view class_of(std::string_view sentence);

/// `address_to.zip: invalid, address_to.name: required`: at most `reasons_max` fields, and at most
/// `reason_size_max` bytes. The same field is named once.
class field_reasons {
public:
  static constexpr std::size_t reasons_max = 5;
  static constexpr std::size_t reason_size_max = 300;

  /// Both are safe to show. An empty path means the request as a whole; that it is `refused` is
  /// left out.
  void add(std::string_view path, std::string_view code);
  [[nodiscard]] bool full() const { return count_ >= reasons_max; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::string text_;
  std::size_t count_ = 0;
};

/// `400`, or `400: address_to.zip: invalid`.
std::string described(int status, const field_reasons& reasons);

} // namespace orderhub::providers
