#include "providers/mock/contracts/inventory.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using nlohmann::json;

constexpr std::string_view collection = "/v1/reservations";
constexpr std::string_view one = "/v1/reservations/";
constexpr std::string_view requests = "/v1/requests/";
constexpr std::size_t items_max = 1'000;
constexpr std::size_t products_max = 50;
constexpr std::size_t product_size_max = 1'000;
constexpr std::int64_t quantity_max = 1'000'000'000'000'000;
constexpr std::array<std::string_view, 4> state_names = {"held", "committed", "released",
                                                         "expired"};

std::string text_in(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

} // namespace

call_id inventory::route(std::string_view method, std::string_view path) {
  std::string_view reference;
  std::string_view verb;
  if (method == "GET") {
    if (path == "/v1/stock")
      return call_id::inventory_stock;
    if (path.starts_with(requests))
      return call_id::inventory_request;
    return split_reference(path, one, reference, verb) && verb.empty() ? call_id::inventory_read
                                                                       : call_id::inventory_other;
  }
  if (method != "POST")
    return call_id::inventory_other;
  if (path == collection)
    return call_id::inventory_reserve;
  if (split_reference(path, one, reference, verb))
    return verb == "commit"    ? call_id::inventory_commit
           : verb == "release" ? call_id::inventory_release
                               : call_id::inventory_other;
  return call_id::inventory_other;
}

void inventory::handle(call& c) {
  if (!contract_keys::admit(c))
    return;
  if (c.what == call_id::inventory_other)
    return contract_keys::refuse(c, 404, "unknown_path", "There is no such path or method.");
  if (c.request.method == "GET")
    return get(c);
  if (!keys_.begin(c, shared_.replays[static_cast<std::size_t>(c.what)]))
    return;
  post(c);
  keys_.end(c);
}

void inventory::get(call& c) {
  if (c.what == call_id::inventory_request)
    return keys_.answer_for(c, c.path.substr(requests.size()));
  if (c.what == call_id::inventory_stock)
    return list_stock(c);
  const auto known = reservations_.find(c.path.substr(one.size()));
  if (known == reservations_.end())
    return contract_keys::refuse(c, 404, "unknown_reservation", "There is no such reservation.");
  answer(c, 200, known->first, known->second);
}

void inventory::post(call& c) {
  if (c.mode() == fault_effect::refuse)
    return contract_keys::refuse(
        c, 409, c.hit->code.empty() ? std::string_view("out_of_stock") : c.hit->code,
        c.hit->text.empty() ? std::string_view("Refused.") : c.hit->text);
  if (c.what == call_id::inventory_reserve)
    return reserve(c);
  std::string_view reference;
  std::string_view verb;
  split_reference(c.path, one, reference, verb);
  const auto known = reservations_.find(reference);
  if (known == reservations_.end())
    return contract_keys::refuse(c, 404, "unknown_reservation", "There is no such reservation.");
  take_metadata(known->second, c.request.body);
  if (c.what == call_id::inventory_commit)
    commit(c, known->second, known->first);
  else
    release(c, known->second, known->first);
}

void inventory::reserve(call& c) {
  const auto body = json::parse(c.request.body, nullptr, false);
  const auto invalid = [&](const std::string& field, std::string_view message) {
    contract_keys::refuse(c, 400, "invalid_request", message, field);
  };
  const auto reference = text_in(body, "reference");
  if (!is_reference(reference))
    return invalid("reference", "must be 1 to 100 of A-Z a-z 0-9 . _ ~ -");
  const auto items = body.find("items");
  if (items == body.end() || !items->is_array() || items->empty() || items->size() > items_max)
    return invalid("items", "must be a list of 1 to 1000");
  reservation wanted;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto& item = (*items)[i];
    const auto at = "items." + std::to_string(i);
    if (!item.is_object())
      return invalid(at, "must be an object");
    line l{text_in(item, "product_id"), 0};
    if (l.product.empty() || l.product.size() > product_size_max)
      return invalid(at + ".product_id", "must be a text of 1 to 1000 characters");
    if (std::any_of(wanted.items.begin(), wanted.items.end(),
                    [&](const line& other) { return other.product == l.product; }))
      return invalid(at + ".product_id", "must be named once");
    const auto quantity = item.find("quantity");
    if (quantity == item.end() || !quantity->is_number_integer() || quantity->get<double>() < 1 ||
        quantity->get<double>() > static_cast<double>(quantity_max))
      return invalid(at + ".quantity", "must be an integer from 1");
    l.quantity = quantity->get<std::int64_t>();
    wanted.items.push_back(std::move(l));
  }
  take_metadata(wanted, c.request.body);

  const auto known = reservations_.find(reference);
  const bool stands = known != reservations_.end() &&
                      (known->second.is == state::held || known->second.is == state::committed);
  if (stands) {
    if (known->second.items == wanted.items)
      return answer(c, 200, reference, known->second);
    return contract_keys::refuse(c, 409, "reference_in_use",
                                 "The reference stands for other items.");
  }
  if (!take(c, wanted.items))
    return;
  wanted.number = ++made_;
  if (known == reservations_.end()) {
    oldest_.push_back(reference);
    if (shared_.settings.objects_max != 0 && oldest_.size() > shared_.settings.objects_max) {
      reservations_.erase(oldest_.front());
      oldest_.pop_front();
    }
  }
  const auto& kept = reservations_.insert_or_assign(reference, std::move(wanted)).first->second;
  note(effect_kind::reservation, kept, c);
  answer(c, 201, reference, kept);
}

