#include "providers/stripe/list_events.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/stripe/webhook.hpp"
#include "providers/stripe/wire.hpp"
#include "providers/webhooks/event_text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
using webhooks::event_kind;
constexpr std::string_view where = "stripe.list_events";

/// At most 20 (docs.stripe.com/api/events/list).
constexpr std::array<std::string_view, 15> types = {
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
};

/// As its webhook would be.
void read_event(events_page& page, const json& listed) {
  const auto body = dump(listed);
  const webhooks::delivery as_sent{body, "/webhooks/stripe", nullptr, 0};
  auto read = webhook_source().read(as_sent, {});
  for (auto& one : read.elements)
    if (one.problem.empty() && one.what.kind != event_kind::skipped &&
        one.what.kind != event_kind::handshake)
      page.events.push_back(std::move(one.what));
}

/// Nothing where it is not such a list.
std::optional<events_page> read_page(std::string_view body) {
  const auto list = pick<json>(body, {"object", "data", "has_more"});
  const json* data = list ? member(*list, "data") : nullptr;
  const json* has_more = list ? member(*list, "has_more") : nullptr;
  if (!data || !data->is_array() || !has_more || !has_more->is_boolean() ||
      text_of(*list, "object") != "list")
    return std::nullopt;
  events_page page;
  page.has_more = has_more->get<bool>();
  for (const json& listed : *data) {
    page.last_id = text_of(listed, "id");
    if (page.last_id.empty())
      return std::nullopt;
    page.newest_s = std::max(page.newest_s, integer_of(listed, "created").value_or(0));
    read_event(page, listed);
  }
  return page;
}

result<std::string> parse(const http_response& response) {
  if (response.status == 200) {
    if (const auto page = read_page(response.body))
      return page->encode();
    return fail(refusal(error_kind::unavailable, where, "unreadable list", response));
  }
  const auto said = wire::read_error(response);
  if (said.code == "resource_missing" && said.param == "starting_after") {
    events_page lost;
    lost.is_lost = true;
    return lost.encode();
  }
  auto why = wire::classify_read(response, where);
  if (why.kind == error_kind::misconfigured && response.status != 401)
    why.kind = error_kind::invalid;
  return fail(std::move(why));
}

} // namespace

std::string events_page::encode() const {
  return dump(json{{"events", webhooks::events_text(events)},
                   {"last", last_id},
                   {"newest", newest_s},
                   {"more", has_more},
                   {"lost", is_lost}});
}

result<events_page> events_page::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const json* has_more = member(object, "more");
  const json* is_lost = member(object, "lost");
  auto events = webhooks::read_events(text_of(object, "events"));
  if (!events || !has_more || !has_more->is_boolean() || !is_lost || !is_lost->is_boolean())
    return fail({error_kind::corrupt, std::string(where), "page not readable"});
  events_page page;
  page.events = std::move(*events);
  page.last_id = text_of(object, "last");
  page.newest_s = integer_of(object, "newest").value_or(0);
  page.has_more = has_more->get<bool>();
  page.is_lost = is_lost->get<bool>();
  return page;
}

operation<events_page> list_events(const events_request& request) {
  form query;
  query.add("created[gte]", request.from_s);
  query.add("created[lte]", request.until_s);
  query.add("limit", events_per_page);
  if (!request.after.empty())
    query.add("starting_after", request.after);
  for (const auto type : types)
    query.add("types[]", type);
  raw_operation raw;
  raw.name = where;
  raw.vendor = "stripe";
  raw.call_class = "list";
  raw.ref = request.ref;
  raw.request = wire::get("/v1/events?" + query.text());
  raw.deadline_ms = deadline_ms;
  raw.retry = {1'000, 60'000, 600'000};
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
