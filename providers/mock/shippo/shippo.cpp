#include "providers/mock/shippo/shippo.hpp"

#include "providers/mock/shippo/strictness.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t metadata_size_max = 100;
constexpr std::int64_t rate_life_ms = 7LL * 24 * 3'600'000; // rates expire after 7 days
constexpr std::int64_t results_max = 100;

struct quote {
  std::string_view amount, provider, token, name, days;
};
constexpr std::array quotes = {
    quote{"8.35", "USPS", "usps_ground_advantage", "Ground Advantage", "4"},
    quote{"10.20", "USPS", "usps_priority", "Priority Mail", "2"},
    quote{"13.73", "UPS", "ups_ground", "Ground", "3"},
};

constexpr std::array file_types = {"PDF_4x6"sv,     "PNG"sv,     "PNG_2.3x7.5"sv, "PDF"sv,
                                   "PDF_2.3x7.5"sv, "PDF_4x8"sv, "PDF_A4"sv,      "PDF_A5"sv,
                                   "PDF_A6"sv,      "ZPLII"sv};

constexpr std::array shipment_fields = {"address_from"sv,
                                        "address_to"sv,
                                        "parcels"sv,
                                        "async"sv,
                                        "metadata"sv,
                                        "extra"sv,
                                        "customs_declaration"sv,
                                        "address_return"sv,
                                        "carrier_accounts"sv,
                                        "order"sv,
                                        "shipment_date"sv};

constexpr auto shipments_path = "/shipments"sv;
constexpr auto transactions_path = "/transactions"sv;
constexpr auto refunds_path = "/refunds"sv;
constexpr auto addresses_path = "/addresses"sv;
constexpr auto tracks_path = "/tracks"sv;

/// Shippo accepts its paths with and without a slash at the end.
std::string_view without_slash(std::string_view path) {
  return path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
}

std::string_view id_behind(std::string_view path, std::string_view base) {
  return path.size() > base.size() + 1 && path.substr(0, base.size()) == base &&
                 path[base.size()] == '/'
             ? path.substr(base.size() + 1)
             : std::string_view();
}

/// What the metadata text says behind whatever stands before: `order_id:<id> step:<step>
/// attempt:<n>`, the latter two optional. An order id may contain spaces, a step may not.
struct reference {
  std::string_view order_id, step;
  std::int64_t attempt = -1;
};

reference read_reference(std::string_view text) {
  constexpr auto order = "order_id:"sv;
  constexpr auto step = " step:"sv;
  constexpr auto attempt = " attempt:"sv;
  reference out;
  const auto begin = text.find(order);
  if (begin == std::string_view::npos)
    return out;
  text.remove_prefix(begin + order.size());
  if (const auto at = text.rfind(attempt); at != std::string_view::npos) {
    out.attempt = attempt_of(text.substr(at + attempt.size()));
    text = text.substr(0, at);
  }
  if (const auto at = text.rfind(step); at != std::string_view::npos) {
    out.step = text.substr(at + step.size());
    text = text.substr(0, at);
  }
  out.order_id = text;
  return out;
}

} // namespace

shippo::shippo(shared_state& shared)
    : shared_(shared), shipments_(shared.settings.objects_max),
      labels_(shared.settings.objects_max), refunds_(shared.settings.objects_max) {}

call_id shippo::route(std::string_view method, std::string_view path) {
  path = without_slash(path);
  if (method == "POST") {
    if (path == shipments_path)
      return call_id::shippo_shipment;
    if (path == transactions_path)
      return call_id::shippo_label;
    if (path == refunds_path)
      return call_id::shippo_label_refund;
    if (path == addresses_path)
      return call_id::shippo_address;
    if (path == tracks_path)
      return call_id::shippo_track;
  } else if (method == "GET") {
    if (path == transactions_path)
      return call_id::shippo_list_labels;
    if (!id_behind(path, transactions_path).empty())
      return call_id::shippo_retrieve_label;
    if (!id_behind(path, shipments_path).empty())
      return call_id::shippo_retrieve_shipment;
    if (!id_behind(path, refunds_path).empty())
      return call_id::shippo_retrieve_label_refund;
    if (!id_behind(path, tracks_path).empty())
      return call_id::shippo_read_track;
  }
  return call_id::shippo_other;
}

