#include "http_gateway/admin/admin_problem.hpp"

#include <array>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

struct reason_row {
  admin_reason reason;
  std::string_view name;
  std::uint16_t status;
  std::string_view sentence;
};
constexpr std::array<reason_row, admin_reason_count> rows = {{
    {admin_reason::malformed_path, "malformed_path", 400,
     "The path is not percent-encoded UTF-8 of at most 255 bytes a segment."},
    {admin_reason::unknown_parameter, "unknown_parameter", 400,
     "This path has no such query parameter."},
    {admin_reason::invalid_parameter, "invalid_parameter", 400,
     "A query parameter has a value that it does not take."},
    {admin_reason::personal_data, "personal_data", 400,
     "Personal data does not belong into a URL."},
    {admin_reason::unauthorized, "unauthorized", 401,
     "This needs the header Authorization: Bearer with a token of the admin port, or a session."},
    {admin_reason::forbidden, "forbidden", 403,
     "Without a token only requests to a loopback host name are answered."},
    {admin_reason::no_such_path, "no_such_path", 404,
     "There is nothing at this path of the admin port; GET /admin lists what there is."},
    {admin_reason::no_such_order, "no_such_order", 404, "There is no such order."},
    {admin_reason::no_such_invocation, "no_such_invocation", 404,
     "There is no such invocation of this order."},
    {admin_reason::no_such_vendor, "no_such_vendor", 404,
     "No vendor of that name is configured; GET /admin/vendors lists them."},
    {admin_reason::wrong_method, "wrong_method", 405, "This path does not take that method."},
    {admin_reason::unreadable, "unreadable", 500,
     "What is stored of it cannot be read; it was left as it is."},
    {admin_reason::unavailable, "unavailable", 503,
     "The hub cannot do that at the moment; nothing was recorded."},
    {admin_reason::invalid_body, "invalid_body", 400,
     "The body is not the JSON object that this path takes."},
    {admin_reason::wrong_content_type, "wrong_content_type", 415,
     "A POST needs the header Content-Type: application/json."},
    {admin_reason::body_too_large, "body_too_large", 413, "The body has at most 64 KiB."},
    {admin_reason::foreign_origin, "foreign_origin", 403,
     "A page of another web origin may not act here."},
    {admin_reason::role_too_low, "role_too_low", 403, "The token's role does not allow that."},
    {admin_reason::too_many_attempts, "too_many_attempts", 429,
     "Ten tokens within a minute were none; from this address none is looked at for a while."},
    {admin_reason::no_such_step, "no_such_step", 404, "The order has no such step that is open."},
    {admin_reason::ambiguous_step, "ambiguous_step", 409,
     "Several open steps have that name: say which one by its ref."},
    {admin_reason::not_in_doubt, "not_in_doubt", 409,
     "The step is neither in doubt nor paused nor waiting for a person."},
    {admin_reason::not_possible, "not_possible", 409, "As the order stands that cannot be done."},
    {admin_reason::may_repeat, "may_repeat", 409,
     "It may be done a second time: say accept_repeat where that is well."},
    {admin_reason::changed, "changed", 409,
     "The order has changed since that version; nothing was done."},
    {admin_reason::idempotency_conflict, "idempotency_conflict", 409,
     "Another action on this order had the same idempotency-key."},
    {admin_reason::no_such_webhook, "no_such_webhook", 404,
     "There is no such webhook; GET /admin/webhooks lists what there is."},
    {admin_reason::no_such_bulk, "no_such_bulk", 404,
     "There is no such bulk; GET /admin/bulk lists what there is."},
    {admin_reason::wrong_count, "wrong_count", 409,
     "The plan has another number of items; nothing was done."},
    {admin_reason::too_many_items, "too_many_items", 400,
     "More is meant than one bulk may have; narrow the filter."},
    {admin_reason::not_finished, "not_finished", 409,
     "The order is not finished: something of it is still to be done."},
    {admin_reason::purged, "purged", 409,
     "The order was purged; nothing is kept of it but that its key was used."},
    {admin_reason::no_such_answer, "no_such_answer", 404, "The step has no such answer."},
    {admin_reason::malformed_request, "malformed_request", 400,
     "That is no request of HTTP/1.1, or it can be read in two ways."},
    {admin_reason::too_slow, "too_slow", 408, "The request did not arrive in time."},
    {admin_reason::unknown_expectation, "unknown_expectation", 417,
     "The only Expect that is met is 100-continue."},
    {admin_reason::headers_too_large, "headers_too_large", 431,
     "The headers are too large or too many."},
    {admin_reason::unknown_method, "unknown_method", 501,
     "The method or the transfer coding is not known."},
    {admin_reason::timed_out, "timed_out", 504, "The request was not answered in time."},
    {admin_reason::unknown_version, "unknown_version", 505,
     "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
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

std::string_view sentence_of(admin_reason reason) {
  return row_of(reason).sentence;
}

admin_reason reason_of_server(std::uint16_t status) {
  switch (status) {
  case 408:
    return admin_reason::too_slow;
  case 413:
    return admin_reason::body_too_large;
  case 417:
    return admin_reason::unknown_expectation;
  case 431:
    return admin_reason::headers_too_large;
  case 501:
    return admin_reason::unknown_method;
  case 503:
    return admin_reason::unavailable;
  case 504:
    return admin_reason::timed_out;
  case 505:
    return admin_reason::unknown_version;
  default:
    return admin_reason::malformed_request;
  }
}

http_response response_of(const admin_problem& problem) {
  nlohmann::ordered_json body{{"code", status_of(problem.reason)},
                              {"reason", name_of(problem.reason)},
                              {"message", problem.message.empty()
                                              ? std::string(sentence_of(problem.reason))
                                              : problem.message},
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
  if (problem.retry_after_s > 0)
    r.add_header("retry-after", std::to_string(problem.retry_after_s));
  return r;
}

} // namespace orderhub::http_gateway
