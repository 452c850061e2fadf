#include "http_gateway/cli/send_webhook.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

std::string_view bytes_of(const digest& d) {
  return {reinterpret_cast<const char*>(d.data()), d.size()};
}

/// RFC 2104 with SHA-256.
std::string hmac_hex(std::string_view key, std::string_view message) {
  constexpr std::size_t block = 64;
  std::string padded(key);
  if (padded.size() > block)
    padded = bytes_of(sha256_of(key));
  padded.resize(block, '\0');
  const auto with = [&](char mask) {
    auto pad = padded;
    for (auto& c : pad)
      c = static_cast<char>(c ^ mask);
    return pad;
  };
  const auto inner = sha256_of({with('\x36'), message});
  return hex_of(bytes_of(sha256_of({with('\x5c'), bytes_of(inner)})));
}

json object_of(const sent_event& e) {
  const auto charge = e.charge_id.empty() ? json(nullptr) : json(e.charge_id);
  if (e.type.starts_with("payment_intent."))
    return {{"id", e.intent_id},
            {"object", "payment_intent"},
            {"amount", e.amount},
            {"amount_received", e.type == "payment_intent.succeeded" ? e.amount : 0},
            {"currency", e.currency},
            {"latest_charge", charge},
            {"metadata", json::object()}};
  if (e.type.starts_with("charge.dispute."))
    return {{"id", "dp_" + e.id},     {"object", "dispute"},       {"amount", e.amount},
            {"currency", e.currency}, {"charge", charge},          {"payment_intent", e.intent_id},
            {"reason", "general"},    {"status", "needs_response"}};
  return {{"id", charge},
          {"object", "charge"},
          {"amount", e.amount},
          {"amount_captured", e.amount},
          {"amount_refunded", e.amount},
          {"captured", true},
          {"currency", e.currency},
          {"payment_intent", e.intent_id},
          {"status", "succeeded"},
          {"metadata", json::object()}};
}

} // namespace

const std::vector<std::string>& sent_types() {
  static const std::vector<std::string> types = {
      "payment_intent.succeeded", "payment_intent.processing", "payment_intent.payment_failed",
      "payment_intent.canceled",  "charge.refunded",           "charge.dispute.created"};
  return types;
}

std::string event_body(const sent_event& event, unix_ms now) {
  return json{{"id", event.id},     {"object", "event"},
              {"type", event.type}, {"created", now / 1'000},
              {"livemode", false},  {"data", {{"object", object_of(event)}}}}
      .dump();
}

result<std::string> signature_of(std::string_view body, const secret& secrets, unix_ms now) {
  std::string_view rest = secrets.reveal();
  while (!rest.empty()) {
    auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    while (!one.empty() && one.front() == ' ')
      one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ')
      one.remove_suffix(1);
    if (one.empty() || one.starts_with("test:"))
      continue;
    const auto at = std::to_string(now / 1'000);
    return "t=" + at + ",v1=" + hmac_hex(one, at + '.' + std::string(body));
  }
  return fail({error_kind::invalid, "cli",
               "STRIPE_WEBHOOK_SECRET is not set here: it must be the one that the hub has"});
}

} // namespace orderhub::http_gateway::cli
