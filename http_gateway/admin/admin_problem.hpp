#pragma once
#include "http_gateway/server/message.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::http_gateway {

/// Why the admin API refuses: a word for programs, which is in `openapi.json`.
enum class admin_reason : std::uint8_t {
  malformed_path,
  unknown_parameter,
  invalid_parameter,
  personal_data, ///< An e-mail address does not belong into a URL.
  unauthorized,
  forbidden,
  no_such_path,
  no_such_order,
  no_such_invocation,
  no_such_vendor,
  wrong_method,
  unreadable, ///< What is asked for is set aside.
  unavailable,
  invalid_body,
  wrong_content_type,
  body_too_large,
  foreign_origin,
  role_too_low,
  too_many_attempts,
  no_such_step,
  ambiguous_step,
  not_in_doubt,
  not_possible,
  may_repeat, ///< It may be done twice, and nobody said that this is well.
  changed,
  idempotency_conflict,
  no_such_webhook,
  no_such_bulk,
  wrong_count,
  too_many_items,
  not_finished, ///< Something of the order is live, or open.
  purged,
  no_such_answer,
  // ── What the HTTP server refuses by itself ──
  malformed_request, ///< No Host, a field that is none, two lengths.
  too_slow,
  unknown_expectation,
  headers_too_large,
  unknown_method, ///< Or a transfer coding.
  timed_out,
  unknown_version,
};
inline constexpr std::size_t admin_reason_count =
    static_cast<std::size_t>(admin_reason::unknown_version) + 1;
/// `unknown_parameter`
std::string_view name_of(admin_reason reason);
std::uint16_t status_of(admin_reason reason);
/// What it means, in one sentence: of a problem that has no message of its own, and in the
/// document.
std::string_view sentence_of(admin_reason reason);

/// Of a status that the HTTP server refuses with by itself.
admin_reason reason_of_server(std::uint16_t status);

struct admin_problem {
  admin_reason reason{};
  std::string message;            ///< One sentence; empty: the reason's own.
  std::string field;              ///< Of the request; empty: none.
  std::string nearest;            ///< In `details`: what was perhaps meant.
  std::string allow;              ///< Of `wrong_method`.
  std::int64_t retry_after_s = 0; ///< Sent where positive.
};

inline admin_problem problem_of(admin_reason reason, std::string message = {},
                                std::string field = {}) {
  return {reason, std::move(message), std::move(field), {}, {}};
}

/// `{"code","reason","message","field","details"}`
http_response response_of(const admin_problem& problem);

} // namespace orderhub::http_gateway
