#pragma once
#include "journal/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// JSON text `{"code":<status>,"message":"<message>"}`. Bytes of `message` that are not ASCII are
/// copied as they are, so it must be valid UTF-8.
std::string problem_body(std::uint16_t status, std::string_view message);

/// The reason phrase of the status line; `Status` for one without a well-known phrase.
std::string_view reason_phrase(std::uint16_t status);

} // namespace orderhub::http_gateway
