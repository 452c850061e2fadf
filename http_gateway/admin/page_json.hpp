#pragma once
#include "http_gateway/admin/admin_pages.hpp"
#include "journal/base/time.hpp"
#include "journal/base/utc_text.hpp"

#include <string>
#include <string_view>
#include <utility>

// What the pages share; templates over the JSON type, so that the library stays inside .cpp files.
namespace orderhub::http_gateway {

/// RFC 3339 in UTC with milliseconds; null for 0.
template <class Json>
Json time_json(unix_ms at) {
  return at > 0 ? Json(utc_text(at)) : Json(nullptr);
}
/// How long ago; null for 0.
template <class Json>
Json age_json(unix_ms at, unix_ms now) {
  return at > 0 ? Json(now > at ? now - at : 0) : Json(nullptr);
}
/// Null for an empty text.
template <class Json>
Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(std::string(text));
}

/// Text that is not UTF-8 (a vendor's word) is shown with marks in place of what is none.
template <class Json>
admin_page page_of(const Json& body, std::string version = {}) {
  return {body.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json",
          std::move(version)};
}

/// The hub id's first eight hexadecimal digits: they tell hubs apart.
std::string hub_text(const admin_sources& from);

} // namespace orderhub::http_gateway
