#include "providers/mock/custom/custom.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/form.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using nlohmann::json;

constexpr std::string_view orders = "/orders/";
constexpr std::string_view token_path = "/token";
constexpr std::string_view token_prefix = "mock_token_";
constexpr int token_life_s = 3'600;

std::string text_in(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

} // namespace

call_id custom::route(std::string_view method, std::string_view path) {
  if (path == token_path)
    return method == "POST" ? call_id::custom_token : call_id::custom_other;
  if (!path.starts_with(orders) || path.size() == orders.size())
    return call_id::custom_other;
  if (method == "GET")
    return call_id::custom_find;
  return method == "POST" || method == "PUT" ? call_id::custom_call : call_id::custom_other;
}

bool custom::admits(const call& c) const {
  const auto* shown = c.header("authorization");
  constexpr std::string_view bearer = "Bearer ";
  if (shown == nullptr)
    return true;
  const auto token = std::string_view(*shown).substr(std::min(bearer.size(), shown->size()));
  if (token.starts_with(token_prefix))
    return tokens_.contains(token);
  return token.find("invalid") == std::string_view::npos;
}

void custom::handle(call& c) {
  if (c.what == call_id::custom_token)
    return give_token(c);
  if (!admits(c))
    return contract_keys::refuse(c, 401, "unauthorized", "Unknown token.");
  const auto reference =
      c.what == call_id::custom_other ? std::nullopt : percent_decode(c.path.substr(orders.size()));
  if (!reference)
    return contract_keys::refuse(c, 404, "unknown_path", "No such path.");
  if (c.what == call_id::custom_call) {
    if (c.header("idempotency-key") != nullptr) {
      if (!keys_.begin(c, shared_.replays[static_cast<std::size_t>(c.what)]))
        return;
      take(c, *reference);
      return keys_.end(c);
    }
    return take(c, *reference);
  }
  const auto known = told_.find(*reference);
  if (known == told_.end())
    return contract_keys::refuse(c, 404, "unknown_order", "Nobody has told of it.");
  c.reply.status = 200;
  c.json_header();
  c.reply.body = json{{"id", "cus_" + std::to_string(known->second.number)},
                      {"reference", *reference},
                      {"told", json::parse(known->second.body, nullptr, false)}}
                     .dump();
}

void custom::take(call& c, const std::string& reference) {
  const auto body = json::parse(c.request.body, nullptr, false);
  if (!body.is_object())
    return contract_keys::refuse(c, 400, "invalid_request", "is no JSON object");
  const auto order = text_in(body, "order");
  if (order.find("refused") != std::string::npos || c.mode() == fault_effect::refuse)
    return contract_keys::refuse(c, 422, "not_wanted", "It is not wanted here.");
  const auto number = ++made_;
  if (told_.insert_or_assign(reference, told{number, c.request.body}).second) {
    oldest_.push_back(reference);
    if (shared_.settings.objects_max != 0 && oldest_.size() > shared_.settings.objects_max) {
      told_.erase(oldest_.front());
      oldest_.pop_front();
    }
  }
  shared_.effects.add({.kind = effect_kind::custom_call,
                       .number = number,
                       .order_id = order,
                       .step = text_in(body, "event"),
                       .to = reference,
                       .at_ms = c.now,
                       .request_number = c.request_number});
  c.reply.status = 201;
  c.json_header();
  c.reply.body = json{{"id", "cus_" + std::to_string(number)}, {"reference", reference}}.dump();
}

void custom::give_token(call& c) {
  const auto* shown = c.header("authorization");
  const auto secret = form_value(c.request.body, "client_secret").value_or("");
  const bool is_known = (shown != nullptr && shown->starts_with("Basic ")) || !secret.empty();
  const auto answer = [&](int status, json body) {
    c.reply.status = status;
    c.json_header();
    c.reply.body = body.dump();
  };
  if (form_value(c.request.body, "grant_type") != "client_credentials")
    return answer(400, {{"error", "unsupported_grant_type"}});
  // Of `client:invalid`, as Basic has it.
  if (!is_known || secret.find("invalid") != std::string::npos ||
      (shown != nullptr && *shown == "Basic Y2xpZW50OmludmFsaWQ="))
    return answer(401, {{"error", "invalid_client"}});
  auto token = std::string(token_prefix) + std::to_string(++tokens_given_);
  tokens_.insert(token);
  answer(
      200,
      {{"access_token", std::move(token)}, {"token_type", "Bearer"}, {"expires_in", token_life_s}});
}

} // namespace orderhub::providers::mock
