// Who is logged in.
#include "http_gateway/admin/session_pages.hpp"

#include "http_gateway/admin/page_json.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

} // namespace

admin_page session_page(const admin_caller& who) {
  return page_of(json{{"name", who.name},
                      {"role", name_of(who.role)},
                      {"via", who.via},
                      {"on_behalf", text_or_null<json>(who.on_behalf)},
                      {"ends_at", time_json<json>(who.ends_at)}});
}

admin_page ended_session_page(bool had_one) {
  return page_of(json{{"ended", had_one}});
}

std::optional<admin_problem> wrong_session_body(std::string_view body) {
  if (body.empty())
    return std::nullopt;
  const auto j = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (j.is_object() && j.empty())
    return std::nullopt;
  return problem_of(admin_reason::invalid_body,
                    "The body is empty or {}: a token stands in the header Authorization, and "
                    "nowhere else.");
}

} // namespace orderhub::http_gateway