void shippo::refuse_field(call& c, std::string_view field, std::string_view text) {
  c.reply.status = 400;
  auto& out = c.reply.body;
  out.assign("{");
  append_json(out, field);
  out.append(":[");
  append_json(out, text);
  out.append("]}");
}

void shippo::not_found(call& c) {
  c.reply.status = 404;
  c.reply.body = R"({"detail":"Not found."})";
}

void shippo::handle(call& c) {
  c.json_header();
  const auto* authorization = c.header("authorization");
  const std::string_view value = authorization ? std::string_view(*authorization) : "";
  const bool token_given = (value.substr(0, 12) == "ShippoToken " && value.size() > 12) ||
                           (value.substr(0, 13) == "Bearer oauth." && value.size() > 13);
  if (!token_given || value.find("invalid") != std::string_view::npos) {
    c.reply.status = 401;
    c.reply.body = value.empty() ? R"({"detail":"Authentication credentials were not provided."})"
                                 : R"({"detail":"Invalid token"})";
    return;
  }
  auto& params = shared_.params;
  params.clear();
  if (c.request.method == "POST" && c.what != call_id::shippo_other) {
    const auto* type = c.header("content-type");
    if (!type || std::string_view(*type).substr(0, 16) != "application/json") {
      c.reply.status = 415;
      c.reply.body = R"({"detail":"Unsupported media type in request."})";
      return;
    }
    if (!params.add_json(c.request.body) || params.kind_of(0) != fields::kind::object) {
      c.reply.status = 400;
      c.reply.body = R"({"detail":"JSON parse error"})";
      return;
    }
  }
  const auto path = without_slash(c.path);
  switch (c.what) {
  case call_id::shippo_shipment:
    create_shipment(c);
    return;
  case call_id::shippo_label:
    create_label(c);
    return;
  case call_id::shippo_label_refund:
    create_refund(c);
    return;
  case call_id::shippo_list_labels:
    list_labels(c);
    return;
  case call_id::shippo_address:
    create_address(c);
    return;
  case call_id::shippo_track:
    create_track(c);
    return;
  case call_id::shippo_read_track:
    read_track(c);
    return;
  case call_id::shippo_retrieve_label: {
    const auto number = shared_.names.read_shippo(ids::shippo_kind::transaction,
                                                  id_behind(path, transactions_path));
    const auto* l = number ? labels_.find(*number) : nullptr;
    if (!l)
      return not_found(c);
    c.reply.status = 200;
    append_label(c.reply.body, *number, *l, c.now);
    return;
  }
  case call_id::shippo_retrieve_shipment: {
    const auto number =
        shared_.names.read_shippo(ids::shippo_kind::shipment, id_behind(path, shipments_path));
    const auto* s = number ? shipments_.find(*number) : nullptr;
    if (!s)
      return not_found(c);
    c.reply.status = 200;
    append_shipment_head(c.reply.body, *number, *s);
    append_rates(c.reply.body, *number, *s);
    c.reply.body.push_back('}');
    return;
  }
  case call_id::shippo_retrieve_label_refund: {
    const auto number =
        shared_.names.read_shippo(ids::shippo_kind::refund, id_behind(path, refunds_path));
    const auto* r = number ? refunds_.find(*number) : nullptr;
    if (!r)
      return not_found(c);
    c.reply.status = 200;
    append_refund(c.reply.body, *number, *r, c.now);
    return;
  }
  default: // A path that does not exist: the framework's own page, no JSON.
    c.reply.status = 404;
    c.reply.headers.front().second = "text/html";
    c.reply.body = "<!doctype html><title>Not Found</title><h1>Not Found</h1>";
  }
}

void shippo::note(const call& c, effect_kind kind, std::uint64_t number, std::string_view metadata,
                  std::uint64_t rate, std::string_view to) {
  const auto said = read_reference(metadata);
  shared_.effects.add({.kind = kind,
                       .number = number,
                       .order_id = said.order_id,
                       .step = said.step,
                       .to = to,
                       .attempt = said.attempt,
                       .rate = rate,
                       .at_ms = c.now,
                       .request_number = c.request_number});
}

