#include "providers/contracts/check/client.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;
constexpr std::int64_t answer_within_ms = 15'000;
constexpr std::size_t shown_max = 400;

std::string shown(std::string_view text) {
  if (text.empty())
    return "(nothing)";
  if (text.size() <= shown_max)
    return std::string(text);
  return std::string(cut_text(text, shown_max)) + "…";
}

wire_request request_of(const question& asked, const check_options& options) {
  wire_request wire;
  wire.method = asked.method;
  wire.url = secret(options.base + asked.path);
  if (!asked.body.empty() && !asked.type.empty())
    wire.headers.emplace_back("Content-Type", asked.type);
  if (!asked.key.empty())
    wire.headers.emplace_back("Idempotency-Key", asked.key);
  if (!options.token.empty())
    wire.secret_headers.emplace_back("Authorization", secret("Bearer " + options.token.reveal()));
  wire.body = asked.body;
  wire.deadline_ms = answer_within_ms;
  return wire;
}

/// What the transport's thread fills, and outlives who waits.
struct waiting {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<transport_outcome> outcomes;
  std::size_t open = 0;
};

} // namespace

std::string text_of(const question& asked) {
  auto text = asked.method + ' ' + asked.path;
  text += asked.key.empty() ? ", no Idempotency-Key" : ", Idempotency-Key " + asked.key;
  if (asked.method == "GET")
    return asked.method + ' ' + asked.path;
  if (asked.type != "application/json")
    text += ", Content-Type " + asked.type;
  return text + ", body " + shown(asked.body);
}

bool reply::is_json() const {
  const auto* type = outcome.response.header("content-type");
  return type != nullptr && starts_with_ignoring_case(*type, "application/json");
}

std::string text_of(const reply& answer) {
  if (answer.outcome.kind != outcome_kind::response)
    return "no answer (" + answer.outcome.reason + ')';
  return std::to_string(answer.status()) + ' ' +
         (answer.is_json() ? std::string() : "(not application/json) ") + shown(answer.body());
}

std::vector<reply> check_client::ask_at_once(const std::vector<question>& asked) {
  auto all = std::make_shared<waiting>();
  all->outcomes.resize(asked.size());
  all->open = asked.size();
  for (std::size_t i = 0; i < asked.size(); ++i)
    net_.send(request_of(asked[i], options_), [all, i](transport_outcome outcome) {
      const std::scoped_lock lock(all->mutex);
      all->outcomes[i] = std::move(outcome);
      --all->open;
      all->changed.notify_all();
    });
  std::unique_lock lock(all->mutex);
  all->changed.wait(lock, [&] { return all->open == 0; }); // Each call has its deadline.
  std::vector<reply> replies;
  for (std::size_t i = 0; i < asked.size(); ++i)
    replies.push_back({asked[i], std::move(all->outcomes[i])});
  return replies;
}

bool rule::need(bool holds, const reply& answer, std::string expected) {
  if (holds || !result_.is_kept)
    return holds;
  result_.is_kept = false;
  result_.request = text_of(answer.asked);
  result_.expected = std::move(expected);
  result_.got = text_of(answer);
  return false;
}

bool rule::need_status(int status, const reply& answer, const std::string& expected) {
  return need(answer.status() == status && answer.is_json(), answer,
              std::to_string(status) + " and application/json: " + expected);
}

bool rule::need_refusal(int status, std::string_view code, const reply& answer) {
  const auto body = pick<json>(answer.body(), {"error"});
  const json* error = body ? member(*body, "error") : nullptr;
  const bool has_code = error != nullptr && providers::text_of(*error, "code") == code &&
                        !providers::text_of(*error, "message").empty();
  return need(answer.status() == status && answer.is_json() && has_code, answer,
              std::to_string(status) + " and application/json: {\"error\":{\"code\":\"" +
                  std::string(code) + "\",\"message\":…}}");
}

std::string text_of(const rule_result& result) {
  const auto name =
      result.rule + std::string(result.rule.size() < 3 ? 3 - result.rule.size() : 0, ' ');
  if (result.is_kept)
    return "ok     " + name + ' ' + result.title + '\n';
  return "WRONG  " + name + ' ' + result.title + "\n         request:  " + result.request +
         "\n         expected: " + result.expected + "\n         got:      " + result.got + '\n';
}

} // namespace orderhub::providers::contracts
