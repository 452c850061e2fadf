#include "actors/handlers/shipments/restored_labels.hpp"

#include "journal/base/bytes.hpp"
#include "providers/shippo/list_labels.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
namespace shippo = providers::shippo;

namespace {

constexpr std::uint8_t version = 1;
using standing = shippo::label_standing;

/// How the reading ended.
struct label_scan {
  std::string too_long;             ///< Why it is not whole; empty where it is.
  std::vector<std::string> digests; ///< Of what may be a label.

  [[nodiscard]] std::string encode() const {
    byte_writer w(64 + 20 * digests.size());
    w.u8(version);
    w.str16(too_long);
    w.u32(static_cast<std::uint32_t>(digests.size()));
    for (const auto& digest : digests)
      w.str8(digest);
    return w.take();
  }
  static result<label_scan> decode(std::string_view bytes) {
    byte_reader r(bytes);
    const auto v = r.u8();
    label_scan scan;
    scan.too_long = r.str16();
    for (auto left = r.u32(); left > 0 && r.ok(); --left)
      scan.digests.emplace_back(r.str8());
    if (v != version || !r.done())
      return fail({error_kind::corrupt, "restored_labels", "the scan cannot be read"});
    return scan;
  }
};

unix_ms copied_at(const context& ctx) {
  unix_ms time = 0;
  const auto& key = ctx.key();
  std::from_chars(key.data(), key.data() + key.size(), time);
  return time;
}

forgotten_label forgotten_of(const shippo::listed_label& listed) {
  using kind = forgotten_label::kind;
  if (listed.standing == standing::bought || listed.standing == standing::running)
    return {kind::listed, listed.label.transaction_id};
  return {kind::unknown, "a transaction of this order is listed whose status cannot be read"};
}

/// Of several transactions of one attempt the strongest counts.
using found_labels = std::map<std::string, shippo::listed_label>;
void take(found_labels& found, const shippo::label_page& page, const std::string& since) {
  for (const auto& listed : page.labels) {
    if (listed.standing == standing::none || (!listed.created.empty() && listed.created < since))
      continue;
    const auto [at, is_new] = found.try_emplace(listed.digest, listed);
    if (!is_new && at->second.standing < listed.standing)
      at->second = listed;
  }
}

/// Reads the list from the newest on, until it is older than the copy.
durable::task<result<label_scan>> read_list(context ctx) {
  const auto since = shippo::created_text(copied_at(ctx) - restored_margin_ms);
  found_labels found;
  label_scan scan;
  bool whole = false;
  for (int number = 1; number <= restored_pages_max && !whole; ++number) {
    if (number > 1) {
      auto pause = ctx.sleep(restored_page_pause_ms);
      auto passed = co_await pause;
      if (!passed)
        co_return passed.failure();
    }
    auto list = shippo::list_labels(ctx.step("page", std::to_string(number)), number);
    auto page = co_await ctx.effect(std::move(list));
    if (!page)
      co_return page.failure();
    take(found, *page, since);
    whole = page->is_last || (!page->oldest.empty() && page->oldest < since);
  }
  if (!whole)
    scan.too_long = "more than " + std::to_string(restored_pages_max * shippo::labels_per_page) +
                    " labels were bought since the copy";
  for (const auto& [digest, listed] : found) {
    scan.digests.push_back(digest);
    ctx.set(digest, forgotten_of(listed).encode());
  }
  ctx.set("scanned", scan.encode());
  co_return scan;
}

/// The digests that a label of the order may have, of its attempts in turn.
std::vector<std::string> digests_of(const context& ctx, const std::string& order_id) {
  auto ref = ctx.step("label");
  ref.order_id = order_id;
  std::vector<std::string> digests;
  for (int attempt = 1; attempt <= restored_attempts_max; ++attempt) {
    ref.attempt = std::to_string(attempt);
    digests.push_back(shippo::label_digest(ref));
  }
  return digests;
}

handler_task find(context ctx, std::string order_id) {
  // 1. The list is read once, for all orders.
  auto known = co_await ctx.get("scanned");
  auto scan = known ? label_scan::decode(*known) : label_scan();
  if (!known)
    scan = co_await read_list(ctx);
  if (!scan && known)
    co_return scan.failure();
  if (!scan)
    co_return forgotten_label{forgotten_label::kind::unknown, scan.error().message}.encode();

  // 2. What it says of this order.
  auto answer = forgotten_label{forgotten_label::kind::none, {}};
  if (!scan->too_long.empty())
    answer = {forgotten_label::kind::unknown, scan->too_long};
  for (const auto& digest : digests_of(ctx, order_id)) {
    if (!std::binary_search(scan->digests.begin(), scan->digests.end(), digest))
      continue;
    auto text = co_await ctx.get(digest);
    auto found = forgotten_label::decode(text ? *text : std::string());
    if (!found)
      co_return found.failure();
    answer = std::move(*found);
    if (answer.what == forgotten_label::kind::listed)
      break;
  }
  co_return answer.encode();
}

} // namespace

std::string forgotten_label::encode() const {
  byte_writer w(16 + text.size());
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(what));
  w.str32(text);
  return w.take();
}

result<forgotten_label> forgotten_label::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  const auto what = r.u8();
  forgotten_label label;
  label.text = r.str32();
  if (v != version || what < 1 || what > 3 || !r.done())
    return fail({error_kind::corrupt, "restored_labels", "the answer cannot be read"});
  label.what = static_cast<kind>(what);
  return label;
}

durable::service_definition restored_labels_service() {
  durable::handler_definition h;
  h.internal = true;
  h.cancellable = false; // Others wait for it too.
  h.run = [](context ctx, std::string order_id) { return find(ctx, std::move(order_id)); };
  durable::service_definition service;
  service.handlers.emplace("Find", std::move(h));
  return service;
}

} // namespace orderhub::handlers
