#include "http_gateway/admin/admin_problem.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

struct reason_row {
  admin_reason reason;
  std::string_view name;
  std::uint16_t status;
};
constexpr std::array<reason_row, admin_reason_count> rows = {{
    {admin_reason::malformed_path, "malformed_path", 400},
    {admin_reason::unknown_parameter, "unknown_parameter", 400},
    {admin_reason::invalid_parameter, "invalid_parameter", 400},
    {admin_reason::personal_data, "personal_data", 400},
    {admin_reason::unauthorized, "unauthorized", 401},
    {admin_reason::forbidden, "forbidden", 403},
    {admin_reason::no_such_path, "no_such_path", 404},
    {admin_reason::no_such_order, "no_such_order", 404},
    {admin_reason::no_such_invocation, "no_such_invocation", 404},
    {admin_reason::no_such_vendor, "no_such_vendor", 404},
    {admin_reason::wrong_method, "wrong_method", 405},
    {admin_reason::unreadable, "unreadable", 500},
    {admin_reason::unavailable, "unavailable", 503},
    {admin_reason::invalid_body, "invalid_body", 400},
    {admin_reason::wrong_content_type, "wrong_content_type", 415},
    {admin_reason::body_too_large, "body_too_large", 413},
}};

const reason_row& row_of(admin_reason reason) {
  return rows.at(static_cast<std::size_t>(reason));
}

} // namespace

std::string_view name_of(admin_reason reason) {
  return row_of(reason).name;
}

std::uint16_t status_of(admin_reason reason) {
  return row_of(reason).status;
}

http_response response_of(const admin_problem& problem) {
  nlohmann::ordered_json body{{"code", status_of(problem.reason)},
                              {"reason", name_of(problem.reason)},
                              {"message", problem.message},
                              {"field", nullptr},
                              {"details", nlohmann::ordered_json::object()}};
  if (!problem.field.empty())
    body["field"] = problem.field;
  if (!problem.nearest.empty())
    body["details"]["nearest"] = problem.nearest;
  http_response r;
  r.status = status_of(problem.reason);
  r.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (!problem.allow.empty())
    r.add_header("allow", problem.allow);
  return r;
}

} // namespace orderhub::http_gateway
