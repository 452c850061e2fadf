#include "providers/shippo/buy_label.hpp"

#include "providers/codec/form.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/messages.hpp"
#include "providers/shippo/transaction.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.buy_label";
constexpr std::string_view lookup_where = "shippo.buy_label.lookup";
/// The most Shippo gives. One rate has few transactions; a list that ignores its filter has many.
constexpr int page_size = 100;

bool says_bought(std::string_view text) {
  return wire::says_done_before(text, {"purchas", "bought"});
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200 && response.status != 201) {
    error e = wire::classify_write(response, where);
    if (response.status == 400 && says_bought(response.body))
      e.kind = error_kind::done_before;
    return fail(std::move(e));
  }
  const auto object = pick<json>(response.body, {"object_id", "status", "tracking_number",
                                                 "label_url", "tracking_url_provider", "messages"});
  const std::string status = object ? text_of(*object, "status") : std::string();
  const auto failed = [&](error_kind kind, std::string text) {
    return fail(refusal(kind, where, std::move(text), response));
  };
  if (status == "SUCCESS" && !text_of(*object, "object_id").empty())
    return wire::label_of(*object).encode();
  if (status == "ERROR") {
    const wire::messages said = wire::read_messages(*object);
    if (said.carrier_silent)
      return failed(error_kind::in_doubt, "carrier did not answer");
    return failed(says_bought(said.text) ? error_kind::done_before : error_kind::rejected,
                  said.text.empty() ? "label refused" : "label refused: " + said.text);
  }
  if (status == "QUEUED" || status == "WAITING")
    return failed(error_kind::in_doubt, "still " + status);
  return failed(error_kind::in_doubt, "unreadable success body");
}

std::string rate_in(const sent_request& sent) {
  const auto asked = pick<json>(sent.request.body, {"rate"});
  return asked ? text_of(*asked, "rate") : std::string();
}

/// A transaction names the rate that it bought; a shipment has an id and a `SUCCESS` too.
bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"object_id", "rate", "test"});
  return object && !text_of(*object, "object_id").empty() &&
         id_of(*object, "rate", "object_id") == rate_in(sent) &&
         !wire::is_test_for_live(sent, *object);
}

http_request page_of(std::string_view rate_id, std::int64_t page) {
  form query;
  query.add("rate", rate_id).add("results", page_size);
  if (page > 1)
    query.add("page", page);
  return wire::get("/transactions?" + query.text());
}

http_request lookup(const sent_request& sent) {
  return page_of(rate_in(sent), 1);
}

