// An order's records, decoded: what happened, when, and of which size; no bodies.
#include "actors/handlers/explain/order_objects.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/record.hpp"
#include "journal/replay.hpp"
#include "providers/policy/doubt.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using journal::record_kind;

json time(unix_ms at) {
  return time_json<json>(at);
}

constexpr std::array all_kinds = {
    record_kind::input,
    record_kind::get,
    record_kind::set,
    record_kind::clear,
    record_kind::merge,
    record_kind::run,
    record_kind::effect,
    record_kind::sleep,
    record_kind::awakeable,
    record_kind::call,
    record_kind::send,
    record_kind::output,
    record_kind::cancel_invocation,
    record_kind::await_event,
    record_kind::completion,
    record_kind::cancel,
    record_kind::event,
    record_kind::effect_note,
    record_kind::paused,
    record_kind::operator_action,
};

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

void put_note(json& j, const journal::note_payload& p) {
  j["note"] = journal::name_of(p.kind);
  j["generation"] = p.attempt;
  j["note_at"] = time(p.at);
  j["sends"] = p.sends;
  // Of evidence the text is the step's value; of every other a reason of ours.
  if (p.kind == journal::note_kind::evidence)
    j["value_bytes"] = p.text.size();
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
    return put_result(j, bytes);
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

// ── Which records ───────────────────────────────────────────────────────────────────────────

/// One record and its place: by time, invocation, and its number among those of both.
struct placed_record {
  unix_ms at = 0;
  invocation_id invocation;
  std::uint32_t number = 0;
  const object_id* object = nullptr;
  const journal::invocation_state* of = nullptr;
  const journal::entry* entry = nullptr; ///< Null: the input or the output.
  record_kind kind{};

  [[nodiscard]] auto place() const { return std::tie(at, invocation, number); }
};

void add_records(std::vector<placed_record>& to, const object_id& object,
                 const journal::invocation_state& i) {
  const auto begin = to.size();
  const auto add = [&](unix_ms at, record_kind kind, const journal::entry* entry) {
    std::uint32_t number = 0;
    for (auto k = to.size(); k > begin && to[k - 1].at == at; --k)
      ++number;
    to.push_back({at, i.id, number, &object, &i, entry, kind});
  };
  add(i.accepted_at, record_kind::input, nullptr);
  for (const auto& e : i.entries)
    add(e.time, e.kind, &e);
  if (i.finished)
    add(i.finished_at, record_kind::output, nullptr);
}

json record_json(const placed_record& r) {
  json j{{"at", time(r.at)},
         {"kind", journal::name_of(r.kind)},
         {"index", r.entry != nullptr ? r.entry->index : 0},
         {"object", r.object->text()},
         {"invocation", r.invocation.text()},
         {"handler", r.of->input.handler}};
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

admin_problem invalid(std::string_view field, std::string message) {
  return {admin_reason::invalid_parameter, std::move(message), std::string(field), {}, {}};
}

/// The kinds that are wanted; empty: all.
std::variant<std::vector<record_kind>, admin_problem> kinds_in(std::string_view list) {
  std::vector<record_kind> kinds;
  while (!list.empty()) {
    const auto word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(word.size() + 1, list.size()));
    const auto known = std::find_if(all_kinds.begin(), all_kinds.end(),
                                    [&](record_kind k) { return journal::name_of(k) == word; });
    if (known == all_kinds.end()) {
      std::string names;
      for (const auto k : all_kinds)
        names.append(names.empty() ? "" : ", ").append(journal::name_of(k));
      return invalid("kinds", "kinds must be a list with commas of " + names + '.');
    }
    kinds.push_back(*known);
  }
  return kinds;
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────

/// What a cursor belongs to: another order or other filters make it foreign.
std::string filter_of(const admin_call& call) {
  std::string all = call.key();
  for (const auto* name : {"invocation", "kinds", "sort"})
    all.append("\n").append(call.value(name));
  const auto hash = sha256_of(all);
  constexpr std::size_t shown = 6;
  return base64url({reinterpret_cast<const char*>(hash.data()), shown});
}

/// The place of the last record shown; no state of the server, so it survives restarts.
std::string cursor_of(const placed_record& last, const std::string& filter) {
  return base64url(filter + ' ' + std::to_string(last.at) + ' ' + last.invocation.text() + ' ' +
                   std::to_string(last.number));
}

struct cursor_place {
  unix_ms at = 0;
  invocation_id invocation;
  std::uint32_t number = 0;
};
std::optional<cursor_place> place_in(std::string_view cursor, const std::string& filter) {
  std::string raw;
  if (!from_base64url(cursor, raw) || !raw.starts_with(filter + ' '))
    return std::nullopt;
  std::vector<std::string> parts;
  for (std::string_view rest = std::string_view(raw).substr(filter.size() + 1); !rest.empty();) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    parts.emplace_back(word);
  }
  constexpr std::size_t digits_max = 15;
  const auto is_number = [](const std::string& t) {
    return !t.empty() && t.size() <= digits_max &&
           t.find_first_not_of("0123456789") == std::string::npos;
  };
  if (parts.size() != 3 || !is_number(parts[0]) || !is_number(parts[2]))
    return std::nullopt;
  const auto id = invocation_id::parse(parts[1]);
  if (!id)
    return std::nullopt;
  return cursor_place{std::stoll(parts[0]), *id, static_cast<std::uint32_t>(std::stoull(parts[2]))};
}

/// One invocation that was asked for by its id, wherever it is stored.
std::optional<admin_problem> add_by_id(handlers::order_objects& objects, const admin_call& call,
                                       const admin_sources& from) {
  const auto id = invocation_id::parse(call.value("invocation"));
  if (!id)
    return invalid("invocation", "invocation must be an id such as inv_….");
  const admin_problem unknown{admin_reason::no_such_invocation,
                              "There is no such invocation of this order.",
                              "invocation",
                              {},
                              {}};
  for (const auto& s : objects.states)
    if (s.find_live(*id) != nullptr)
      return std::nullopt;
  for (const auto& row : objects.past.found)
    if (row.invocation.id == *id)
      return std::nullopt;
  auto row = from.hub.invocation(*id);
  if (!row || !*row)
    return unknown;
  const auto is_ours = (*row)->object.key == objects.key || objects.find((*row)->object) != nullptr;
  if (!is_ours)
    return unknown;
  objects.past.found.push_back(std::move(**row));
  return std::nullopt;
}

} // namespace