// --- shipments -------------------------------------------------------------------------------

void shippo::append_shipment_head(std::string& out, std::uint64_t number, const shipment& s) const {
  out.append(R"({"object_id":")");
  shared_.names.append_shippo(out, ids::shippo_kind::shipment, number);
  out.append(R"(","object_created":")");
  append_iso_time(out, s.created);
  out.append(R"(","status":"SUCCESS","metadata":)");
  append_json(out, s.metadata);
  out.append(R"(,"test":true)");
}

void shippo::append_rates(std::string& out, std::uint64_t number, const shipment& s) const {
  out.append(R"(,"rates":[)");
  if (s.to == shipment::destination::no_rates) {
    out.append(R"(],"messages":[{"source":"USPS","code":"","text":"No rates for this address."}])");
    return;
  }
  const auto count = std::clamp<std::size_t>(shared_.settings.shippo_rates, 1, quotes.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& q = quotes[i];
    out.append(i == 0 ? R"({"object_id":")" : R"(,{"object_id":")");
    shared_.names.append_shippo(out, ids::shippo_kind::rate, number, static_cast<std::uint8_t>(i));
    out.append(R"(","amount":")").append(q.amount);
    out.append(R"(","currency":"USD","provider":")").append(q.provider);
    out.append(R"(","servicelevel":{"name":")").append(q.name);
    out.append(R"(","token":")").append(q.token);
    out.append(R"("},"estimated_days":)").append(q.days);
    out.append(i == 0 ? R"(,"attributes":["CHEAPEST"],"shipment":")"
                      : R"(,"attributes":[],"shipment":")");
    shared_.names.append_shippo(out, ids::shippo_kind::shipment, number);
    out.append(R"(","test":true})");
  }
  out.append(R"(],"messages":[])");
}

