#include "actors/handlers/webhooks/webhook_list.hpp"

#include "actors/durable/ended_invocation.hpp"
#include "actors/durable/request_scope.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_webhook.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "actors/handlers/webhooks/event_routes.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace orderhub::handlers {

using journal::listing_place;

namespace {

tl::unexpected<error> none_such(const std::string& key) {
  return fail({error_kind::not_found, "webhook", "There is no event " + key + ".", 404});
}

result<listed_webhook> read(const journal::hub_journal& journal, const std::string& key) {
  auto state = journal.load(webhook_object(key));
  if (!state)
    return state.failure();
  state->id = webhook_object(key); // Of one that is blank, too.
  return webhook_in(*state, [&](const invocation_id& id) { return durable::end_of(journal, id); });
}

/// Whose an event is, as far as its object knows; empty: nobody's, or another hub's.
std::string owner_of(const journal::object_state& state, const receipt& received) {
  if (const auto match = match_of(state))
    return match->order_id;
  return received.is_foreign ? std::string() : received.what.about.order_id;
}

bool is_wanted(const listed_webhook& one, const webhook_filter& wanted) {
  const auto at = one.received.received_at;
  return (!wanted.verdict || one.became.verdict == *wanted.verdict) && at >= wanted.from &&
         (wanted.until == 0 || at < wanted.until) &&
         (wanted.type.empty() || one.received.what.type == wanted.type) &&
         (wanted.order_id.empty() || one.order_id() == wanted.order_id) &&
         (!wanted.is_swept || one.received.is_swept == *wanted.is_swept);
}

/// `<received at>.<digest>`
std::string text_of(const listing_place& place) {
  return std::to_string(place.at) + '.' + base64url(place.digest);
}

std::optional<listing_place> place_in(std::string_view text) {
  listing_place place;
  const auto* const end = text.data() + text.size();
  const auto at = std::from_chars(text.data(), end, place.at);
  if (at.ec != std::errc() || at.ptr == end || *at.ptr != '.' || place.at <= 0 ||
      !from_base64url(text.substr(static_cast<std::size_t>(at.ptr - text.data()) + 1),
                      place.digest))
    return std::nullopt;
  return place;
}

} // namespace

result<listed_webhook> webhook_in(const journal::object_state& state, const ended_reader& ended) {
  const auto& key = state.id.key;
  const auto* received = state.value(received_entry);
  if (received == nullptr)
    return none_such(key);
  listed_webhook listed;
  listed.key = key;
  listed.version = state.folded_to;
  auto receipt_of = receipt::decode(*received);
  if (!receipt_of)
    return receipt_of.failure();
  listed.received = std::move(*receipt_of);
  auto became = became_of(state, ended);
  if (!became)
    return became.failure();
  listed.became = std::move(*became);
  listed.match = match_of(state);
  if (const auto* replays = state.value(replays_entry))
    listed.replays = std::strtoull(replays->c_str(), nullptr, 10);
  listed.is_erased = std::any_of(state.operators.begin(), state.operators.end(), [](const auto& o) {
    return o.action.verb == journal::operator_verb::erase;
  });
  return listed;
}

std::optional<journal::listing> webhook_listing(const journal::object_state& state) {
  const auto* received = state.value(received_entry);
  if (received == nullptr)
    return std::nullopt;
  const auto event = receipt::decode_event(*received);
  if (!event)
    return std::nullopt;
  journal::listing l; // It has no place among orders.
  const auto since = std::max<unix_ms>(event->received_at, 1);
  l.marks.push_back({std::string(webhook_mark), since});
  if (const auto order = owner_of(state, *event); !order.empty())
    l.keys.push_back(key_of_order_of_event(order));
  const auto* verdict = state.value(verdict_entry);
  const auto became = verdict != nullptr ? concluded::decode(*verdict) : concluded();
  if (!became || became->verdict != event_verdict::unmatched)
    return l;
  l.marks.push_back({std::string(dead_webhook_mark), since});
  for (const auto& id : event->what.vendor_ids)
    l.keys.push_back(key_of_other_id(id));
  return l;
}

result<webhook_page> list_webhooks(const journal::hub_journal& journal,
                                   const webhook_filter& wanted, std::string_view after,
                                   std::size_t limit) {
  std::optional<listing_place> behind;
  if (wanted.until > 0)
    behind = listing_place{wanted.until, {}};
  if (!after.empty()) {
    behind = place_in(after);
    if (!behind)
      return fail({error_kind::invalid, "webhooks", "That is no place in the list.", 400});
  }
  const auto marked = journal.newest_marked(webhook_mark, behind, webhooks_looked_at);
  if (!marked)
    return marked.failure();
  const auto share = journal.listing_share();
  if (!share)
    return share.failure();
  const auto prefix = wanted.vendor.empty() ? std::string() : wanted.vendor + ':';
  webhook_page page;
  page.is_whole = !share->has_value();
  bool is_end = marked->is_whole;
  for (const auto& m : marked->found) {
    if (m.since < wanted.from) {
      is_end = true;
      page.next.clear();
      break;
    }
    page.next = text_of(place_of(m));
    ++page.looked_at;
    if (!m.object.key.starts_with(prefix))
      continue;
    auto one = read(journal, m.object.key);
    if (one && is_wanted(*one, wanted))
      page.entries.push_back(std::move(*one));
    // One that cannot be read is named by the journal; the others are shown.
    if (page.entries.size() >= limit) {
      is_end = is_end && &m == &marked->found.back();
      break;
    }
  }
  if (is_end)
    page.next.clear();
  return page;
}

result<webhook_plan> plan_webhook(const journal::hub_journal& journal, const std::string& key,
                                  const std::optional<webhook_match>& assigned) {
  auto one = read(journal, key);
  if (!one)
    return one.failure();
  const auto& said = assigned ? assigned : one->match;
  const auto received = said ? as_matched(one->received, *said) : one->received;
  webhook_plan plan;
  plan.with = one->became;
  if (!assigned && (received.is_foreign || received.what.about.order_id.empty()))
    return plan; // A replay asks again whose it is.
  const auto whom = route_of(received.what.kind, received.what.about.order_id);
  if (!whom)
    return fail(
        {error_kind::rejected, "webhook",
         "An event of the kind " + std::string(name_of(received.what.kind)) + " is about no order.",
         409});
  plan.target = *whom;
  plan.with = {event_verdict::routed, {}};
  if (whom->service != order_service_name)
    return plan;
  auto order = journal.load(*whom);
  if (!order)
    return order.failure();
  order->id = *whom;
  auto foreseen = foresee(*order, {key, received.vendor, received.what, true});
  plan.with = std::move(foreseen.with);
  plan.changes = changes_between(foreseen.before, foreseen.after);
  return plan;
}

bool knows_webhook(const journal::hub_journal& journal, const std::string& key) {
  const auto state = journal.load(webhook_object(key));
  return state && state->value(received_entry) != nullptr;
}

result<listed_webhook> find_webhook(const journal::hub_journal& journal, const std::string& key) {
  auto found = read(journal, key);
  if (!found || found->is_erased) // What is stored of it is rewritten when that is folded.
    return found;
  auto seen = journal.find_request(
      durable::request_scope(webhook_object(key), "Receive", webhook_request_key));
  if (!seen || !*seen)
    return found;
  auto row = journal.find_invocation((*seen)->invocation);
  if (!row || !*row)
    return found;
  if (auto whole = receipt::decode((*row)->invocation.input.body)) {
    found->received.headers = std::move(whole->headers);
    found->received.body = std::move(whole->body);
  }
  return found;
}

} // namespace orderhub::handlers
