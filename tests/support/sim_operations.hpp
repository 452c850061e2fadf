#pragma once
#include "journal/base/result.hpp"
#include "providers/operation.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::testing {

/// What the tests' operations yield: the answer's body.
struct text_value {
  std::string text;
  static result<text_value> decode(std::string_view v) { return text_value{std::string(v)}; }
};

/// Settings of a test operation; the defaults suit a test that does not care.
struct operation_settings {
  providers::doubt_policy doubt = providers::doubt_policy::replay_key;
  providers::retry_policy retry = {100, 1'000, 0};
  std::int64_t absence_after_ms = 1'000;
  std::int64_t key_life_ms = 3'600'000;
  bool has_lookup = true;
  bool has_effect = true;
  bool early = false;
  bool compensates = false;
  bool is_about_other = false; ///< Every answer is about something else.
  bool regenerates = false;    ///< The body names the key generation: `<body>#2`.
  std::int64_t event_wait_ms = 0;
  providers::doubt_policy after_event = providers::doubt_policy::may_miss;
};

/// `POST /do` with that body at the vendor `shop`, as that step. How answers are read:
///   200 the body (an empty one is doubt) · 402 `rejected` · 400 `invalid` · 401 `misconfigured` ·
///   429 `unavailable` · with a header `stored` `in_doubt_stored` · with a header `done-before`
///   `done_before` · everything else `in_doubt`; `retry-after-ms` counts on each.
/// The look-up is `GET /find?key=<key>&body=<body>&since=<since>`; its answer's body is
/// `found:<value>`, `refused:<why>`, `differs:<how>`, `absent`, `running`, each with `+more` behind
/// it where there is another page, or `more` (nothing here, and another page); 401 is
/// `misconfigured`; anything else, or another status, says nothing.
providers::operation<text_value> shop_call(const providers::step_ref& ref, std::string body,
                                           const operation_settings& settings = {});

// Outcomes as a transport reports them.
providers::transport_outcome answer_of(int status, std::string body = {},
                                       providers::header_list headers = {});
providers::transport_outcome lost_call();
providers::transport_outcome unsent_call();

} // namespace orderhub::testing