void shippo::create_shipment(call& c) {
  const auto& params = shared_.params;
  // Top-level members only: an address or parcel has its own, which vary by carrier.
  for (std::size_t i = 1; i < params.size(); ++i) {
    const auto name = params.name(i);
    if (name.find('.') == std::string_view::npos &&
        std::find(shipment_fields.begin(), shipment_fields.end(), name) == shipment_fields.end())
      return refuse_field(c, name.substr(0, 100), "Unknown field.");
  }
  std::string echo;
  for (const auto side : {"address_from"sv, "address_to"sv}) {
    const auto at = params.find(side);
    if (at == fields::npos)
      return refuse_field(c, side, "This field is required.");
    if (params.kind_of(at) == fields::kind::text && !params.value(at).empty())
      continue; // the id of a stored address
    if (params.kind_of(at) != fields::kind::object)
      return refuse_field(c, side, "Invalid data. Expected an object or an object id.");
    const std::string prefix = std::string(side) + '.';
    if (params.get(prefix + "country").empty())
      return refuse_field(c, side, "country: This field is required.");
    echo.append(",\"").append(side).append(R"(":{"is_complete":true)");
    for (std::size_t i = at + 1;
         i < params.size() && params.name(i).substr(0, prefix.size()) == prefix; ++i) {
      if (params.kind_of(i) != fields::kind::text)
        continue;
      echo.push_back(',');
      append_json(echo, params.name(i).substr(prefix.size()));
      echo.push_back(':');
      append_json(echo, params.value(i));
    }
    echo.push_back('}');
  }
  const auto parcels = params.find("parcels");
  if (parcels == fields::npos)
    return refuse_field(c, "parcels", "This field is required.");
  if (params.kind_of(parcels) != fields::kind::array || !params.has("parcels.0"))
    return refuse_field(c, "parcels", "This list may not be empty.");
  if (params.kind_of(params.find("parcels.0")) == fields::kind::object) {
    for (const auto part :
         {"parcels.0.length"sv, "parcels.0.width"sv, "parcels.0.height"sv,
          "parcels.0.distance_unit"sv, "parcels.0.weight"sv, "parcels.0.mass_unit"sv}) {
      const auto at = params.find(part);
      if (at == fields::npos || params.kind_of(at) != fields::kind::text ||
          params.value(at).empty())
        return refuse_field(c, "parcels",
                            "A parcel needs length, width, height, distance_unit, "
                            "weight and mass_unit, all of them strings.");
    }
  }
  if (const auto refused = refused_shipment(params))
    return refuse_field(c, refused->field, refused->text);
  const auto metadata = params.get("metadata");
  if (metadata.size() > metadata_size_max)
    return refuse_field(c, "metadata", "Ensure this field has no more than 100 characters.");

  shipment s;
  s.created = c.now;
  s.metadata = metadata;
  s.purchase_refusal = refused_purchase(params);
  const auto zip = params.get("address_to.zip");
  if (zip == "00000" || c.mode() == fault_effect::refuse)
    s.to = shipment::destination::no_rates;
  else if (zip == "00001")
    s.to = shipment::destination::undeliverable;
  if (zip == "00002" || zip == "00004")
    s.track = zip == "00002" ? "TRANSIT" : "DELIVERED";
  const auto number = shipments_.add(std::move(s));
  note(c, effect_kind::shipment, number, metadata, 0, zip);

  const auto& stored = *shipments_.find(number);
  c.reply.status = 201;
  auto& out = c.reply.body;
  out.reserve(1'536);
  append_shipment_head(out, number, stored);
  out.append(echo);
  append_rates(out, number, stored);
  out.push_back('}');
}

// --- labels ----------------------------------------------------------------------------------

std::string_view shippo::status_of(const label& l, unix_ms now) {
  if (now < l.ready_at)
    return "QUEUED";
  if (!l.error_code.empty() || !l.error_text.empty())
    return "ERROR";
  if (const auto* r = refunds_.find(l.refund)) {
    if (now < r->ready_at)
      return "REFUNDPENDING";
    return r->is_rejected ? "REFUNDREJECTED" : "REFUNDED";
  }
  return "SUCCESS";
}

unix_ms shippo::updated_at(const label& l, unix_ms now) {
  auto last = now >= l.ready_at ? std::max(l.created, l.ready_at) : l.created;
  if (const auto* r = refunds_.find(l.refund))
    last = now >= r->ready_at ? r->ready_at : r->created;
  return last;
}

void shippo::append_label(std::string& out, std::uint64_t number, const label& l, unix_ms now) {
  const auto status = status_of(l, now);
  const bool bought = status != "ERROR" && status != "QUEUED";
  out.append(R"({"object_id":")");
  shared_.names.append_shippo(out, ids::shippo_kind::transaction, number);
  out.append(R"(","object_state":"VALID","object_created":")");
  append_iso_time(out, l.created);
  out.append(R"(","object_updated":")");
  append_iso_time(out, updated_at(l, now));
  out.append(R"(","status":")").append(status);
  out.append(R"(","rate":")");
  shared_.names.append_shippo(out, ids::shippo_kind::rate, l.shipment, l.rate);
  out.append(R"(","metadata":)");
  append_json(out, l.metadata);
  out.append(R"(,"test":true,"tracking_status":"UNKNOWN")");
  if (bought) {
    // 92 and 20 digits: the shape of a USPS number.
    std::string digits = std::to_string(number);
    digits.insert(0, digits.size() < 20 ? 20 - digits.size() : 0, '0');
    if (now < l.tracked_at) {
      out.append(R"(,"tracking_number":null,"tracking_url_provider":null,"label_url")");
      out.append(R"(:"https://deliver.goshippo.com/mock/)");
    } else {
      out.append(R"(,"tracking_number":"92)").append(digits);
      out.append(
          R"(","tracking_url_provider":"https://tools.usps.com/go/TrackConfirmAction?tLabels=92)");
      out.append(digits);
      out.append(R"(","label_url":"https://deliver.goshippo.com/mock/)");
    }
    shared_.names.append_shippo(out, ids::shippo_kind::transaction, number);
    out.append(R"(.pdf","label_file_type":")").append(file_types[l.file_type]);
    out.append(R"(","messages":[]})");
    return;
  }
  out.append(R"(,"tracking_number":"","tracking_url_provider":"","label_url":"","messages":[)");
  if (status == "ERROR") {
    out.append(R"({"source":"USPS","code":)");
    append_json(out, l.error_code);
    out.append(R"(,"text":)");
    append_json(out, l.error_text);
    out.push_back('}');
  }
  out.append("]}");
}

void shippo::create_label(call& c) {
  const auto& params = shared_.params;
  for (std::size_t i = 1; i < params.size(); ++i) {
    const auto name = params.name(i);
    if (name != "rate" && name != "async" && name != "label_file_type" && name != "metadata")
      return refuse_field(c, name.substr(0, 100),
                          "Unknown field. (Instant labels are not part of the mock.)");
  }
  const auto rate = params.find("rate");
  if (rate == fields::npos)
    return refuse_field(c, "rate", "This field is required.");
  std::uint8_t index = 0;
  const auto number = shared_.names.read_shippo(ids::shippo_kind::rate, params.value(rate), &index);
  auto* s = number ? shipments_.find(*number) : nullptr;
  if (!s || s->to == shipment::destination::no_rates ||
      index >= std::clamp<std::size_t>(shared_.settings.shippo_rates, 1, quotes.size()))
    return refuse_field(c, "rate", "Rate with supplied object_id not found.");
  label l;
  if (const auto type = params.get("label_file_type"); !type.empty()) {
    const auto it = std::find(file_types.begin(), file_types.end(), type);
    if (it == file_types.end())
      return refuse_field(c, "label_file_type", "This is not a valid choice.");
    l.file_type = static_cast<std::uint8_t>(it - file_types.begin());
  }
  const auto metadata = params.get("metadata");
  if (metadata.size() > metadata_size_max)
    return refuse_field(c, "metadata", "Ensure this field has no more than 100 characters.");

  l.shipment = *number;
  l.previous_of_shipment = s->last_label;
  l.created = c.now;
  // `async` defaults to true.
  l.ready_at = params.get("async") == "false" ? c.now : c.now + shared_.settings.shippo_purchase_ms;
  l.metadata = metadata;
  l.rate = index;
  if (c.mode() == fault_effect::refuse) {
    l.error_code = c.hit->code;
    l.error_text = c.hit->text.empty() ? "The carrier refused the label." : c.hit->text;
  } else if (!s->purchase_refusal.empty()) {
    l.error_text = s->purchase_refusal;
  } else if (s->to == shipment::destination::undeliverable) {
    l.error_code = "address_not_deliverable";
    l.error_text = "The destination cannot be delivered to.";
  } else if (c.now - s->created > rate_life_ms) {
    l.error_code = "rate_expired";
    l.error_text = "The rate has expired.";
  }
  bool bought = l.error_code.empty() && l.error_text.empty();
  if (c.mode() == fault_effect::queued && bought) {
    l.ready_at = c.now + c.hit->late_ms;
    if (c.hit->outcome == queued_outcome::error) {
      l.error_code = c.hit->code;
      l.error_text = c.hit->text.empty() ? "The carrier refused the label." : c.hit->text;
    } else if (c.hit->outcome == queued_outcome::never) {
      l.ready_at = INT64_MAX;
    }
    bought = c.hit->outcome == queued_outcome::success;
  }
  if (c.mode() == fault_effect::untracked)
    l.tracked_at = c.hit->outcome == queued_outcome::success ? c.now + c.hit->late_ms : INT64_MAX;
  const auto made = labels_.add(std::move(l));
  s->last_label = made;
  tell("transaction_created", made, c.now);
  plan_moves(made, *labels_.find(made));
  if (bought)
    note(c, effect_kind::label, made, metadata.empty() ? s->metadata : metadata,
         (*number << 8) | index);
  c.reply.status = 201;
  c.reply.body.reserve(768);
  append_label(c.reply.body, made, *labels_.find(made), c.now);
}

void shippo::list_labels(call& c) {
  auto& query = shared_.query;
  query.clear();
  std::int64_t page = 1;
  std::int64_t results = 25;
  if (!query.add_form(c.query))
    return refuse_field(c, "detail", "Malformed query.");
  for (std::size_t i = 0; i < query.size(); ++i) {
    const auto name = query.name(i);
    if (name == "page" || name == "results") {
      std::int64_t value = 0;
      if (!read_integer(query.value(i), value) || value < 1 || value > 1'000'000)
        return refuse_field(c, name, "A positive integer is required.");
      (name == "page" ? page : results) = value;
    } else if (name != "rate" && name != "object_status" && name != "tracking_status") {
      // Unknown filters (metadata!) are ignored, as by the real list: a client that relies on one
      // sees every label.
      continue;
    }
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::shippo)];
  results = std::min(results, results_max);
  if (manner.page_size_max > 0)
    results = std::min(results, manner.page_size_max);
  const auto rate = manner.ignores_filter ? std::string_view() : query.get("rate");
  const auto wanted = query.get("object_status");
  const auto tracking = query.get("tracking_status");
  std::uint8_t index = 0;
  std::optional<std::uint64_t> of;
  if (!rate.empty()) {
    of = shared_.names.read_shippo(ids::shippo_kind::rate, rate, &index);
    if (!of)
      of = 0; // no such rate: an empty list
  }
  c.reply.status = 200;
  auto& out = c.reply.body;
  const auto matches = [&](const label& l) {
    return (!of || l.rate == index) && (wanted.empty() || wanted == status_of(l, c.now)) &&
           (tracking.empty() || tracking == "UNKNOWN");
  };
  const auto first = (page - 1) * results;
  std::vector<std::uint64_t> found; // What the pages up to this one hold, and one more.
  const auto enough = static_cast<std::size_t>(first + results + 1);
  if (manner.oldest_first && !of) {
    for (auto number = labels_.first(); number <= labels_.last() && found.size() < enough; ++number)
      if (matches(*labels_.find(number)))
        found.push_back(number);
  } else {
    const auto* s = of ? shipments_.find(*of) : nullptr;
    auto number = of ? (s ? s->last_label : 0) : labels_.last();
    while (const auto* l = labels_.find(number)) {
      if (found.size() == enough && !manner.oldest_first)
        break;
      if (matches(*l))
        found.push_back(number);
      number = of ? l->previous_of_shipment : number - 1;
    }
    if (manner.oldest_first)
      std::reverse(found.begin(), found.end());
  }
  const bool more = found.size() >= enough;
  std::string items;
  for (auto i = static_cast<std::size_t>(first);
       i < std::min(found.size(), static_cast<std::size_t>(first + results)); ++i) {
    if (!items.empty())
      items.push_back(',');
    append_label(items, found[i], *labels_.find(found[i]), c.now);
  }
  const auto link = [&](std::string_view name, bool present, std::int64_t to) {
    out.append("\"").append(name).append("\":");
    if (!present) {
      out.append("null,");
      return;
    }
    std::string url = "/transactions?page=";
    append_number(url, to);
    url.append("&results=");
    append_number(url, results);
    if (!rate.empty())
      url.append("&rate=").append(of == 0 ? "" : rate);
    append_json(out, url);
    out.push_back(',');
  };
  out.assign("{");
  link("next", more, page + 1);
  link("previous", page > 1, page - 1);
  out.append(R"("results":[)").append(items).append("]}");
}

// --- refunds ---------------------------------------------------------------------------------

void shippo::append_refund(std::string& out, std::uint64_t number, const refund& r,
                           unix_ms now) const {
  out.append(R"({"object_id":")");
  shared_.names.append_shippo(out, ids::shippo_kind::refund, number);
  out.append(R"(","object_created":")");
  append_iso_time(out, r.created);
  const auto* status = now < r.ready_at ? "PENDING" : r.is_rejected ? "ERROR" : "SUCCESS";
  out.append(R"(","status":")").append(status);
  out.append(R"(","transaction":")");
  shared_.names.append_shippo(out, ids::shippo_kind::transaction, r.label);
  out.append(R"(","test":true})");
}

