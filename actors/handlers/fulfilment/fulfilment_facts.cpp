#include "actors/handlers/fulfilment/fulfilment_facts.hpp"

#include "journal/base/bytes.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t facts_version = 1;
using texts = std::map<std::string, std::string, std::less<>>;

unix_ms earlier(unix_ms a, unix_ms b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

void put(byte_writer& w, const texts& all) {
  w.u16(static_cast<std::uint16_t>(all.size()));
  for (const auto& [name, text] : all) {
    w.str8(name);
    w.str32(text);
  }
}

texts get_texts(byte_reader& r) {
  texts all;
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    auto name = std::string(r.str8());
    all.insert_or_assign(std::move(name), std::string(r.str32()));
  }
  return all;
}

void put(byte_writer& w, const job_fact& j) {
  w.u8(static_cast<std::uint8_t>(j.stand));
  w.str16(j.reason);
  w.str8(j.awakeable);
}

job_fact get_job(byte_reader& r) {
  job_fact j;
  j.stand = static_cast<job_stand>(r.u8());
  j.reason = r.str16();
  j.awakeable = r.str8();
  return j;
}

job_fact merge(const job_fact& a, const job_fact& b) {
  job_fact j;
  j.stand = std::max(a.stand, b.stand);
  j.reason = std::max(a.reason, b.reason);
  j.awakeable = std::max(a.awakeable, b.awakeable);
  return j;
}

bool is_less(const std::vector<short_item>& a, const std::vector<short_item>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const short_item& x, const short_item& y) {
                                        return std::tie(x.product_id, x.wanted, x.available) <
                                               std::tie(y.product_id, y.wanted, y.available);
                                      });
}

void take_greater(texts& to, const texts& from) {
  for (const auto& [name, text] : from)
    if (auto& mine = to[name]; text > mine)
      mine = text;
}

/// What both say of one round.
fulfilment_facts merged_round(const fulfilment_facts& a, const fulfilment_facts& b) {
  fulfilment_facts f;
  f.round = a.round;
  f.goods = std::max(a.goods, b.goods);
  f.missing = is_less(a.missing, b.missing) ? b.missing : a.missing;
  f.ticket = merge(a.ticket, b.ticket);
  f.pickup = merge(a.pickup, b.pickup);
  f.tracking_number = std::max(a.tracking_number, b.tracking_number);
  f.tracking_url = std::max(a.tracking_url, b.tracking_url);
  f.ending = std::max(a.ending, b.ending);
  f.reason = std::max(a.reason, b.reason);
  f.undoing = std::max(a.undoing, b.undoing);
  f.ended = a.ended || b.ended;
  f.cancelling = a.cancelling || b.cancelling;
  f.cancelled = a.cancelled || b.cancelled;
  return f;
}

} // namespace

std::string fulfilment_facts::encode() const {
  byte_writer w(256);
  w.u8(facts_version);
  w.i64(created_at);
  put(w, notices);
  put(w, attention);
  w.u32(round);
  w.u8(static_cast<std::uint8_t>(goods));
  w.u16(static_cast<std::uint16_t>(missing.size()));
  for (const auto& i : missing) {
    w.str16(i.product_id);
    w.i64(i.wanted);
    w.i64(i.available);
  }
  put(w, ticket);
  put(w, pickup);
  for (const auto* text : {&tracking_number, &tracking_url, &ending, &reason})
    w.str16(*text);
  w.u32(undoing);
  w.u8(static_cast<std::uint8_t>((ended ? 1U : 0U) | (cancelling ? 2U : 0U) |
                                 (cancelled ? 4U : 0U)));
  return w.take();
}

result<fulfilment_facts> fulfilment_facts::decode(std::string_view bytes) {
  byte_reader r(bytes);
  fulfilment_facts f;
  const auto version = r.u8();
  f.created_at = r.i64();
  f.notices = get_texts(r);
  f.attention = get_texts(r);
  f.round = r.u32();
  f.goods = static_cast<goods_state>(r.u8());
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    short_item i;
    i.product_id = r.str16();
    i.wanted = r.i64();
    i.available = r.i64();
    f.missing.push_back(std::move(i));
  }
  f.ticket = get_job(r);
  f.pickup = get_job(r);
  for (auto* text : {&f.tracking_number, &f.tracking_url, &f.ending, &f.reason})
    *text = r.str16();
  f.undoing = r.u32();
  const auto flags = r.u8();
  f.ended = (flags & 1U) != 0;
  f.cancelling = (flags & 2U) != 0;
  f.cancelled = (flags & 4U) != 0;
  if (version != facts_version || !r.done())
    return fail({error_kind::corrupt, "fulfilment", "what is known of it cannot be read"});
  return f;
}

fulfilment_facts merge(const fulfilment_facts& a, const fulfilment_facts& b) {
  auto f = a.round == b.round ? merged_round(a, b) : a.round < b.round ? b : a;
  f.created_at = earlier(a.created_at, b.created_at);
  f.notices = a.notices;
  take_greater(f.notices, b.notices);
  f.attention = a.attention;
  take_greater(f.attention, b.attention);
  return f;
}

std::string merge_fulfilment(std::string_view, const std::string* current, std::string_view delta) {
  if (current == nullptr)
    return std::string(delta);
  auto known = fulfilment_facts::decode(*current);
  auto learned = fulfilment_facts::decode(delta);
  return known && learned ? merge(*known, *learned).encode() : *current;
}

std::string_view status_of(const fulfilment_facts& f) {
  if (f.has_left())
    return "shipped";
  if (f.cancelling)
    return f.cancelled ? "cancelled" : "cancelling";
  if (f.ended)
    return f.ending;
  if (!f.ending.empty())
    return "cancelling";
  if (f.pickup.stand >= job_stand::asked)
    return "awaiting_pickup";
  if (f.ticket.stand == job_stand::done)
    return "packed";
  return f.ticket.stand >= job_stand::asked ? "picking" : "reserving";
}

bool keeps_goods(const fulfilment_facts& f) {
  return f.goods == goods_state::asked || f.goods == goods_state::held ||
         f.goods == goods_state::sold;
}

std::vector<undo_step> undo_steps_of(const fulfilment_facts& f) {
  std::vector<undo_step> steps;
  if (f.has_left())
    return steps;
  if (f.pickup.may_stand())
    steps.push_back({"cancel_pickup", "carrier"});
  if (f.ticket.may_stand())
    steps.push_back({"cancel_pick_ticket", "warehouse"});
  if (keeps_goods(f))
    steps.push_back({"release_stock", "inventory"});
  return steps;
}

bool has_open_undo(const fulfilment_facts& f) {
  return !undo_steps_of(f).empty();
}

} // namespace orderhub::handlers
