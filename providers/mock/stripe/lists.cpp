// Lists of the mock Stripe: windows, pages, order.
#include "providers/mock/stripe/parameters.hpp"
#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

namespace {

/// `created`, `limit` and the cursor of a list request.
struct list_bounds {
  std::int64_t limit = 10;
  std::int64_t from_s = 0; // inclusive
  std::int64_t to_s = INT64_MAX;
  std::string_view starting_after, ending_before;
  std::string_view wrong; // name of a malformed parameter
};

list_bounds read_bounds(const fields& params) {
  list_bounds b;
  const auto read = [&](std::string_view name, std::int64_t& to, std::int64_t plus) {
    const auto i = params.find(name);
    if (i == fields::npos)
      return;
    std::int64_t value = 0;
    if (!read_integer(params.value(i), value) || value < 0 || value > INT64_MAX - 1) {
      b.wrong = name;
      return;
    }
    to = value + plus;
  };
  read("limit", b.limit, 0);
  if (b.limit < 1 || b.limit > 100)
    b.wrong = "limit";
  read("created[gte]", b.from_s, 0);
  read("created[gt]", b.from_s, 1);
  read("created[lte]", b.to_s, 0);
  read("created[lt]", b.to_s, -1);
  if (params.has("created")) {
    read("created", b.from_s, 0);
    b.to_s = b.from_s;
  }
  b.starting_after = params.get("starting_after");
  b.ending_before = params.get("ending_before");
  if (!b.starting_after.empty() && !b.ending_before.empty())
    b.wrong = "ending_before";
  return b;
}

} // namespace

void stripe::list_intents(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, list_parameters, params))
    return;
  const auto bounds = read_bounds(params);
  if (!bounds.wrong.empty()) {
    refuse(c, 400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer",
           bounds.wrong);
    return;
  }
  const auto cursor = bounds.starting_after.empty() ? bounds.ending_before : bounds.starting_after;
  const auto at = shared_.names.read_stripe("pi_", cursor);
  if (!cursor.empty() && (!at || !intents_.find(*at))) {
    refuse_missing(c, "payment_intent", cursor,
                   bounds.starting_after.empty() ? "ending_before" : "starting_after");
    return;
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)];
  const auto customer = params.get("customer");
  const auto matches = [&](const intent& pi) {
    return manner.ignores_filter || (pi.created_s >= bounds.from_s && pi.created_s <= bounds.to_s &&
                                     (customer.empty() || pi.customer == customer));
  };
  // Newest first; `ending_before` walks from its cursor towards newer ones.
  std::vector<std::uint64_t> page;
  bool has_more = false;
  const bool backwards = !bounds.ending_before.empty();
  const bool upwards = backwards != manner.oldest_first;
  const auto begin = upwards ? intents_.first() : intents_.last();
  auto number = at ? (upwards ? *at + 1 : *at - 1) : begin;
  for (; number >= intents_.first() && number <= intents_.last(); upwards ? ++number : --number) {
    const auto& pi = *intents_.find(number);
    if (!upwards && pi.created_s < bounds.from_s && !manner.ignores_filter)
      break;
    if (upwards && pi.created_s > bounds.to_s && !manner.ignores_filter)
      break;
    if (!matches(pi))
      continue;
    if (page.size() == page_size_of(bounds.limit)) {
      has_more = true;
      break;
    }
    page.push_back(number);
  }
  if (backwards)
    std::reverse(page.begin(), page.end());
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"object":"list","data":[)");
  for (const auto n : page) {
    if (n != page.front())
      out.push_back(',');
    const auto& pi = *intents_.find(n);
    append_intent(out, n, pi, pi.status);
  }
  out.append(R"(],"has_more":)").append(has_more ? "true" : "false");
  out.append(R"(,"url":"/v1/payment_intents"})");
}