void shippo::create_refund(call& c) {
  const auto& params = shared_.params;
  for (std::size_t i = 1; i < params.size(); ++i)
    if (params.name(i) != "transaction" && params.name(i) != "async")
      return refuse_field(c, params.name(i).substr(0, 100), "Unknown field.");
  const auto id = params.find("transaction");
  if (id == fields::npos)
    return refuse_field(c, "transaction", "This field is required.");
  const auto number = shared_.names.read_shippo(ids::shippo_kind::transaction, params.value(id));
  auto* l = number ? labels_.find(*number) : nullptr;
  if (!l)
    return refuse_field(c, "transaction", "Transaction with supplied object_id not found.");
  if (c.mode() == fault_effect::refuse || !l->error_text.empty() || !l->error_code.empty())
    return refuse_field(c, "transaction", "This transaction cannot be refunded.");
  if (refunds_.find(l->refund))
    return refuse_field(c, "transaction", "A refund was already requested for this transaction.");
  refund wanted{*number, c.now, c.now + shared_.settings.shippo_purchase_ms};
  if (c.mode() == fault_effect::pending) {
    const bool is_decided = c.hit->outcome != queued_outcome::never;
    wanted.ready_at = is_decided ? c.now + c.hit->late_ms : INT64_MAX;
    wanted.is_rejected = c.hit->outcome == queued_outcome::error;
  }
  const auto made = refunds_.add(wanted);
  l->refund = made;
  note(c, effect_kind::label_refund, made, l->metadata);
  tell("transaction_updated", *number, c.now);
  if (shared_.told.is_on() && wanted.ready_at != INT64_MAX)
    moves_.emplace(wanted.ready_at, move{*number, {}});
  c.reply.status = 201;
  append_refund(c.reply.body, made, *refunds_.find(made), c.now);
}

