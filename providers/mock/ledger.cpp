#include "providers/mock/ledger.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace orderhub::providers::mock {

namespace {

constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::size_t text_size_max = 255;
constexpr std::size_t step_size_max = 64;
// Steps are names in code; a client that makes them up at will gets them all noted as "…".
constexpr std::size_t steps_max = 1'000;

constexpr std::array<std::string_view, effect_kind_count> kind_names = {
    "charge",        "refund",      "cancel_intent", "shipment",   "label",         "label_refund",
    "mail",          "message",     "sms",           "deployment", "reservation",   "stock_commit",
    "stock_release", "pick_ticket", "pick_cancel",   "pickup",     "pickup_cancel", "custom_call"};
constexpr std::array<std::string_view, effect_kind_count> kind_vendors = {
    "stripe",    "stripe",    "stripe",    "shippo",  "shippo",    "shippo",
    "sendgrid",  "slack",     "twilio",    "github",  "inventory", "inventory",
    "inventory", "warehouse", "warehouse", "carrier", "carrier",   "custom"};

} // namespace

std::string_view name_of(effect_kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::uint16_t ledger::step_index(std::string_view step) {
  step = cut_text(step, step_size_max);
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (steps_[i] == step)
      return static_cast<std::uint16_t>(i);
  if (steps_.size() == steps_max)
    steps_.emplace_back("…");
  if (steps_.size() > steps_max)
    return static_cast<std::uint16_t>(steps_max);
  steps_.emplace_back(step);
  return static_cast<std::uint16_t>(steps_.size() - 1);
}

const char* ledger::keep(std::string_view order_id, std::string_view to) {
  const auto size = order_id.size() + to.size();
  if (chunks_.empty() || chunk_size - chunk_used_ < size) {
    chunks_.push_back(std::make_unique<char[]>(chunk_size));
    chunk_used_ = 0;
  }
  char* at = chunks_.back().get() + chunk_used_;
  std::copy(order_id.begin(), order_id.end(), at);
  std::copy(to.begin(), to.end(), at + order_id.size());
  chunk_used_ += size;
  return at;
}

void ledger::add(const effect& e) {
  ++totals_[static_cast<std::size_t>(e.kind)];
  const auto order_id = cut_text(e.order_id, text_size_max);
  switch (mode_) {
  case ledger_mode::off:
    return;
  case ledger_mode::counts: {
    auto it = counts_.find(std::string(order_id));
    if (it == counts_.end()) {
      if (counts_.size() >= effects_max_) {
        ++dropped_;
        return;
      }
      it = counts_.emplace(order_id, effect_counts{}).first;
    }
    ++it->second[static_cast<std::size_t>(e.kind)];
    return;
  }
  case ledger_mode::full:
    break;
  }
  if (records_.size() >= effects_max_) {
    ++dropped_;
    return;
  }
  const auto to = cut_text(e.to, text_size_max);
  constexpr std::int64_t attempt_max = std::numeric_limits<std::int32_t>::max();
  records_.push_back(record{
      .text = keep(order_id, to),
      .number = e.number,
      .amount = e.amount,
      .rate = e.rate,
      .at_ms = e.at_ms,
      .request_number = e.request_number,
      .attempt = static_cast<std::int32_t>(std::clamp(e.attempt, std::int64_t{-1}, attempt_max)),
      .step = step_index(e.step),
      .order_size = static_cast<std::uint8_t>(order_id.size()),
      .to_size = static_cast<std::uint8_t>(to.size()),
      .kind = e.kind});
}

effect ledger::at(std::size_t index) const {
  const auto& r = records_[index];
  return effect{.kind = r.kind,
                .number = r.number,
                .order_id = {r.text, r.order_size},
                .step = steps_[r.step],
                .to = {r.text + r.order_size, r.to_size},
                .attempt = r.attempt,
                .amount = r.amount,
                .rate = r.rate,
                .at_ms = r.at_ms,
                .request_number = r.request_number};
}

std::uint32_t ledger::count(std::string_view order_id, effect_kind kind) const {
  order_id = cut_text(order_id, text_size_max);
  if (mode_ == ledger_mode::counts) {
    const auto it = counts_.find(std::string(order_id));
    return it == counts_.end() ? 0 : it->second[static_cast<std::size_t>(kind)];
  }
  return static_cast<std::uint32_t>(
      std::count_if(records_.begin(), records_.end(), [&](const record& r) {
        return r.kind == kind && std::string_view(r.text, r.order_size) == order_id;
      }));
}

std::map<std::string, effect_counts, std::less<>> ledger::counts_by_order() const {
  std::map<std::string, effect_counts, std::less<>> all(counts_.begin(), counts_.end());
  for (const auto& r : records_) {
    const std::string_view order_id(r.text, r.order_size);
    auto it = all.find(order_id);
    if (it == all.end())
      it = all.emplace(order_id, effect_counts{}).first;
    ++it->second[static_cast<std::size_t>(r.kind)];
  }
  return all;
}

void ledger::append_effect(std::string& out, std::size_t index) const {
  const auto e = at(index);
  const auto kind = static_cast<std::size_t>(e.kind);
  out.append(R"({"vendor":")").append(kind_vendors[kind]);
  out.append(R"(","kind":")").append(kind_names[kind]);
  out.append(R"(","id":")");
  switch (e.kind) {
  case effect_kind::charge:
  case effect_kind::cancel_intent:
    ids_.append_stripe(out, "pi_", e.number);
    break;
  case effect_kind::refund:
    ids_.append_stripe(out, "re_", e.number);
    break;
  case effect_kind::shipment:
    ids_.append_shippo(out, ids::shippo_kind::shipment, e.number);
    break;
  case effect_kind::label:
    ids_.append_shippo(out, ids::shippo_kind::transaction, e.number);
    break;
  case effect_kind::label_refund:
    ids_.append_shippo(out, ids::shippo_kind::refund, e.number);
    break;
  case effect_kind::mail:
    ids_.append_mail(out, e.number);
    break;
  case effect_kind::message:
    append_slack_ts(out, static_cast<std::int64_t>(e.number));
    break;
  case effect_kind::sms:
    ids_.append_message(out, e.number);
    break;
  case effect_kind::deployment:
    append_number(out, static_cast<std::int64_t>(ids_.deployment_id(e.number)));
    break;
  case effect_kind::reservation:
  case effect_kind::stock_commit:
  case effect_kind::stock_release:
  case effect_kind::pick_ticket:
  case effect_kind::pick_cancel:
  case effect_kind::custom_call:
  case effect_kind::pickup:
  case effect_kind::pickup_cancel:
    append_number(out, static_cast<std::int64_t>(e.number));
    break;
  }
  out.append(R"(","order_id":)");
  append_json(out, e.order_id);
  out.append(R"(,"step":)");
  append_json(out, e.step);
  if (e.attempt >= 0) {
    out.append(R"(,"attempt":)");
    append_number(out, e.attempt);
  }
  if (e.amount >= 0) {
    out.append(R"(,"amount":)");
    append_number(out, e.amount);
  }
  if (e.kind == effect_kind::charge) {
    out.append(R"(,"charge":")");
    ids_.append_stripe(out, "ch_", e.number);
    out.push_back('"');
  }
  if (e.kind == effect_kind::label) {
    out.append(R"(,"rate":")");
    ids_.append_shippo(out, ids::shippo_kind::rate, e.rate >> 8,
                       static_cast<std::uint8_t>(e.rate & 255));
    out.push_back('"');
  }
  if (!e.to.empty()) {
    out.append(e.kind == effect_kind::message ? R"(,"channel":)" : R"(,"to":)");
    append_json(out, e.to);
  }
  out.append(R"(,"at_ms":)");
  append_number(out, e.at_ms);
  out.append(R"(,"request_number":)");
  append_number(out, static_cast<std::int64_t>(e.request_number));
  out.push_back('}');
}

} // namespace orderhub::providers::mock