/// The number a query parameter of the vendor's `next` link holds; only numbers are taken from it.
std::int64_t number_in(std::string_view link, std::string_view name) {
  const auto query = link.find('?');
  if (query == std::string_view::npos)
    return 0;
  const std::string text = form_value(link.substr(query + 1), name).value_or("");
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A label that stands for the rate.
struct bought_label {
  label_outcome label;
  std::string status;
  bool is_ours = true; ///< Bought by this very attempt, or nobody says by whom.
};

/// Of all that were bought for the rate.
lookup_finding found_among(std::vector<bought_label> bought) {
  const auto ours =
      std::find_if(bought.begin(), bought.end(), [](const bought_label& b) { return b.is_ours; });
  if (ours != bought.end())
    std::rotate(bought.begin(), ours, ours + 1);
  auto& first = bought.front();
  lookup_finding answer;
  answer.kind = finding_kind::found;
  answer.evidence = first.label.transaction_id + " " + first.status;
  // The rate is the proof; who bought it by hand is for a person to read.
  if (!first.is_ours)
    answer.evidence += ", bought by another step";
  for (std::size_t i = 1; i < bought.size(); ++i) {
    const auto& other = bought[i];
    answer.evidence += "; and also " + other.label.transaction_id;
    if (!other.is_ours)
      answer.evidence += ", bought by another step";
    else if (first.is_ours && first.label.extra_ids.size() < extra_labels_max)
      first.label.extra_ids.push_back(other.label.transaction_id);
  }
  answer.value = first.label.encode();
  return answer;
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  const auto list =
      response.status == 200 ? pick<json>(response.body, {"results", "next"}) : std::nullopt;
  const json* results = list ? member(*list, "results") : nullptr;
  const json* next_page = list ? member(*list, "next") : nullptr;
  // Without a word on further pages it is no whole list.
  if (!results || !results->is_array() || !next_page ||
      !(next_page->is_null() || next_page->is_string()))
    return unknown(wire::classify_read(response, lookup_where));

  const std::string rate_id = rate_in(sent);
  const std::string ours = text_of(json::parse(sent.request.body, nullptr, false), "metadata");
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no transaction for rate " + rate_id;
  auto best = wire::standing::failed;
  bool is_unreadable = false;
  std::vector<bought_label> bought;
  for (const json& entry : *results) {
    const std::string rate = id_of(entry, "rate", "object_id");
    if (rate.empty()) { // No transaction: a list of something else.
      is_unreadable = true;
      continue;
    }
    if (rate != rate_id)
      continue; // The filter was not honoured.
    const std::string status = text_of(entry, "status");
    const std::string id = text_of(entry, "object_id");
    const auto says = wire::standing_of(status);
    if (id.empty() || says == wire::standing::unclear) {
      is_unreadable = true;
      continue;
    }
    const std::string theirs = wire::digest_in(text_of(entry, "metadata"));
    const bool is_ours = theirs.empty() || theirs == wire::digest_in(ours);
    if (says == wire::standing::bought) {
      bought.push_back({wire::label_of(entry), status, is_ours});
      continue;
    }
    if (says == wire::standing::failed && best == wire::standing::failed)
      answer.evidence = id + " ERROR";
    if (says <= best)
      continue;
    best = says;
    answer.evidence = id + " " + status;
    if (!is_ours)
      answer.evidence += ", bought by another step";
    answer.failure = {};
    if (says == wire::standing::given_back) {
      answer.kind = kind::refused;
      answer.failure = {error_kind::rejected, std::string(where), "label " + status};
    } else {
      answer.kind = kind::running;
    }
  }
  if (!bought.empty())
    return found_among(std::move(bought));
  if (is_unreadable)
    return unknown(refusal(error_kind::unavailable, lookup_where,
                           "an entry of the list is not readable", response));
  const std::string next = text_of(*list, "next");
  if (next.empty())
    return answer;
  const std::int64_t page = number_in(next, "page");
  if (page < 2)
    return unknown(wire::classify_read(response, lookup_where));
  answer.next = page_of(rate_id, page);
  return answer;
}

} // namespace

std::string label_outcome::encode() const {
  json object = {{"transaction_id", transaction_id},
                 {"tracking_number", tracking_number},
                 {"label_url", label_url},
                 {"tracking_url", tracking_url}};
  for (const auto& id : extra_ids)
    object["extra"].push_back(id);
  return dump(object);
}

result<label_outcome> label_outcome::decode(std::string_view text) {
  const auto object =
      pick<json>(text, {"transaction_id", "tracking_number", "label_url", "tracking_url", "extra"})
          .value_or(json());
  label_outcome outcome{text_of(object, "transaction_id"),
                        text_of(object, "tracking_number"),
                        text_of(object, "label_url"),
                        text_of(object, "tracking_url"),
                        {}};
  if (const json* extra = member(object, "extra"); extra && extra->is_array())
    for (const json& id : *extra)
      if (id.is_string())
        outcome.extra_ids.push_back(id.get<std::string>());
  if (outcome.transaction_id.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<label_outcome> buy_label(const label_request& request) {
  const json body = {{"rate", request.rate_id},
                     {"async", false},
                     {"label_file_type", "PDF_4x6"},
                     {"metadata", wire::metadata(request.ref)}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "shippo";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("/transactions", dump(body));
  raw.deadline_ms = 60'000; // Synchronous purchases wait for the carrier.
  raw.doubt = doubt_policy::lookup;
  raw.absence_after_ms = 60'000;
  raw.parse = &parse;
  raw.lookup = &lookup;
  raw.read_lookup = &read_lookup;
  raw.regenerate = &wire::regenerate;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