// --- webhooks --------------------------------------------------------------------------------

void shippo::tell(std::string_view event, std::uint64_t number, unix_ms at) {
  const auto* l = shared_.told.is_on() ? labels_.find(number) : nullptr;
  if (!l)
    return;
  notice n;
  n.vendor = vendor_id::shippo;
  n.at = at;
  n.target = "/webhooks/shippo";
  n.headers = json_content();
  auto& out = n.body;
  out.append(R"({"event":")").append(event).append(R"(","test":true,"data":)");
  append_label(out, number, *l, at);
  out.push_back('}');
  shared_.told.add(std::move(n));
}

void shippo::plan_moves(std::uint64_t number, const label& l) {
  const auto& pace = shared_.settings;
  const bool is_bought = l.error_code.empty() && l.error_text.empty();
  if (!shared_.told.is_on() || l.ready_at == INT64_MAX)
    return;
  if (l.ready_at > l.created)
    moves_.emplace(l.ready_at, move{number, {}});
  if (!is_bought || l.tracked_at == INT64_MAX || pace.transit_ms <= 0)
    return;
  const auto from = std::max(l.ready_at, l.tracked_at);
  moves_.emplace(from, move{number, "PRE_TRANSIT"});
  moves_.emplace(from + pace.transit_ms, move{number, "TRANSIT"});
  if (pace.delivery_ms > 0)
    moves_.emplace(from + pace.transit_ms + pace.delivery_ms, move{number, "DELIVERED"});
}

