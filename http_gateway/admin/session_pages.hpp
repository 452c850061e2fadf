#pragma once
#include "http_gateway/admin/admin_access.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_problem.hpp"

#include <optional>
#include <string_view>

namespace orderhub::http_gateway {

/// Who asks: `{"name","role","via","on_behalf","ends_at"}`.
admin_page session_page(const admin_caller& who);
/// Of a logout: `{"ended"}`, false where he had no session.
admin_page ended_session_page(bool had_one);
/// Why it is no body of a login or logout: these have none, or an empty object.
std::optional<admin_problem> wrong_session_body(std::string_view body);

} // namespace orderhub::http_gateway
