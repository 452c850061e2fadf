#pragma once
#include "actors/durable/effect_standing.hpp"
#include "actors/handlers/explain/explain.hpp"
#include "http_gateway/admin/page_json.hpp"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

// How a step is shown, alone or in an explanation; templates over the JSON type, so that the
// library stays inside .cpp files.
namespace orderhub::http_gateway {

template <class Json>
Json said_list_json(const std::vector<handlers::said>& words) {
  Json list = Json::array();
  for (const auto& w : words)
    list.push_back({{"sentence", name_of(w.which)}, {"text", w.text}});
  return list;
}

/// What a retry does, in a word: as the policy in doubt says where that decides. What cannot go on
/// is replayed, and does then what it would.
inline std::string_view move_text(const handlers::explained_step& step) {
  using durable::doubt_move;
  using durable::retry_move;
  if (step.state == "paused")
    return "replay";
  const auto& p = *step.if_retried;
  if (p.by_policy) {
    switch (*p.by_policy) {
    case doubt_move::same_key:
      return "same_key";
    case doubt_move::look_up:
      return "look_up";
    case doubt_move::send_again:
      return "send_again";
    case doubt_move::await_event:
      return "await_event";
    case doubt_move::give_up:
      return "give_up";
    }
  }
  switch (p.move) {
  case retry_move::send:
    return "send";
  case retry_move::look_up:
    return "look_up";
  default:
    return "nothing";
  }
}

template <class Json>
Json bool_or_null(const std::optional<bool>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class Json>
Json doubt_json(const handlers::explained_step& s) {
  if (!s.doubt)
    return nullptr;
  Json evidence = Json::array();
  for (const auto& e : s.doubt->evidence)
    evidence.push_back({{"at", time_json<Json>(e.at)},
                        {"kind", e.kind},
                        {"found", bool_or_null<Json>(e.found)},
                        {"counts", e.counts},
                        {"because", e.because}});
  Json decision = nullptr;
  if (const auto& d = s.doubt->decision)
    decision = {{"at", time_json<Json>(d->at)}, {"what", d->what}, {"rule", d->rule}};
  return {{"since", time_json<Json>(s.doubt->since)},
          {"reason", text_or_null<Json>(s.doubt->reason)},
          {"absence_until", time_json<Json>(s.doubt->absence_until)},
          {"evidence", std::move(evidence)},
          {"decision", std::move(decision)}};
}

template <class Json>
Json retry_json(const handlers::explained_step& s) {
  if (!s.if_retried)
    return nullptr;
  const auto& p = *s.if_retried;
  return {{"move", move_text(s)},
          {"call", text_or_null<Json>(p.call)},
          {"key", text_or_null<Json>(p.key)},
          {"safe", p.safe},
          {"same_key", bool_or_null<Json>(p.same_key)},
          {"same_bytes", bool_or_null<Json>(p.same_bytes)},
          {"side_effects", p.side_effects},
          {"not_before", time_json<Json>(p.not_before)},
          {"counts_from", time_json<Json>(p.counts_from)},
          {"because", said_list_json<Json>(p.because)}};
}

template <class Json>
Json attempt_json(const handlers::step_attempt& t) {
  return {{"n", t.number == 0 ? Json(nullptr) : Json(t.number)},
          {"kind", t.kind},
          {"at", time_json<Json>(t.at)},
          {"took_ms", t.took_ms},
          {"http", t.http == 0 ? Json(nullptr) : Json(t.http)},
          {"vendor_request_id", text_or_null<Json>(t.vendor_request_id)},
          {"error", text_or_null<Json>(t.error)},
          {"class", t.taken_for},
          {"rule", text_or_null<Json>(t.rule)},
          {"body_bytes", t.body_bytes},
          {"body_sha256", text_or_null<Json>(t.body_sha256)},
          {"excerpt", text_or_null<Json>(t.excerpt)}};
}

template <class Json>
Json step_json(const handlers::explained_step& s) {
  Json moments = Json::array(), attempts = Json::array();
  for (const auto& m : s.moments)
    moments.push_back({{"at", time_json<Json>(m.at)},
                       {"sentence", name_of(m.what.which)},
                       {"text", m.what.text}});
  for (const auto& t : s.attempts)
    attempts.push_back(attempt_json<Json>(t));
  return {{"ref", s.ref},
          {"object", s.object},
          {"name", s.name},
          {"vendor", s.vendor},
          {"operation", s.operation},
          {"state", s.state},
          {"policy", s.policy},
          {"key", text_or_null<Json>(s.key)},
          {"key_good_until", time_json<Json>(s.key_good_until)},
          {"target", text_or_null<Json>(s.target)},
          {"call", text_or_null<Json>(s.call)},
          {"request_bytes", s.request_bytes},
          {"request_sha256", text_or_null<Json>(s.request_sha256)},
          {"intent_at", time_json<Json>(s.intent_at)},
          {"ended_at", time_json<Json>(s.ended_at)},
          {"sends", s.sends},
          {"next", text_or_null<Json>(s.next)},
          {"next_at", time_json<Json>(s.next_at)},
          {"counts_from", time_json<Json>(s.counts_from)},
          {"attempts", std::move(attempts)},
          {"doubt", doubt_json<Json>(s)},
          {"moments", std::move(moments)},
          {"if_retried", retry_json<Json>(s)}};
}

} // namespace orderhub::http_gateway
