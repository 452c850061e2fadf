#pragma once
#include "journal/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// The one table from a kind of failure to the HTTP status it leaves with. An error that names its
/// own status (400 to 599) leaves with that.
constexpr std::uint16_t status_of(error_kind kind) {
  switch (kind) {
  case error_kind::invalid:
    return 400;
  case error_kind::rejected:
    return 409;
  case error_kind::unavailable:
    return 503;
  case error_kind::in_doubt:
    return 500;
  case error_kind::corrupt:
    return 500;
  case error_kind::diverged:
    return 500;
  case error_kind::cancelled:
    return 409;
  case error_kind::in_doubt_stored:
    return 500;
  case error_kind::missed:
    return 500;
  case error_kind::full:
    return 503;
  case error_kind::not_found:
    return 404;
  }
  return 500;
}

inline std::uint16_t status_of(const error& e) {
  return e.status >= 400 && e.status <= 599 ? e.status : status_of(e.kind);
}

/// JSON text `{"code":<status>,"message":"<message>"}`. Bytes of `message` that are not ASCII are
/// copied as they are, so it must be valid UTF-8.
std::string problem_body(std::uint16_t status, std::string_view message);

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters
/// escaped.
void append_json_escaped(std::string& out, std::string_view text);

/// The reason phrase of the status line; `Status` for one without a well-known phrase.
std::string_view reason_phrase(std::uint16_t status);

} // namespace orderhub::http_gateway