admin_answer journal_page(const admin_call& call, const admin_sources& from) {
  auto read = read_order(call.key(), from);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  auto& objects = std::get<0>(read);
  auto wanted = kinds_in(call.value("kinds"));
  if (auto* problem = std::get_if<admin_problem>(&wanted))
    return std::move(*problem);
  const auto& kinds = std::get<0>(wanted);
  const auto only = call.value("invocation");
  if (!only.empty())
    if (auto problem = add_by_id(objects, call, from))
      return std::move(*problem);
  const auto filter = filter_of(call);
  std::optional<cursor_place> after;
  if (const auto cursor = call.value("cursor"); !cursor.empty()) {
    after = place_in(cursor, filter);
    if (!after)
      return invalid("cursor", "cursor is none of this list with these filters.");
  }

  std::vector<placed_record> records;
  log_sequence version = 0;
  for (const auto& row : objects.past.found)
    add_records(records, row.object, row.invocation);
  for (const auto& s : objects.states) {
    version = std::max(version, s.folded_to);
    for (const auto& i : s.live)
      add_records(records, s.id, i);
  }
  const auto scanned = records.size();
  std::erase_if(records, [&](const placed_record& r) {
    return (!only.empty() && r.invocation.text() != only) ||
           (!kinds.empty() && std::find(kinds.begin(), kinds.end(), r.kind) == kinds.end());
  });
  const bool is_newest_first = call.value("sort") == "newest";
  std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) {
    return is_newest_first ? b.place() < a.place() : a.place() < b.place();
  });
  if (after) {
    const auto place = std::tie(after->at, after->invocation, after->number);
    std::erase_if(records, [&](const placed_record& r) {
      return is_newest_first ? r.place() >= place : r.place() <= place;
    });
  }
  const auto limit = call.number("limit");
  json list = json::array();
  for (std::size_t i = 0; i < std::min(limit, records.size()); ++i)
    list.push_back(record_json(records[i]));
  const json body{{"order", objects.key},
                  {"records", std::move(list)},
                  {"next", records.size() > limit ? json(cursor_of(records[limit - 1], filter))
                                                  : json(nullptr)},
                  {"as_of_lsn", version},
                  {"scanned", scanned},
                  {"complete", objects.past.is_whole && !objects.past.found.empty()}};
  return page_of(body);
}

} // namespace orderhub::http_gateway