void inventory::commit(call& c, reservation& r, const std::string& reference) {
  if (r.is == state::released)
    return contract_keys::refuse(c, 409, "not_held", "The reservation was released.");
  if (r.is == state::expired) {
    if (!take(c, r.items))
      return;
    note(effect_kind::reservation, r, c);
  }
  if (r.is != state::committed) {
    r.is = state::committed;
    note(effect_kind::stock_commit, r, c);
  }
  answer(c, 200, reference, r);
}

void inventory::release(call& c, reservation& r, const std::string& reference) {
  if (r.is == state::held || r.is == state::committed) {
    give_back(r.items);
    note(effect_kind::stock_release, r, c);
    r.is = state::released;
  }
  answer(c, 200, reference, r);
}

void inventory::list_stock(call& c) {
  auto& query = shared_.query;
  query.clear();
  bool good = query.add_form(c.query) && query.size() > 0 && query.size() <= products_max;
  json list = json::array();
  for (std::size_t i = 0; good && i < query.size(); ++i) {
    good = query.name(i) == "product_id" && !query.value(i).empty();
    if (!query.value(i).starts_with("missing"))
      list.push_back(
          {{"product_id", query.value(i)}, {"available", stock_of(std::string(query.value(i)))}});
  }
  if (!good)
    return contract_keys::refuse(c, 400, "invalid_request", "takes product_id, 1 to 50 times",
                                 "product_id");
  c.reply.status = 200;
  c.json_header();
  c.reply.body =
      json{{"items", std::move(list)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::int64_t& inventory::stock_of(const std::string& product) {
  const auto start = product.starts_with("missing") ? std::int64_t{0} : stock_default;
  return stock_.try_emplace(product, start).first->second;
}

bool inventory::take(call& c, const std::vector<line>& items) {
  std::vector<line> lines;
  std::vector<std::int64_t> available;
  for (const auto& item : items)
    if (const auto there = stock_of(item.product); there < item.quantity) {
      lines.push_back(item);
      available.push_back(there);
    }
  if (!lines.empty()) {
    refuse_short(c, lines, available);
    return false;
  }
  for (const auto& item : items)
    stock_of(item.product) -= item.quantity;
  return true;
}

void inventory::give_back(const std::vector<line>& items) {
  for (const auto& item : items)
    stock_of(item.product) += item.quantity;
}

void inventory::refuse_short(call& c, const std::vector<line>& lines,
                             const std::vector<std::int64_t>& available) {
  json list = json::array();
  for (std::size_t i = 0; i < lines.size(); ++i)
    list.push_back({{"product_id", lines[i].product},
                    {"requested", lines[i].quantity},
                    {"available", available[i]}});
  c.reply.status = 409;
  c.json_header();
  c.reply.body = json{{"error",
                       {{"code", "out_of_stock"},
                        {"message", "There is less than wanted."},
                        {"lines", std::move(list)}}}}
                     .dump(-1, ' ', false, json::error_handler_t::replace);
}

void inventory::answer(call& c, int status, const std::string& reference, const reservation& r) {
  json items = json::array();
  for (const auto& item : r.items)
    items.push_back({{"product_id", item.product}, {"quantity", item.quantity}});
  c.reply.status = status;
  c.json_header();
  c.reply.body = json{{"reference", reference},
                      {"state", state_names.at(static_cast<std::size_t>(r.is))},
                      {"items", std::move(items)}}
                     .dump(-1, ' ', false, json::error_handler_t::replace);
}

void inventory::note(effect_kind kind, const reservation& r, const call& c) {
  shared_.effects.add({.kind = kind,
                       .number = r.number,
                       .order_id = r.order_id,
                       .step = r.step,
                       .attempt = r.attempt,
                       .at_ms = c.now,
                       .request_number = c.request_number});
}

void inventory::take_metadata(reservation& r, std::string_view body) const {
  const auto document = json::parse(body, nullptr, false);
  const auto metadata = document.find("metadata");
  if (metadata == document.end() || !metadata->is_object())
    return;
  if (auto order = text_in(*metadata, "order_id"); !order.empty())
    r.order_id = std::move(order);
  r.step = text_in(*metadata, "step");
  r.attempt = attempt_of(text_in(*metadata, "attempt"));
}

void inventory::set_stock(const std::string& product, std::int64_t available) {
  stock_of(product) = available;
}

bool inventory::expire(std::string_view order_id, unix_ms now, std::uint64_t request_number) {
  bool any = false;
  for (auto& [reference, r] : reservations_) {
    if (r.order_id != order_id || r.is != state::held)
      continue;
    r.is = state::expired;
    give_back(r.items);
    shared_.effects.add({.kind = effect_kind::stock_release,
                         .number = r.number,
                         .order_id = r.order_id,
                         .step = "expired",
                         .at_ms = now,
                         .request_number = request_number});
    any = true;
  }
  return any;
}

} // namespace orderhub::providers::mock
