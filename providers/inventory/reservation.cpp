#include "providers/inventory/reservation.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::inventory {

namespace {

using nlohmann::json;

constexpr std::size_t lines_max = 1'000;
constexpr std::size_t product_size_max = 1'000;

struct named_status {
  stock_status status;
  std::string_view name;
};
constexpr std::array<named_status, 5> names = {{
    {stock_status::held, "held"},
    {stock_status::committed, "committed"},
    {stock_status::released, "released"},
    {stock_status::out_of_stock, "out_of_stock"},
    {stock_status::not_held, "not_held"},
}};

std::string_view name_of(stock_status status) {
  for (const auto& [value, name] : names)
    if (value == status)
      return name;
  return {};
}

/// The lines that a refusal calls short; those that cannot be read are left out.
std::vector<short_line> read_lines(const json* list) {
  std::vector<short_line> lines;
  if (list == nullptr || !list->is_array())
    return lines;
  for (const auto& entry : *list) {
    const auto wanted = integer_of(entry, "requested");
    const auto available = integer_of(entry, "available");
    auto product = text_of(entry, "product_id");
    if (product.empty() || product.size() > product_size_max || !wanted || !available ||
        lines.size() >= lines_max)
      continue;
    lines.push_back({std::move(product), *wanted, *available});
  }
  return lines;
}

stock_outcome out_of_stock(const http_response& response) {
  const auto body = pick<json>(response.body, {"error"});
  const json* error = body ? member(*body, "error") : nullptr;
  return {stock_status::out_of_stock,
          read_lines(error == nullptr ? nullptr : member(*error, "lines"))};
}

std::optional<json> read_reservation(const http_response& response) {
  return pick<json>(response.body, {"reference", "state", "items"});
}

bool has_items(const json& reservation, const json& wanted) {
  const json* items = member(reservation, "items");
  if (items == nullptr || !items->is_array() || items->size() != wanted.size())
    return false;
  return std::all_of(wanted.begin(), wanted.end(), [&](const json& line) {
    return std::any_of(items->begin(), items->end(), [&](const json& item) {
      return text_of(item, "product_id") == text_of(line, "product_id") &&
             integer_of(item, "quantity") == integer_of(line, "quantity");
    });
  });
}

} // namespace

std::string stock_outcome::encode() const {
  json object = {{"status", name_of(status)}};
  if (!lines.empty()) {
    object["lines"] = json::array();
    for (const auto& line : lines)
      object["lines"].push_back({{"product_id", line.product_id},
                                 {"requested", line.wanted},
                                 {"available", line.available}});
  }
  return dump(object);
}

result<stock_outcome> stock_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto status = text_of(object, "status");
  for (const auto& [value, name] : names)
    if (name == status)
      return stock_outcome{value, read_lines(member(object, "lines"))};
  return fail({error_kind::corrupt, "inventory", "outcome not readable"});
}

namespace wire {

result<std::string> parse(const http_response& response, std::string_view where,
                          stock_status wanted, stock_status unknown) {
  const auto code = response.status >= 400 ? contracts::code_in(response) : std::string();
  if (response.status == 409 && code == "out_of_stock")
    return out_of_stock(response).encode();
  if (response.status == 409 && code == "not_held" && wanted == stock_status::committed)
    return stock_outcome{stock_status::not_held}.encode();
  if (response.status == 404 && code == "unknown_reservation" && wanted != stock_status::held)
    return stock_outcome{unknown}.encode();
  if (response.status != 200 && response.status != 201)
    return fail(contracts::classify_write(response, where));
  const auto object = read_reservation(response);
  const auto state = object ? text_of(*object, "state") : std::string();
  const bool is_sold_before = // By an earlier request for the same reference.
      wanted == stock_status::held && state == name_of(stock_status::committed);
  const bool has_lapsed = wanted == stock_status::released && state == "expired"; // Free already.
  if (!object || text_of(*object, "reference").empty() ||
      (state != name_of(wanted) && !is_sold_before && !has_lapsed))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return stock_outcome{is_sold_before ? stock_status::committed : wanted}.encode();
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = read_reservation(response);
  const auto asked = json::parse(sent.request.body, nullptr, false);
  if (!object)
    return false;
  const auto reference = text_of(*object, "reference");
  if (const json* items = member(asked, "items"))
    return reference == text_of(asked, "reference") && has_items(*object, *items);
  return !reference.empty() &&
         sent.request.target.starts_with("/v1/reservations/" + reference + '/');
}

std::string target_of(const step_ref& ref, std::string_view verb) {
  return "/v1/reservations/" + contracts::reference_of(ref) + '/' + std::string(verb);
}

std::string body_of(const step_ref& ref) {
  return dump(json{{"metadata", contracts::metadata_of<json>(ref)}});
}

} // namespace wire

} // namespace orderhub::providers::inventory
