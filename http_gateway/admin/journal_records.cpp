#include "http_gateway/admin/journal_records.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/replay.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace orderhub::http_gateway {

namespace {

using journal::record_kind;

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

void add_records(std::vector<placed_record>& to, const object_id& object,
                 const journal::invocation_state& i) {
  const auto begin = to.size();
  const auto add = [&](unix_ms at, record_kind kind, const journal::entry* entry) {
    std::uint32_t number = 0;
    for (auto k = to.size(); k > begin && to[k - 1].at == at; --k)
      ++number;
    to.push_back({at, i.id, number, &object, &i, entry, kind, nullptr});
  };
  add(i.accepted_at, record_kind::input, nullptr);
  for (const auto& e : i.entries)
    add(e.time, e.kind, &e);
  if (i.finished)
    add(i.finished_at, record_kind::output, nullptr);
}

/// What people did to an object, as far as it remembers.
void add_actions(std::vector<placed_record>& to, const journal::object_state& object) {
  for (const auto& o : object.operators) {
    const auto number = std::count_if(to.begin(), to.end(), [&](const placed_record& r) {
      return r.at == o.at && r.invocation == o.invocation;
    });
    to.push_back({o.at, o.invocation, static_cast<std::uint32_t>(number), &object.id, nullptr,
                  nullptr, record_kind::operator_action, &o.action});
  }
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

// ── Cursors ─────────────────────────────────────────────────────────────────────────────────

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
  admin_problem unknown{admin_reason::no_such_invocation,
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

/// All there are, and whether one is wanted.
std::vector<placed_record> records_of(const handlers::order_objects& objects) {
  std::vector<placed_record> records;
  for (const auto& row : objects.past.found)
    add_records(records, row.object, row.invocation);
  for (const auto& s : objects.states)
    for (const auto& i : s.live)
      add_records(records, s.id, i);
  for (const auto& s : objects.states)
    add_actions(records, s);
  return records;
}

/// How many of them have payloads that fit into one page; at least one.
std::size_t fitting(const std::vector<placed_record>& records) {
  std::size_t count = 0, bytes = 0;
  for (const auto& r : records) {
    bytes += payload_of(r).size();
    if (count > 0 && bytes > raw_bytes_max)
      break;
    ++count;
  }
  return std::max(count, std::size_t{1});
}

} // namespace

std::string_view payload_of(const placed_record& record) {
  if (record.entry != nullptr)
    return record.entry->payload;
  if (record.of == nullptr)
    return {};
  return record.kind == record_kind::input ? record.of->input.body : record.of->output;
}

std::variant<record_page, admin_problem> page_of_records(handlers::order_objects& objects,
                                                         const admin_call& call,
                                                         const admin_sources& from) {
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

  record_page page;
  auto& records = page.records;
  records = records_of(objects);
  page.scanned = records.size();
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
  auto limit = call.number("limit");
  if (call.value("raw") == "1")
    limit = std::min(limit, fitting(records));
  if (records.size() > limit) {
    records.resize(limit);
    page.next = cursor_of(records.back(), filter);
  }
  return page;
}

} // namespace orderhub::http_gateway
