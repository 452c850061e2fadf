#include "providers/mock/contracts/keys.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using nlohmann::json;
constexpr std::size_t key_size_max = 255;

/// The body in one form, so that blanks and the order of members do not count; empty: no object.
std::string one_form(std::string_view body) {
  if (!shallow_json(body))
    return {};
  const auto document = json::parse(body, nullptr, false);
  return document.is_object() ? document.dump(-1, ' ', false, json::error_handler_t::replace)
                              : std::string();
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= key_size_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

bool contract_keys::admit(call& c) {
  const auto* given = c.header("authorization");
  const std::string_view value = given == nullptr ? "" : std::string_view(*given);
  if (given == nullptr || (value.starts_with("Bearer ") && value.size() > 7 &&
                           value.find("invalid") == std::string_view::npos))
    return true;
  refuse(c, 401, "unauthorized", "The token is not one of this service.");
  return false;
}

bool contract_keys::begin(call& c, std::uint64_t& replays) {
  const auto* type = c.header("content-type");
  if (type == nullptr || !starts_with_ignoring_case(*type, "application/json")) {
    refuse(c, 415, "unsupported_media_type", "The body must be application/json.");
    return false;
  }
  const auto* key = c.header("idempotency-key");
  if (key == nullptr || !is_key(*key)) {
    refuse(c, 400, "missing_key", "Every POST needs an Idempotency-Key, 1 to 255 characters.");
    return false;
  }
  const auto body = one_form(c.request.body);
  if (body.empty()) {
    refuse(c, 400, "invalid_request", "The body must be a JSON object.");
    return false;
  }
  const auto known = records_.find(*key);
  if (known == records_.end() || c.now - known->second.at > settings_.key_life_ms)
    return true;
  if (known->second.request != std::string(c.path) + '\n' + body) {
    refuse(c, 422, "key_reused", "The key was used with another request.");
    return false;
  }
  ++replays;
  c.reply.status = known->second.status;
  c.json_header();
  c.reply.body = known->second.answer;
  return false;
}

void contract_keys::end(const call& c) {
  const int status = c.reply.status;
  if (status >= 300 && status != 404 && status != 409)
    return;
  const auto* key = c.header("idempotency-key");
  if (records_
          .insert_or_assign(*key, record{std::string(c.path) + '\n' + one_form(c.request.body),
                                         status, c.reply.body, c.now})
          .second)
    oldest_.push_back(*key);
  if (settings_.keys_max != 0 && oldest_.size() > settings_.keys_max) {
    records_.erase(oldest_.front());
    oldest_.pop_front();
  }
}

void contract_keys::answer_for(call& c, std::string_view encoded) const {
  const auto key = percent_decode(encoded);
  const auto known = key ? records_.find(*key) : records_.end();
  if (known == records_.end() || c.now - known->second.at > settings_.key_life_ms)
    return refuse(c, 404, "unknown_key", "No request with that key has come.");
  c.reply.status = 200;
  c.json_header();
  auto& out = c.reply.body;
  out.assign(R"({"key":)");
  append_json(out, *key);
  out.append(R"(,"state":"done","status":)");
  append_number(out, known->second.status);
  out.append(R"(,"answer":)").append(known->second.answer).push_back('}');
}

void contract_keys::refuse(call& c, int status, std::string_view code, std::string_view message,
                           std::string_view field) {
  c.reply.status = status;
  c.json_header();
  auto& out = c.reply.body;
  out.assign(R"({"error":{"code":)");
  append_json(out, code);
  out.append(R"(,"message":)");
  append_json(out, message);
  if (!field.empty()) {
    out.append(R"(,"field":)");
    append_json(out, field);
  }
  out.append("}}");
}

bool split_reference(std::string_view path, std::string_view prefix, std::string_view& reference,
                     std::string_view& verb) {
  if (!path.starts_with(prefix))
    return false;
  path.remove_prefix(prefix.size());
  const auto slash = path.find('/');
  reference = path.substr(0, slash);
  verb = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return is_reference(reference) && (slash == std::string_view::npos || !verb.empty());
}

bool is_reference(std::string_view text) {
  constexpr std::size_t size_max = 100;
  return !text.empty() && text.size() <= size_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '~' || c == '-';
         });
}

} // namespace orderhub::providers::mock
