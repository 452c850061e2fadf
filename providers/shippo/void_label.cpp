#include "providers/shippo/void_label.hpp"

#include "providers/codec/form.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/messages.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.void_label";
constexpr std::string_view lookup_where = "shippo.void_label.lookup";

bool says_given_back(std::string_view text) {
  return wire::says_done_before(text, {"refund", "void"});
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200 && response.status != 201) {
    error e = wire::classify_write(response, where);
    if (response.status == 400 && says_given_back(response.body))
      e.kind = error_kind::done_before;
    return fail(std::move(e));
  }
  const auto object = pick<json>(response.body, {"object_id", "status", "messages"});
  const void_outcome outcome =
      object ? void_outcome{text_of(*object, "object_id"), text_of(*object, "status")}
             : void_outcome{};
  const auto failed = [&](error_kind kind, std::string text) {
    return fail(refusal(kind, where, std::move(text), response));
  };
  if (outcome.status == "ERROR") {
    const wire::messages said = wire::read_messages(*object);
    if (said.carrier_silent)
      return failed(error_kind::in_doubt, "carrier did not answer");
    return failed(says_given_back(said.text) ? error_kind::done_before : error_kind::rejected,
                  said.text.empty() ? "refund refused" : "refund refused: " + said.text);
  }
  const bool is_known =
      outcome.status == "QUEUED" || outcome.status == "PENDING" || outcome.status == "SUCCESS";
  if (outcome.refund_id.empty() || !is_known)
    return failed(error_kind::in_doubt, "unreadable success body");
  return outcome.encode();
}

std::string transaction_in(const sent_request& sent) {
  return text_of(json::parse(sent.request.body, nullptr, false), "transaction");
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"object_id", "transaction"});
  return object && !text_of(*object, "object_id").empty() &&
         id_of(*object, "transaction", "object_id") == transaction_in(sent);
}

http_request lookup(const sent_request& sent) {
  return wire::get("/transactions/" + percent_encode(transaction_in(sent)));
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  lookup_finding answer;
  if (wire::is_missing(response)) {
    answer.kind = kind::absent;
    answer.evidence = "no such transaction";
    return answer;
  }
  const auto object =
      response.status == 200 ? pick<json>(response.body, {"object_id", "status"}) : std::nullopt;
  const std::string id = object ? text_of(*object, "object_id") : std::string();
  if (id.empty() || id != transaction_in(sent))
    return unknown(wire::classify_read(response, lookup_where));
  const std::string status = text_of(*object, "status");
  answer.evidence = id + " " + status;
  if (status == "REFUNDPENDING" || status == "REFUNDED") {
    answer.kind = kind::found;
    answer.value = void_outcome{"", status == "REFUNDED" ? "SUCCESS" : "PENDING"}.encode();
  } else if (status == "SUCCESS") {
    answer.kind = kind::absent;
  } else if (status == "QUEUED" || status == "WAITING") {
    answer.kind = kind::running;
  } else if (status == "REFUNDREJECTED") {
    answer.kind = kind::refused;
    answer.failure = {error_kind::rejected, std::string(where), "refund refused"};
  } else if (status == "ERROR") {
    answer.kind = kind::refused;
    answer.failure = {error_kind::rejected, std::string(where), "there is no label to give back"};
  } else {
    return unknown(wire::classify_read(response, lookup_where));
  }
  return answer;
}

} // namespace

std::string void_outcome::encode() const {
  return dump(json{{"refund_id", refund_id}, {"status", status}});
}

result<void_outcome> void_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  void_outcome outcome{text_of(object, "refund_id"), text_of(object, "status")};
  if (outcome.status.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<void_outcome> void_label(const void_request& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "shippo";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request =
      wire::post("/refunds", dump(json{{"transaction", request.transaction_id}, {"async", false}}));
  raw.deadline_ms = 60'000;
  raw.doubt = doubt_policy::lookup;
  raw.lookup_class = "read";
  raw.compensates = true;
  raw.absence_after_ms = 60'000;
  raw.parse = &parse;
  raw.lookup = &lookup;
  raw.read_lookup = &read_lookup;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
