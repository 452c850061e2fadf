#include "providers/policy/answer.hpp"

#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>

namespace orderhub::providers {

namespace {

bool is_decision(const result<std::string>& outcome) {
  return outcome || outcome.error().kind == error_kind::rejected ||
         outcome.error().kind == error_kind::done_before;
}

std::string_view host_of(std::string_view base) {
  const auto scheme = base.find("://");
  if (scheme != std::string_view::npos)
    base.remove_prefix(scheme + 3);
  return base.substr(0, base.find('/'));
}

/// A vendor that repeats the key in its answer names the call that it answers, refusals included.
bool is_under_another_key(const raw_operation& operation, const sent_request& sent,
                          const http_response& response) {
  if (operation.key_header.empty() || sent.key.empty())
    return false;
  std::string name(operation.key_header);
  std::transform(name.begin(), name.end(), name.begin(), lower_ascii);
  const auto key = response.header(name);
  return key && *key != sent.key;
}

} // namespace

result<std::string> read_answer(const raw_operation& operation, const sent_request& sent,
                                const http_response& response) {
  auto outcome = operation.parse(response);
  const bool is_success_status = response.status >= 200 && response.status < 300;
  const bool is_about_it =
      !is_under_another_key(operation, sent, response) &&
      (!is_success_status || operation.is_about == nullptr || operation.is_about(sent, response));
  if (is_about_it || !is_decision(outcome))
    return outcome;
  const error_kind kind = !operation.has_effect          ? error_kind::unavailable
                          : operation.key_header.empty() ? error_kind::in_doubt
                                                         : error_kind::in_doubt_stored;
  return fail(refusal(kind, operation.name, "the answer is about something else", response));
}

answer_reading answer_reader::read(const http_response& response) const {
  if (lookup)
    return operation.read_lookup(sent, response);
  return read_answer(operation, sent, response);
}

bool is_of_another_account(std::string_view target, bool is_live) {
  const auto bar = target.rfind('|');
  const auto mode = bar == std::string_view::npos ? std::string_view() : target.substr(bar + 1);
  if (mode == "test")
    return is_live;
  return mode == "live" && !is_live && !is_loopback_host(host_of(target.substr(0, bar)));
}

} // namespace orderhub::providers
