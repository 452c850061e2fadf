#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::contracts {

// What the merchant's own services (inventory, warehouse, carrier) share on the wire. Source: the
// documents and the rules beside this file, which are ours.

/// So many of a product. A request names each product once.
struct item_line {
  std::string product_id;    ///< The shop's own, as the order has it.
  std::int64_t quantity = 0; ///< At least 1.

  friend bool operator==(const item_line&, const item_line&) = default;
};
/// The same with each product once, in the order of their first lines.
std::vector<item_line> summed(const std::vector<item_line>& lines);

/// By what the services know an order: the same for its reservation, pick ticket and pickup,
/// whichever object of the hub asks. Made of hub and order, `oh-` and 32 hexadecimal digits, so two
/// hubs on one service never meet, and any order key fits into a path.
std::string reference_of(const step_ref& ref);

/// The services remember a key for 7 days (rule K5); taken as six.
inline constexpr std::int64_t key_life_ms = std::int64_t{6} * 24 * 3'600'000;
inline constexpr std::int64_t deadline_ms = 15'000;
/// A request that has arrived is known by its key at once (rule L1), so this is for what is still
/// on its way.
inline constexpr std::int64_t absence_after_ms = 10'000;
inline constexpr std::string_view key_header = "Idempotency-Key";

/// How an operation reads its answers, those that are stored under a key too.
struct readers {
  std::string_view name; ///< The operation's, constant: `inventory.reserve`.
  result<std::string> (*parse)(const http_response&) = nullptr;
  bool (*is_about)(const sent_request&, const http_response&) = nullptr;
};

/// A POST that acts, under a key: repeated under it, and settled by asking for the key. The caller
/// adds `read_lookup`.
raw_operation keyed_post(const readers& read, std::string_view vendor, const step_ref& ref,
                         std::string target, std::string body);

/// What a request says of itself beside its subject: hub, order, step and attempt, as a JSON
/// object.
template <class Json>
Json metadata_of(const step_ref& ref) {
  return Json{
      {"hub", ref.hub}, {"order_id", ref.order_id}, {"step", ref.step}, {"attempt", ref.attempt}};
}

/// The code of a refusal: `{"error":{"code":"out_of_stock",…}}`. Empty where there is none.
std::string code_in(const http_response& response);

/// A refusal that the operation has no meaning of its own for. `rejected`: 409 with a code of the
/// contract. `done_before`: 422 `key_reused`, something was done under our key. `in_doubt`: 409
/// `key_in_use`, or without a code. Else as `kind_of_write`.
error classify_write(const http_response& response, std::string_view where);

/// `GET /v1/requests/{key}`.
http_request lookup(const sent_request& sent);
/// Reads what became of a key. The answer that is stored under it is read by the operation's own
/// parser. `absent`: 404 `unknown_key`, and nothing else.
lookup_finding read_lookup(const sent_request& sent, const http_response& response,
                           const readers& read);

} // namespace orderhub::providers::contracts
