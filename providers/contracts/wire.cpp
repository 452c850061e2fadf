#include "providers/contracts/wire.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/answer.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;

/// The codes with which a 409 decides against us.
constexpr std::array<std::string_view, 4> decisions = {"out_of_stock", "reference_in_use",
                                                       "not_held", "too_late"};

struct refusal_body {
  std::string code;
  std::string field;
};

/// As the contract names fields (`items.0.quantity`): each part has the shape of a code or is an
/// index. Anything else could be an echo of what we sent.
std::string field_or_empty(const std::string& text) {
  constexpr std::size_t index_size_max = 4;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const bool is_index =
        !part.empty() && part.size() <= index_size_max &&
        std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_index && code_or_empty(part).empty())
      return {};
  }
  return text.size() <= 64 ? text : std::string();
}

refusal_body read_refusal(const http_response& response) {
  const auto body = pick<json>(response.body, {"error"});
  const json* what = body ? member(*body, "error") : nullptr;
  if (what == nullptr)
    return {};
  return {code_or_empty(text_of(*what, "code")), field_or_empty(text_of(*what, "field"))};
}

std::string described(const http_response& response, const refusal_body& body) {
  field_reasons reasons;
  if (!body.code.empty())
    reasons.add(body.field, body.code);
  return providers::described(response.status, reasons);
}

} // namespace

std::vector<item_line> summed(const std::vector<item_line>& lines) {
  std::vector<item_line> all;
  for (const auto& line : lines) {
    const auto it = std::find_if(all.begin(), all.end(), [&](const item_line& known) {
      return known.product_id == line.product_id;
    });
    if (it == all.end())
      all.push_back(line);
    else
      it->quantity += line.quantity;
  }
  return all;
}

std::string reference_of(const step_ref& ref) {
  byte_writer w(96);
  w.str16(ref.hub);
  w.str16(ref.order_id);
  const auto digest = sha256_of(w.view());
  constexpr std::size_t bytes = 16;
  return "oh-" + hex_of(std::span(digest).first(bytes));
}

raw_operation keyed_post(const readers& read, std::string_view vendor, const step_ref& ref,
                         std::string target, std::string body) {
  raw_operation raw;
  raw.name = read.name;
  raw.parse = read.parse;
  raw.is_about = read.is_about;
  raw.vendor = vendor;
  raw.call_class = "write";
  raw.lookup_class = "read";
  raw.ref = ref;
  raw.request = {
      "POST", std::move(target), {{"Content-Type", "application/json"}}, std::move(body)};
  raw.key_header = key_header;
  raw.deadline_ms = deadline_ms;
  raw.doubt = doubt_policy::replay_key;
  raw.absence_after_ms = absence_after_ms;
  raw.key_life_ms = key_life_ms;
  raw.lookup = &lookup;
  return raw;
}

std::string code_in(const http_response& response) {
  return read_refusal(response).code;
}

error classify_write(const http_response& response, std::string_view where) {
  const auto body = read_refusal(response);
  auto kind = kind_of_write(response);
  if (response.status == 422 && body.code == "key_reused")
    kind = error_kind::done_before;
  if (response.status == 409)
    kind = std::find(decisions.begin(), decisions.end(), body.code) != decisions.end()
               ? error_kind::rejected
               : error_kind::in_doubt;
  return refusal(kind, where, described(response, body), response);
}

http_request lookup(const sent_request& sent) {
  return {"GET", "/v1/requests/" + percent_encode(sent.key), {}, {}};
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response,
                           const readers& read) {
  lookup_finding answer;
  const auto says_nothing = [&] {
    return unknown(refusal(kind_of_read(response), read.name,
                           described(response, read_refusal(response)), response));
  };
  if (response.status == 404 && code_in(response) == "unknown_key") {
    answer.kind = finding_kind::absent;
    answer.evidence = "the service does not know the key";
    return answer;
  }
  const auto object = response.status == 200
                          ? pick<json>(response.body, {"key", "state", "status", "answer"})
                          : std::nullopt;
  if (!object || text_of(*object, "key") != sent.key)
    return says_nothing();
  const auto state = text_of(*object, "state");
  if (state == "running") {
    answer.kind = finding_kind::running;
    answer.evidence = "the service is at it";
    return answer;
  }
  const auto status = integer_of(*object, "status").value_or(0);
  const json* stored = member(*object, "answer");
  if (state != "done" || status < 200 || status > 599 || stored == nullptr)
    return says_nothing();
  raw_operation operation;
  operation.name = read.name;
  operation.key_header = key_header;
  operation.parse = read.parse;
  operation.is_about = read.is_about;
  auto outcome = read_answer(operation, sent, {static_cast<int>(status), {}, dump(*stored)});
  answer.evidence = "answered " + std::to_string(status);
  if (outcome) {
    answer.kind = finding_kind::found;
    answer.value = std::move(*outcome);
    return answer;
  }
  if (outcome.error().kind != error_kind::rejected)
    return says_nothing();
  answer.kind = finding_kind::refused;
  answer.failure = std::move(outcome.error());
  return answer;
}

} // namespace orderhub::providers::contracts
