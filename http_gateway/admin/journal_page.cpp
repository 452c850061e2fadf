// An order's records, decoded: what happened, when, and of which size; bodies only where asked for.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/journal_records.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "journal/base/text.hpp"
#include "journal/record.hpp"
#include "journal/replay.hpp"
#include "providers/policy/doubt.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using journal::record_kind;

json time(unix_ms at) {
  return time_json<json>(at);
}

// ── What a record says ──────────────────────────────────────────────────────────────────────

void put_result(json& j, std::string_view encoded) {
  const auto stored = journal::decode_result(encoded);
  if (!stored) {
    j["damaged"] = stored.error().message;
  } else if (*stored) {
    j["value_bytes"] = (*stored)->size();
  } else {
    j["failure"] = orderhub::name_of(stored->error().kind);
    j["reason"] = stored->error().message;
  }
}

void put_effect(json& j, const journal::effect_payload& p) {
  j["name"] = p.name;
  j["operation"] = p.operation;
  j["vendor"] = p.vendor;
  j["attempt"] = text_or_null<json>(p.attempt);
  j["target"] = p.target;
  j["key"] = text_or_null<json>(p.key);
  j["policy"] = providers::name_of(static_cast<providers::doubt_policy>(p.policy));
  j["method"] = text_or_null<json>(p.method);
  j["deadline_ms"] = p.deadline_ms;
  j["absence_after_ms"] = p.absence_after_ms;
  j["key_life_ms"] = p.key_life_ms;
  j["body_bytes"] = p.body.size();
}

void put_answer(json& j, const journal::vendor_answer& a) {
  j["http"] = a.status;
  j["took_ms"] = a.took_ms;
  j["vendor_request_id"] = text_or_null<json>(a.request_id);
  j["body_bytes"] = a.body_size;
  j["body_sha256"] = hex_of(a.body_hash);
}

void put_answer_note(json& j, std::string_view bytes) {
  const auto n = journal::decode_answer_note(bytes);
  if (!n) {
    j["damaged"] = n.error().message;
    return;
  }
  put_answer(j, n->answer);
  j["class"] = n->kind;
  j["rule"] = n->rule;
}

void put_note(json& j, const journal::note_payload& p) {
  j["note"] = journal::name_of(p.kind);
  j["generation"] = p.attempt;
  j["note_at"] = time(p.at);
  j["sends"] = p.sends;
  // Of evidence the text is the step's value; of every other a reason of ours.
  if (p.kind == journal::note_kind::evidence || p.kind == journal::note_kind::believed)
    j["value_bytes"] = p.text.size();
  else if (p.kind == journal::note_kind::answered)
    put_answer_note(j, p.text);
  else
    j["reason"] = p.text;
}

void put_payload(json& j, record_kind kind, std::string_view bytes) {
  const auto damaged = [&](const error& e) { j["damaged"] = e.message; };
  switch (kind) {
  case record_kind::get:
  case record_kind::set:
  case record_kind::clear:
  case record_kind::merge:
    if (const auto p = journal::decode_state(bytes)) {
      j["name"] = p->name;
      j["value_bytes"] = p->value ? json(p->value->size()) : json(nullptr);
    } else {
      damaged(p.error());
    }
    return;
  case record_kind::run:
    if (const auto p = journal::decode_run(bytes)) {
      j["name"] = p->name;
      put_result(j, p->encoded_result);
    } else {
      damaged(p.error());
    }
    return;
  case record_kind::effect:
    if (const auto p = journal::decode_effect(bytes))
      put_effect(j, *p);
    else
      damaged(p.error());
    return;
  case record_kind::sleep:
  case record_kind::awakeable:
  case record_kind::await_event:
    if (const auto p = journal::decode_wait(bytes))
      j["due_at"] = time(p->due_at);
    else
      damaged(p.error());
    return;
  case record_kind::call:
  case record_kind::send:
    if (const auto p = journal::decode_call(bytes)) {
      j["name"] = p->input.handler;
      j["to"] = p->target.text();
      j["to_invocation"] = p->invocation.text();
      j["due_at"] = time(p->input.due_at);
      j["body_bytes"] = p->input.body.size();
    } else {
      damaged(p.error());
    }
    return;
  case record_kind::completion:
    put_result(j, bytes);
    if (const auto answer = journal::decode_answer(bytes); answer && *answer)
      put_answer(j, **answer);
    return;
  case record_kind::effect_note:
    if (const auto p = journal::decode_note(bytes))
      put_note(j, *p);
    else
      damaged(p.error());
    return;
  case record_kind::event:
    if (const auto p = journal::decode_event(bytes))
      j["name"] = p->name;
    else
      damaged(p.error());
    return;
  case record_kind::paused:
    j["reason"] = std::string(bytes);
    return;
  default:
    return;
  }
}

void put_action(json& j, const journal::operator_payload& a) {
  const bool is_note = a.verb == journal::operator_verb::note;
  j["action"] = is_note ? a.wanted : std::string(journal::name_of(a.verb));
  j["who"] = a.who;
  j["role"] = text_or_null<json>(a.role);
  j["via"] = a.via;
  j["step"] = text_or_null<json>(a.step);
  j["reason"] = a.reason;
  j["evidence"] = text_or_null<json>(a.evidence);
  j["audit_id"] = text_or_null<json>(a.id);
}

json record_json(const placed_record& r) {
  json j{{"at", time(r.at)},
         {"kind", journal::name_of(r.kind)},
         {"index", r.entry != nullptr ? r.entry->index : 0},
         {"object", r.object->text()},
         {"invocation", r.invocation.empty() ? json(nullptr) : json(r.invocation.text())},
         {"handler", r.of != nullptr ? json(r.of->input.handler) : json(nullptr)}};
  if (r.action != nullptr) {
    put_action(j, *r.action);
    return j;
  }
  if (r.entry != nullptr) {
    put_payload(j, r.kind, r.entry->payload);
  } else if (r.kind == record_kind::input) {
    const auto& in = r.of->input;
    j["shared"] = in.shared;
    j["due_at"] = time(in.due_at);
    j["caller"] = in.caller ? json(in.caller->object.text()) : json(nullptr);
    j["body_bytes"] = in.body.size();
  } else {
    put_result(j, r.of->output);
  }
  return j;
}

} // namespace

admin_answer journal_page(const admin_call& call, const admin_sources& from) {
  const auto as_of = from.hub.journal().last_lsn;
  auto read = read_shown(call.key(), from);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  auto& objects = std::get<0>(read);
  auto paged = page_of_records(objects, call, from);
  if (auto* problem = std::get_if<admin_problem>(&paged))
    return std::move(*problem);
  const auto& page = std::get<0>(paged);
  json list = json::array();
  const bool is_raw = call.value("raw") == "1";
  for (const auto& r : page.records) {
    auto j = record_json(r);
    if (is_raw)
      j["base64url"] =
          base64url(r.action != nullptr ? journal::encode(*r.action) : std::string(payload_of(r)));
    list.push_back(std::move(j));
  }
  return page_of(json{{"order", objects.key},
                      {"records", std::move(list)},
                      {"next", text_or_null<json>(page.next)},
                      {"as_of_lsn", as_of},
                      {"scanned", page.scanned},
                      {"complete", objects.past.is_whole && !objects.past.found.empty()}});
}

} // namespace orderhub::http_gateway
