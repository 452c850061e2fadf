#include "actors/handlers/orders/refund_fact.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

/// Any rule that does not depend on the order will do where both are as far.
auto rank_of(const refund_fact& r) {
  return std::tie(r.state, r.number, r.attempt, r.amount, r.refund_id, r.reason, r.why);
}

} // namespace

void put(byte_writer& w, const refund_facts& refunds) {
  w.u16(static_cast<std::uint16_t>(refunds.size()));
  for (const auto& [id, r] : refunds) {
    w.str8(id);
    w.u32(r.number);
    w.u32(r.attempt);
    w.u8(static_cast<std::uint8_t>(r.state));
    w.i64(r.amount);
    w.str32(r.reason);
    w.str32(r.refund_id);
    w.str32(r.why);
  }
}

refund_facts get_refunds(byte_reader& r) {
  refund_facts refunds;
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    auto id = std::string(r.str8());
    refund_fact f;
    f.number = r.u32();
    f.attempt = r.u32();
    f.state = static_cast<refund_state>(r.u8());
    f.amount = r.i64();
    f.reason = std::string(r.str32());
    f.refund_id = std::string(r.str32());
    f.why = std::string(r.str32());
    refunds.insert_or_assign(std::move(id), std::move(f));
  }
  return refunds;
}

refund_facts merge(const refund_facts& a, const refund_facts& b) {
  auto merged = a;
  for (const auto& [id, refund] : b) {
    const auto [mine, is_new] = merged.emplace(id, refund);
    if (!is_new && rank_of(mine->second) < rank_of(refund))
      mine->second = refund;
  }
  return merged;
}

void put(byte_writer& w, const cancel_refunds& rounds) {
  w.u16(static_cast<std::uint16_t>(rounds.size()));
  for (const auto& [round, r] : rounds) {
    w.u32(round);
    w.u8(static_cast<std::uint8_t>(r.state));
    w.i64(r.amount);
  }
}

cancel_refunds get_cancel_refunds(byte_reader& r) {
  cancel_refunds rounds;
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    const auto round = r.u32();
    const auto state = static_cast<refund_state>(r.u8());
    rounds[round] = {state, r.i64()};
  }
  return rounds;
}

cancel_refunds merge(const cancel_refunds& a, const cancel_refunds& b) {
  auto merged = a;
  for (const auto& [round, refund] : b) {
    auto& mine = merged[round];
    if (std::tie(mine.state, mine.amount) < std::tie(refund.state, refund.amount))
      mine = refund;
  }
  return merged;
}

std::int64_t standing_sum(const cancel_refunds& rounds) {
  std::int64_t sum = 0;
  for (const auto& [round, r] : rounds)
    if (r.state == refund_state::accepted || r.state == refund_state::made)
      sum += r.amount;
  return sum;
}

std::int64_t standing_sum(const refund_facts& refunds, std::uint32_t attempt) {
  std::int64_t sum = 0;
  for (const auto& [id, r] : refunds)
    if (r.attempt == attempt && r.stands())
      sum += r.amount;
  return sum;
}

bool is_refund_open(const refund_facts& refunds, std::uint32_t attempt) {
  return std::any_of(refunds.begin(), refunds.end(), [&](const auto& entry) {
    const auto& r = entry.second;
    return r.attempt == attempt &&
           (r.state == refund_state::asked || r.state == refund_state::accepted);
  });
}

std::string step_of(const refund_fact& r) {
  return "refund_order." + std::to_string(r.number);
}

const refund_fact* refund_of(const refund_facts& refunds, std::string_view step) {
  const auto of_step = std::find_if(refunds.begin(), refunds.end(), [&](const auto& entry) {
    return step_of(entry.second) == step;
  });
  return of_step == refunds.end() ? nullptr : &of_step->second;
}

bool is_followed_by_another(const refund_facts& refunds, const refund_fact& refund) {
  return std::any_of(refunds.begin(), refunds.end(), [&](const auto& entry) {
    return entry.second.number > refund.number && entry.second.stands();
  });
}

std::string_view name_of(refund_state state) {
  switch (state) {
  case refund_state::asked:
    return "asked";
  case refund_state::refused:
    return "refused";
  case refund_state::accepted:
    return "accepted";
  case refund_state::made:
    return "made";
  case refund_state::failed:
    return "failed";
  }
  return "unknown";
}

} // namespace orderhub::handlers
