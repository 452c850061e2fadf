#include "http_gateway/ingress/normal_form.hpp"

#include <algorithm>
#include <utility>

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

namespace orderhub::http_gateway {

void make_normal(std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii))
    return;
  UErrorCode code = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFCInstance(code); // ICU's own, for ever.
  if (U_FAILURE(code))
    return;
  std::string normal;
  icu::StringByteSink<std::string> sink(&normal);
  form->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink,
                      nullptr, code);
  if (U_SUCCESS(code))
    text = std::move(normal);
}

} // namespace orderhub::http_gateway