void shippo::settle(unix_ms now) {
  while (!moves_.empty() && moves_.begin()->first <= now) {
    const auto [at, what] = *moves_.begin();
    moves_.erase(moves_.begin());
    const auto* l = labels_.find(what.label);
    if (!l)
      continue; // Forgotten.
    if (what.status.empty())
      tell("transaction_updated", what.label, at);
    else if (status_of(*l, at) == "SUCCESS")
      tell_track(what.label, *l, what.status, at);
  }
}

void shippo::tell_track(std::uint64_t number, const label& l, std::string_view status, unix_ms at) {
  notice n;
  n.vendor = vendor_id::shippo;
  n.at = at;
  n.target = "/webhooks/shippo";
  n.headers = json_content();
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 20 ? 20 - digits.size() : 0, '0');
  auto& out = n.body;
  const auto carrier = quotes[l.rate].provider == "UPS" ? "ups"sv : "usps"sv;
  out.append(R"({"event":"track_updated","test":true,"carrier":")").append(carrier);
  out.append(R"(","data":{"carrier":")").append(carrier).append(R"(",)");
  out.append(R"("tracking_number":"92)").append(digits).append(R"(","transaction":")");
  shared_.names.append_shippo(out, ids::shippo_kind::transaction, number);
  out.append(R"(","metadata":)");
  append_json(out, l.metadata);
  out.append(R"(,"test":true,"tracking_status":)");
  append_standing(out, number, {status, at});
  out.append("}}");
  shared_.told.add(std::move(n));
}

} // namespace orderhub::providers::mock
