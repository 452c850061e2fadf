#include "tests/support/sim_operations.hpp"

#include "providers/wait_hint.hpp"

#include <charconv>
#include <utility>

namespace orderhub::testing {

using providers::http_request;
using providers::http_response;
using providers::look_up_answer;
using providers::sent_request;

namespace {

constexpr std::string_view where = "shop.do";

result<std::string> parse(const http_response& r) {
  const std::string at(where);
  if (r.header("stored") != nullptr)
    return fail({error_kind::in_doubt_stored, at, "stored"});
  switch (r.status) {
  case 200:
    if (r.body.empty())
      return fail({error_kind::in_doubt, at, "unreadable success body"});
    return r.body;
  case 400:
  case 401:
    return fail({error_kind::invalid, at, std::to_string(r.status)});
  case 402:
    return fail({error_kind::rejected, at, "declined"});
  case 429: {
    error e{error_kind::unavailable, at, "429"};
    if (const auto* wait = r.header("retry-after-ms"))
      std::from_chars(wait->data(), wait->data() + wait->size(), e.retry_after_ms);
    return fail(std::move(e));
  }
  default:
    return fail({error_kind::in_doubt, at, std::to_string(r.status)});
  }
}

http_request look_up(const sent_request& sent) {
  return {"GET", "/find?key=" + sent.key + "&body=" + sent.request.body, {}, {}};
}

look_up_answer read_look_up(const sent_request& sent, const http_response& r) {
  using kind = look_up_answer::kind;
  look_up_answer a;
  if (r.status != 200) {
    a.failure.retry_after_ms = providers::retry_after_ms(r);
    return a;
  }
  if (r.body == "absent") {
    a.what = kind::absent;
  } else if (r.body == "running") {
    a.what = kind::running;
  } else if (r.body == "more") {
    a.what = kind::absent;
    a.next = look_up(sent);
    a.next->target += "&page=2";
  } else if (r.body.starts_with("found:")) {
    a.what = kind::found;
    a.value = r.body.substr(6);
    a.evidence = "found it";
  } else if (r.body.starts_with("refused:")) {
    a.what = kind::refused;
    a.failure = {error_kind::rejected, std::string(where), r.body.substr(8)};
  }
  return a;
}

} // namespace

providers::operation<text_value> shop_call(std::string body, const operation_settings& settings) {
  providers::raw_operation raw;
  raw.name = where;
  raw.vendor = "shop";
  raw.call_class = "write";
  raw.request = {"POST", "/do", {{"content-type", "text/plain"}}, std::move(body)};
  if (settings.doubt == providers::doubt_policy::replay_key)
    raw.key_header = "idempotency-key";
  raw.deadline_ms = 5'000;
  raw.retry = settings.retry;
  raw.doubt = settings.doubt;
  raw.look_up_settle_ms = settings.settle_ms;
  raw.key_life_ms = settings.key_life_ms;
  raw.parse = &parse;
  if (settings.has_look_up) {
    raw.look_up = &look_up;
    raw.read_look_up = &read_look_up;
  }
  return {std::move(raw)};
}

providers::transport_outcome answer_of(int status, std::string body,
                                       providers::header_list headers) {
  providers::transport_outcome o;
  o.what = providers::transport_outcome::kind::response;
  o.response = {status, std::move(headers), std::move(body)};
  return o;
}

providers::transport_outcome lost_call() {
  providers::transport_outcome o;
  o.what = providers::transport_outcome::kind::lost;
  o.reason = "connection reset";
  return o;
}

providers::transport_outcome unsent_call() {
  providers::transport_outcome o;
  o.what = providers::transport_outcome::kind::not_sent;
  o.reason = "connection refused";
  return o;
}

} // namespace orderhub::testing