void stripe::list_refunds(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, list_refund_parameters, params))
    return;
  const auto bounds = read_bounds(params);
  if (!bounds.wrong.empty()) {
    refuse(c, 400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer",
           bounds.wrong);
    return;
  }
  const auto by_intent = params.get("payment_intent");
  const auto by_charge = params.get("charge");
  std::optional<std::uint64_t> of;
  if (!by_intent.empty() || !by_charge.empty()) {
    of = by_intent.empty() ? shared_.names.read_stripe("ch_", by_charge)
                           : shared_.names.read_stripe("pi_", by_intent);
    if (!of || !intents_.find(*of)) {
      refuse_missing(c, by_intent.empty() ? "charge" : "payment_intent",
                     by_intent.empty() ? by_charge : by_intent,
                     by_intent.empty() ? "charge" : "payment_intent");
      return;
    }
  }
  const auto after = shared_.names.read_stripe("re_", bounds.starting_after);
  if (!bounds.ending_before.empty() || (!bounds.starting_after.empty() && !after)) {
    refuse_missing(c, "refund",
                   bounds.ending_before.empty() ? bounds.starting_after : bounds.ending_before,
                   "starting_after");
    return;
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)];
  if (manner.ignores_filter)
    of.reset();
  // With an intent its own chain, else all, newest first.
  std::vector<std::uint64_t> found;
  auto number = of ? intents_.find(*of)->last_refund : refunds_.last();
  while (const auto* r = refunds_.find(number)) {
    if (manner.ignores_filter || (r->created_s >= bounds.from_s && r->created_s <= bounds.to_s))
      found.push_back(number);
    number = of ? r->previous_of_intent : number - 1;
  }
  if (manner.oldest_first)
    std::reverse(found.begin(), found.end());
  auto at = found.begin();
  while (after && at != found.end() && (manner.oldest_first ? *at <= *after : *at >= *after))
    ++at;
  bool with_charge = false;
  for (std::size_t i = 0; i < params.size(); ++i)
    with_charge =
        with_charge || (base_name(params.name(i)) == "expand" && params.value(i) == "data.charge");
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"object":"list","data":[)");
  for (std::size_t count = 0; at != found.end() && count < page_size_of(bounds.limit);
       ++at, ++count) {
    if (count != 0)
      out.push_back(',');
    const auto& r = *refunds_.find(*at);
    append_refund(out, *at, r, r.status, with_charge);
  }
  const bool has_more = at != found.end();
  out.append(R"(],"has_more":)").append(has_more ? "true" : "false");
  out.append(R"(,"url":"/v1/refunds"})");
}

void stripe::read_balance(call& c) {
  if (!check_known(c, balance_fields, shared_.params))
    return;
  const auto* key = c.header("authorization");
  const bool is_live = key && key->find("k_live_") != std::string::npos;
  c.reply.status = 200;
  c.reply.body = R"({"object":"balance","available":[{"amount":0,"currency":"usd"}],"livemode":)";
  c.reply.body.append(is_live ? "true" : "false")
      .append(R"(,"pending":[{"amount":0,"currency":"usd"}]})");
}

void stripe::list_events(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, list_event_parameters, params))
    return;
  constexpr auto type = "invalid_request_error"sv;
  const auto bounds = read_bounds(params);
  if (!bounds.wrong.empty()) {
    refuse(c, 400, type, "parameter_invalid_integer", "Invalid integer", bounds.wrong);
    return;
  }
  std::vector<std::string_view> types;
  for (std::size_t i = 0; i < params.size(); ++i)
    if (base_name(params.name(i)) == "types")
      types.push_back(params.value(i));
  if (types.size() > event_types_max || (!types.empty() && params.has("type"))) {
    refuse(c, 400, type, {}, "You may pass either type, or up to 20 types.", "types");
    return;
  }
  if (params.has("type"))
    types.push_back(params.get("type"));
  const bool backwards = !bounds.ending_before.empty();
  const auto cursor = backwards ? bounds.ending_before : bounds.starting_after;
  const auto at = shared_.names.read_stripe("evt_", cursor);
  const bool is_known = std::any_of(events_.begin(), events_.end(),
                                    [&](const event& e) { return at && e.number == *at; });
  if (!cursor.empty() && !is_known) {
    refuse_missing(c, "event", cursor, backwards ? "ending_before" : "starting_after");
    return;
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)];
  const auto matches = [&](const event& e) {
    const bool is_of_type =
        types.empty() || std::find(types.begin(), types.end(), e.type) != types.end();
    return manner.ignores_filter ||
           (is_of_type && e.created_s >= bounds.from_s && e.created_s <= bounds.to_s);
  };
  // Newest first; `ending_before` walks from its cursor towards newer ones.
  const bool upwards = backwards != manner.oldest_first;
  std::vector<const event*> page;
  bool has_more = false;
  for (std::size_t i = 0; i < events_.size() && !has_more; ++i) {
    const auto& e = events_[upwards ? i : events_.size() - 1 - i];
    const bool is_behind = !at || (upwards ? e.number > *at : e.number < *at);
    if (!is_behind || !matches(e))
      continue;
    has_more = page.size() == page_size_of(bounds.limit);
    if (!has_more)
      page.push_back(&e);
  }
  if (backwards)
    std::reverse(page.begin(), page.end());
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"object":"list","data":[)");
  for (const auto* e : page) {
    if (e != page.front())
      out.push_back(',');
    out.append(e->body);
  }
  out.append(R"(],"has_more":)").append(has_more ? "true" : "false");
  out.append(R"(,"url":"/v1/events"})");
}

std::size_t stripe::page_size_of(std::int64_t limit) const {
  const auto most = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)].page_size_max;
  return static_cast<std::size_t>(most > 0 ? std::min(limit, most) : limit);
}

} // namespace orderhub::providers::mock
