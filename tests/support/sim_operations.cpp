#include "tests/support/sim_operations.hpp"

#include "providers/policy/wait_hint.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace orderhub::testing {

using providers::http_request;
using providers::http_response;
using providers::lookup_finding;
using providers::sent_request;

namespace {

constexpr std::string_view where = "shop.do";

std::int64_t hint_of(const http_response& r) {
  std::int64_t ms = 0;
  if (const auto* wait = r.header("retry-after-ms"))
    std::from_chars(wait->data(), wait->data() + wait->size(), ms);
  return ms;
}

result<std::string> classify(const http_response& r) {
  const std::string at(where);
  if (r.header("done-before") != nullptr)
    return fail({error_kind::done_before, at, "done before"});
  if (r.header("stored") != nullptr)
    return fail({error_kind::in_doubt_stored, at, "stored"});
  switch (r.status) {
  case 200:
    if (r.body.empty())
      return fail({error_kind::in_doubt, at, "unreadable success body"});
    return r.body;
  case 400:
    return fail({error_kind::invalid, at, std::to_string(r.status)});
  case 401:
    return fail({error_kind::misconfigured, at, "401"});
  case 402:
    return fail({error_kind::rejected, at, "declined"});
  case 429:
    return fail({error_kind::unavailable, at, "429"});
  default:
    return fail({error_kind::in_doubt, at, std::to_string(r.status)});
  }
}

result<std::string> parse(const http_response& r) {
  auto value = classify(r);
  if (!value)
    value.error().retry_after_ms = hint_of(r);
  return value;
}

http_request lookup(const sent_request& sent) {
  return {"GET",
          "/find?key=" + sent.key + "&body=" + sent.request.body +
              "&since=" + std::to_string(sent.since) +
              (sent.until > 0 ? "&until=" + std::to_string(sent.until) : std::string()),
          {},
          {}};
}

lookup_finding read_lookup(const sent_request& sent, const http_response& r) {
  using kind = providers::finding_kind;
  lookup_finding a;
  if (r.status != 200) {
    a.failure = {r.status == 401   ? error_kind::misconfigured
                 : r.status == 400 ? error_kind::invalid
                                   : error_kind::unavailable,
                 std::string(where), std::to_string(r.status)};
    a.failure.retry_after_ms = std::max(providers::retry_after_ms(r), hint_of(r));
    return a;
  }
  std::string body = r.body == "more" ? "absent+more" : r.body;
  constexpr std::string_view more = "+more";
  if (body.ends_with(more)) {
    body.resize(body.size() - more.size());
    a.next = lookup(sent);
    a.next->target += "&page=2";
  }
  if (body == "absent") {
    a.kind = kind::absent;
  } else if (body == "running") {
    a.kind = kind::running;
  } else if (body.starts_with("found:")) {
    a.kind = kind::found;
    a.value = body.substr(6);
    a.evidence = "found it";
  } else if (body.starts_with("refused:")) {
    a.kind = kind::refused;
    a.failure = {error_kind::rejected, std::string(where), body.substr(8)};
  } else if (body.starts_with("differs:")) {
    a.kind = kind::differs;
    a.evidence = body.substr(8);
  }
  return a;
}

} // namespace

providers::operation<text_value> shop_call(const providers::step_ref& ref, std::string body,
                                           const operation_settings& settings) {
  providers::raw_operation raw;
  raw.name = where;
  raw.vendor = "shop";
  raw.call_class = "write";
  raw.ref = ref;
  raw.request = {"POST", "/do", {{"content-type", "text/plain"}}, std::move(body)};
  if (settings.doubt == providers::doubt_policy::replay_key)
    raw.key_header = "idempotency-key";
  raw.deadline_ms = 5'000;
  raw.retry = settings.retry;
  raw.doubt = settings.doubt;
  raw.absence_after_ms = settings.absence_after_ms;
  raw.key_life_ms = settings.key_life_ms;
  raw.has_effect = settings.has_effect;
  raw.early = settings.early;
  raw.compensates = settings.compensates;
  raw.event_wait_ms = settings.event_wait_ms;
  raw.after_event = settings.after_event;
  if (settings.regenerates)
    raw.regenerate = +[](const http_request& request, std::uint32_t generation) {
      auto other = request;
      other.body += '#' + std::to_string(generation);
      return other;
    };
  raw.parse = &parse;
  if (settings.is_about_other)
    raw.is_about = [](const providers::sent_request&, const providers::http_response&) {
      return false;
    };
  if (settings.has_lookup) {
    raw.lookup = &lookup;
    raw.read_lookup = &read_lookup;
  }
  return {std::move(raw)};
}

providers::transport_outcome answer_of(int status, std::string body,
                                       providers::header_list headers) {
  providers::transport_outcome o;
  o.kind = providers::outcome_kind::response;
  o.response = {status, std::move(headers), std::move(body)};
  return o;
}

providers::transport_outcome lost_call() {
  providers::transport_outcome o;
  o.kind = providers::outcome_kind::lost;
  o.reason = "connection reset";
  return o;
}

providers::transport_outcome unsent_call() {
  providers::transport_outcome o;
  o.kind = providers::outcome_kind::not_sent;
  o.reason = "connection refused";
  return o;
}

} // namespace orderhub::testing
