#include "providers/policy/refusal.hpp"

#include "providers/policy/wait_hint.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::providers {

namespace {

bool is_refused_for_good(int status) {
  return status == 401 || status == 403 || status == 404 || status == 405 || status == 407;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

} // namespace

error refusal(error_kind kind, std::string_view where, std::string message,
              const http_response& response) {
  error e{kind, std::string(where), std::move(message)};
  if (is_redirect(response.status))
    e.message = std::to_string(response.status).append(" ").append(redirect_words);
  e.retry_after_ms = retry_after_ms(response);
  return e;
}

bool limits(const http_response& response) {
  if (response.header("retry-after") != nullptr)
    return true;
  const std::string* left = response.header("x-ratelimit-remaining");
  return left != nullptr && *left == "0";
}

bool meets_limit(const http_response& response, const error& why) {
  if (why.kind != error_kind::unavailable)
    return false;
  const auto says = [&](std::string_view word) {
    return why.message.find(word) != std::string::npos;
  };
  if (says("lock_timeout"))
    return false;
  // A 403 that is not about permission.
  return response.status == 429 || response.status == 403 ||
         (response.status < 300 &&
          (says("ratelimited") || says("rate_limit") || says("limit_exceeded")));
}

error_kind kind_of_write(const http_response& response) {
  const int status = response.status;
  if (status == 425 || status == 429 || (status == 403 && limits(response)))
    return error_kind::unavailable;
  if (is_refused_for_good(status) || status == 301 || status == 307 || status == 308)
    return error_kind::misconfigured;
  if (status < 400 || status == 408 || status >= 500)
    return error_kind::in_doubt;
  return error_kind::invalid;
}

error_kind kind_of_read(const http_response& response) {
  const int status = response.status;
  if (status < 300 || status == 408 || status == 409 || status == 424 || status == 425 ||
      status == 429 || status >= 500 || (status == 403 && limits(response)))
    return error_kind::unavailable;
  return status < 400 || is_refused_for_good(status) ? error_kind::misconfigured
                                                     : error_kind::invalid;
}

lookup_finding unknown(error why) {
  lookup_finding answer;
  answer.kind = finding_kind::unknown;
  answer.failure = std::move(why);
  return answer;
}

unix_ms window_begin(const sent_request& sent) {
  return std::max<unix_ms>(0, sent.since > 0 ? sent.since : sent.first_sent_at - look_back_ms);
}

bool ends_before(const std::vector<unix_ms>& times, unix_ms begin, std::int64_t step_ms) {
  return times.size() > 1 && std::is_sorted(times.rbegin(), times.rend()) &&
         times.front() > times.back() && times.back() + step_ms <= begin;
}

} // namespace orderhub::providers
