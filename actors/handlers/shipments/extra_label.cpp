#include "actors/handlers/shipments/extra_label.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/shipments/label_refund.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/void_label.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

namespace shippo = providers::shippo;

constexpr std::uint8_t extra_version = 1;
/// A step's attempt is not longer.
constexpr std::size_t attempt_size_max = 64;

} // namespace

void void_extra_labels(durable::context ctx, shippo::label_outcome& bought) {
  int number = 1;
  for (const auto& transaction : std::exchange(bought.extra_ids, {})) {
    byte_writer w(64);
    w.u8(extra_version);
    w.u32(static_cast<std::uint32_t>(number++));
    w.str16(transaction);
    ctx.send(ctx.object(), "VoidExtraLabel", w.take());
  }
}

durable::handler_task void_extra_label_once(durable::context ctx, std::string body,
                                            settings_ptr settings) {
  ctx.shield();
  byte_reader r(body);
  const auto version = r.u8();
  const auto number = r.u32();
  const std::string transaction(r.str16());
  if (version != extra_version || !r.done())
    co_return fail({error_kind::corrupt, "extra_label", "it cannot be read"});

  // 1. It is voided by its exact id.
  shippo::void_request request;
  const auto from = transaction.size() - std::min(transaction.size(), attempt_size_max);
  request.ref = ctx.step("void_extra", transaction.substr(from));
  request.transaction_id = transaction;
  auto give_back = shippo::void_label(request);
  auto voided = co_await ctx.effect(std::move(give_back));

  // 2. Either way a person hears of it, and the order shows it.
  std::string step = "label_twice";
  if (number > 1)
    step += '_' + std::to_string(number);
  std::string why =
      voided ? std::string(bought_twice_and_voided) : "bought twice, and not voided: ";
  why += transaction;
  if (!voided)
    why += ": " + voided.error().message;
  if (voided)
    follow_label_refund(ctx, *voided, transaction);
  co_await call_a_person(ctx, std::move(settings), step, why);
  order_facts told;
  told.attention[step] = why;
  report_facts(ctx, told);
  co_return std::string("null");
}

} // namespace orderhub::handlers
