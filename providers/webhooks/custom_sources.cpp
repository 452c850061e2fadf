#include "providers/codec/json_fields.hpp"
#include "providers/webhooks/custom.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::webhooks {

namespace {

using nlohmann::json;

constexpr std::int64_t retry_window_ms = std::int64_t{4} * 24 * 3'600'000;
constexpr std::size_t events_max = 100;
constexpr std::size_t text_size_max = 256;

tl::unexpected<error> wrong(const std::string& whose, std::string_view what) {
  return fail({error_kind::invalid, "webhooks.custom",
               "custom webhook " + whose + ": " + std::string(what)});
}

bool is_name(std::string_view text) {
  constexpr std::size_t size_max = 64;
  return !text.empty() && text.size() <= size_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

/// A token of RFC 9110, 5.6.2, as far as headers use it.
bool is_header_name(std::string_view text) {
  return !text.empty() && text.size() <= text_size_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

/// `/a/b`, with `~0` and `~1` (RFC 6901).
bool is_pointer(std::string_view text) {
  if (text.empty() || text.front() != '/' || text.size() > text_size_max)
    return false;
  for (auto at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1))
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1'))
      return false;
  return true;
}

/// What an event of a shop's own system may mean. Not what only a vendor can know of money.
bool may_mean(event_kind kind) {
  constexpr std::array<event_kind, 11> kinds = {
      event_kind::skipped,          event_kind::in_transit,
      event_kind::delivered,        event_kind::returned,
      event_kind::delivery_failed,  event_kind::tracking_unknown,
      event_kind::picked_up,        event_kind::packed,
      event_kind::awakeable,        event_kind::deployment_succeeded,
      event_kind::deployment_failed};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// Sets `to` by a word; false where the member is there and is none of them.
template <class Value, std::size_t N>
bool read_word(const json& object, std::string_view name,
               const std::array<std::pair<std::string_view, Value>, N>& words, Value& to) {
  const json* given = member(object, name);
  if (!given)
    return true;
  const auto text = text_of(object, name);
  for (const auto& [word, value] : words)
    if (word == text) {
      to = value;
      return true;
    }
  return false;
}

bool knows_all_members(const json& object) {
  constexpr std::array<std::string_view, 14> known = {
      "name", "scheme", "secret", "header",    "prefix", "algorithm", "encoding",
      "id",   "type",   "order",  "reference", "data",   "at",        "events"};
  return std::all_of(object.items().begin(), object.items().end(), [&](const auto& item) {
    return std::find(known.begin(), known.end(), item.key()) != known.end();
  });
}

result<void> read_pointers(const json& object, custom_source& to) {
  const std::array<std::pair<std::string_view, std::string*>, 6> pointers = {
      {{"id", &to.at.id},
       {"type", &to.at.type},
       {"order", &to.at.order},
       {"reference", &to.at.reference},
       {"data", &to.at.data},
       {"at", &to.at.at}}};
  for (const auto& [name, pointer] : pointers) {
    if (!member(object, name))
      continue;
    *pointer = text_of(object, name);
    if (!is_pointer(*pointer))
      return wrong(to.name,
                   std::string(name) + " must be a JSON pointer like /data/" + std::string(name));
  }
  return {};
}

result<void> read_events(const json& object, custom_source& to) {
  const json* events = member(object, "events");
  if (!events)
    return {};
  if (!events->is_object() || events->size() > events_max)
    return wrong(to.name, "events must be an object of at most 100 types");
  for (const auto& [type, meaning] : events->items()) {
    const auto kind = meaning.is_string() ? event_kind_named(meaning.get_ref<const std::string&>())
                                          : std::nullopt;
    if (type.empty() || type.size() > text_size_max || !kind || !may_mean(*kind))
      return wrong(to.name, "events may mean skipped, in_transit, delivered, returned, "
                            "delivery_failed, tracking_unknown, picked_up, packed, awakeable, "
                            "deployment_succeeded and deployment_failed");
    if (*kind == event_kind::awakeable && to.at.reference.empty())
      return wrong(to.name, "reference is missing: where an awakeable's id is");
    to.events.emplace_back(type, *kind);
  }
  return {};
}

result<void> read_signature(const json& object, custom_source& to) {
  constexpr std::array<std::pair<std::string_view, custom_scheme>, 3> schemes = {
      {{"standard", custom_scheme::standard},
       {"standard_v1a", custom_scheme::standard_v1a},
       {"hmac", custom_scheme::hmac}}};
  constexpr std::array<std::pair<std::string_view, hash_algorithm>, 3> algorithms = {
      {{"sha1", hash_algorithm::sha1},
       {"sha256", hash_algorithm::sha256},
       {"sha512", hash_algorithm::sha512}}};
  constexpr std::array<std::pair<std::string_view, text_encoding>, 2> encodings = {
      {{"hex", text_encoding::hex}, {"base64", text_encoding::base64}}};
  if (!read_word(object, "scheme", schemes, to.scheme))
    return wrong(to.name, "scheme must be standard, standard_v1a or hmac");
  if (!read_word(object, "algorithm", algorithms, to.algorithm))
    return wrong(to.name, "algorithm must be sha1, sha256 or sha512");
  if (!read_word(object, "encoding", encodings, to.encoding))
    return wrong(to.name, "encoding must be hex or base64");
  to.secrets = split_secrets(secret(text_of(object, "secret")));
  if (to.secrets.empty())
    return wrong(to.name, "secret is missing");
  to.header = text_of(object, "header");
  to.prefix = text_of(object, "prefix");
  if (to.scheme != custom_scheme::hmac)
    return {};
  if (!is_header_name(to.header))
    return wrong(to.name, "header must name the header with the signature");
  if (to.prefix.size() > text_size_max)
    return wrong(to.name, "prefix is too long");
  if (to.at.id.empty())
    return wrong(to.name, "id is missing: where the event's id is");
  return {};
}

result<custom_source> read_source(const json& object, const std::string& number) {
  custom_source to;
  to.name = text_of(object, "name");
  if (!is_name(to.name))
    return wrong(number, "name must be 1 to 64 of a-z, 0-9, - and _");
  if (!knows_all_members(object))
    return wrong(to.name, "there is a member that is not known");
  to.retry_window_ms = retry_window_ms;
  if (auto done = read_pointers(object, to); !done)
    return done.failure();
  if (auto done = read_signature(object, to); !done)
    return done.failure();
  if (auto done = read_events(object, to); !done)
    return done.failure();
  return to;
}

} // namespace

result<std::vector<custom_source>> read_custom_sources(std::string_view text) {
  std::vector<custom_source> all;
  if (text.empty())
    return all;
  const auto list = json::parse(text, nullptr, false);
  if (!list.is_array() || list.size() > custom_sources_max)
    return fail({error_kind::invalid, "webhooks.custom",
                 "custom webhooks must be a JSON list of at most 100 objects"});
  for (const json& object : list) {
    auto one = read_source(object, std::to_string(all.size() + 1));
    if (!one)
      return one.failure();
    for (const auto& other : all)
      if (other.name == one->name)
        return wrong(one->name, "there are two of that name");
    all.push_back(std::move(*one));
  }
  return all;
}

} // namespace orderhub::providers::webhooks
