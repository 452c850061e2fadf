#include "providers/shippo/list_labels.hpp"

#include "journal/base/utc_text.hpp"
#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/transaction.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view list_where = "shippo.list_labels";
constexpr std::string_view read_where = "shippo.read_label";
constexpr std::size_t created_size = 19; // 2026-11-25T09:35:06

label_standing standing_of(const std::string& status) {
  switch (wire::standing_of(status)) {
  case wire::standing::bought:
    return label_standing::bought;
  case wire::standing::running:
    return label_standing::running;
  case wire::standing::given_back:
  case wire::standing::failed:
    return label_standing::none;
  case wire::standing::unclear:
    break;
  }
  return label_standing::unclear;
}

/// The time in UTC to the second; empty where it is written in another way.
std::string created_of(const json& entry) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  const std::string text = text_of(entry, "object_created");
  if (text.size() <= created_size || text.back() != 'Z')
    return {};
  for (std::size_t i = 0; i < created_size; ++i)
    if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
      return {};
  return text.substr(0, created_size);
}

result<std::string> parse_page(const http_response& response) {
  const auto list =
      response.status == 200 ? pick<json>(response.body, {"results", "next"}) : std::nullopt;
  const json* results = list ? member(*list, "results") : nullptr;
  const json* next = list ? member(*list, "next") : nullptr;
  // Without a word on further pages it is no whole list.
  if (!results || !results->is_array() || !next || !(next->is_null() || next->is_string()))
    return fail(wire::classify_read(response, list_where));
  label_page page;
  page.is_last = text_of(*list, "next").empty();
  bool in_order = true;
  for (const json& entry : *results) {
    const std::string created = created_of(entry);
    in_order = in_order && !created.empty() && (page.oldest.empty() || created <= page.oldest);
    page.oldest = created;
    listed_label listed;
    listed.digest = wire::digest_in(text_of(entry, "metadata"));
    if (listed.digest.empty())
      continue;
    listed.created = created;
    listed.standing = standing_of(text_of(entry, "status"));
    listed.label = wire::label_of(entry);
    if (listed.label.transaction_id.empty())
      listed.standing = label_standing::unclear;
    if (listed.standing != label_standing::bought)
      listed.label = {listed.label.transaction_id, {}, {}, {}};
    page.labels.push_back(std::move(listed));
  }
  if (!in_order)
    page.oldest.clear();
  return page.encode();
}

result<std::string> parse_label(const http_response& response) {
  const auto failed = [&](error_kind kind, std::string text) {
    return fail(refusal(kind, read_where, std::move(text), response));
  };
  if (wire::is_missing(response))
    return failed(error_kind::rejected, "no such transaction");
  const auto object = response.status == 200
                          ? pick<json>(response.body, {"object_id", "status", "tracking_number",
                                                       "label_url", "tracking_url_provider"})
                          : std::nullopt;
  if (!object || text_of(*object, "object_id").empty())
    return fail(wire::classify_read(response, read_where));
  const std::string status = text_of(*object, "status");
  switch (standing_of(status)) {
  case label_standing::bought:
    return wire::label_of(*object).encode();
  case label_standing::running:
    return failed(error_kind::unavailable, "still " + status);
  case label_standing::none:
    return failed(error_kind::rejected, "the transaction has no label: " + status);
  case label_standing::unclear:
    break;
  }
  return failed(error_kind::unavailable, "the transaction's status is not readable");
}

} // namespace

std::string label_digest(const step_ref& ref) {
  return wire::digest_in(wire::metadata(ref));
}

std::string created_text(unix_ms time) {
  return utc_text(std::max<unix_ms>(time, 0)).substr(0, created_size);
}

std::string label_page::encode() const {
  json list = json::array();
  for (const auto& listed : labels)
    list.push_back({{"digest", listed.digest},
                    {"created", listed.created},
                    {"standing", static_cast<int>(listed.standing)},
                    {"label", listed.label.transaction_id.empty() ? "" : listed.label.encode()}});
  return dump(json{{"labels", std::move(list)}, {"oldest", oldest}, {"is_last", is_last}});
}

result<label_page> label_page::decode(std::string_view text) {
  const auto corrupt = [] {
    return fail({error_kind::corrupt, std::string(list_where), "outcome not readable"});
  };
  const auto object = json::parse(text, nullptr, false);
  const json* list = member(object, "labels");
  const json* is_last = member(object, "is_last");
  if (!list || !list->is_array() || !is_last || !is_last->is_boolean())
    return corrupt();
  label_page page;
  page.oldest = text_of(object, "oldest");
  page.is_last = is_last->get<bool>();
  for (const json& entry : *list) {
    listed_label listed;
    listed.digest = text_of(entry, "digest");
    listed.created = text_of(entry, "created");
    const auto standing = integer_of(entry, "standing").value_or(0);
    if (standing < 1 || standing > 4)
      return corrupt();
    listed.standing = static_cast<label_standing>(standing);
    if (const std::string label = text_of(entry, "label"); !label.empty()) {
      auto outcome = label_outcome::decode(label);
      if (!outcome)
        return outcome.failure();
      listed.label = std::move(*outcome);
    }
    page.labels.push_back(std::move(listed));
  }
  return page;
}

operation<label_page> list_labels(const step_ref& ref, int page) {
  form query;
  query.add("results", labels_per_page);
  if (page > 1)
    query.add("page", page);
  auto raw = wire::reading(list_where, "list", ref, "/transactions?" + query.text());
  raw.parse = &parse_page;
  return {std::move(raw)};
}

operation<label_outcome> read_label(const step_ref& ref, std::string_view transaction_id) {
  auto raw = wire::reading(read_where, "read", ref,
                           std::string(wire::transactions_path) + percent_encode(transaction_id));
  raw.parse = &parse_label;
  raw.is_about = &wire::is_named_transaction<json>;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
