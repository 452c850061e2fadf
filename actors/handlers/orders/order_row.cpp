#include "actors/handlers/orders/order_row.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>

namespace orderhub::handlers {

using durable::wait_cause;

namespace {

constexpr std::uint8_t version = 2;
constexpr auto where = "order_row";

enum row_flag : std::uint16_t {
  open = 1,
  paused = 2,
  maybe_stuck = 4,
  all_charged = 8, ///< What was charged is the total.
  none_refunded = 16,
};
enum step_flag : std::uint8_t { doubt = 1 };

struct wait_word {
  std::string_view word;
  std::array<wait_cause, 7> causes;
  std::size_t count;
  bool has_doubts = false;
};
/// The groups of what lists are asked for; each cause by itself has its own name.
constexpr std::array<wait_word, 7> groups = {{
    {"vendor",
     {wait_cause::answer, wait_cause::running, wait_cause::tracking, wait_cause::bank,
      wait_cause::refund, wait_cause::packing, wait_cause::pickup},
     7},
    {"retry",
     {wait_cause::connection, wait_cause::dns, wait_cause::tls, wait_cause::credential,
      wait_cause::breaker, wait_cause::limiter, wait_cause::refusal},
     7},
    {"absence", {wait_cause::doubt}, 1, true},
    {"webhook", {wait_cause::delivery}, 1},
    {"timer", {wait_cause::time}, 1},
    {"call", {wait_cause::earlier}, 1},
    {"operator", {wait_cause::person}, 1},
}};

constexpr auto each_cause() {
  std::array<wait_cause, durable::wait_cause_count> all{};
  for (std::size_t i = 0; i < all.size(); ++i)
    all.at(i) = static_cast<wait_cause>(i);
  return all;
}
constexpr auto causes = each_cause();

} // namespace

bool order_row::is_called_for(std::string_view step) const {
  return std::any_of(attention.begin(), attention.end(),
                     [&](const auto& p) { return p.step == step; });
}

std::string order_row::encode() const {
  byte_writer w(96 + customer.size());
  w.u8(version);
  w.str8(status);
  w.u16(static_cast<std::uint16_t>(
      (is_open ? row_flag::open : 0) | (is_paused ? row_flag::paused : 0) |
      (may_be_stuck ? row_flag::maybe_stuck : 0) | (charged == total ? row_flag::all_charged : 0) |
      (refunded == 0 ? row_flag::none_refunded : 0)));
  w.i64(total);
  if (charged != total)
    w.i64(charged);
  if (refunded != 0)
    w.i64(refunded);
  w.str8(currency);
  w.str8(cut_text(customer, 255));
  w.str8(cut_text(bound_to, 255));
  const auto size_of = [](std::size_t n) {
    return static_cast<std::uint8_t>(std::min<std::size_t>(n, 255));
  };
  w.u8(size_of(attention.size()));
  for (std::size_t i = 0; i < size_of(attention.size()); ++i) {
    w.str8(cut_text(attention[i].step, 255));
    w.str8(cut_text(attention[i].reason, listed_last_max));
  }
  w.u8(size_of(steps.size()));
  for (std::size_t i = 0; i < size_of(steps.size()); ++i) {
    const auto& s = steps[i];
    w.str8(cut_text(s.step, 255));
    w.str8(cut_text(s.vendor, 255));
    w.str8(s.ref);
    w.u8(static_cast<std::uint8_t>(s.cause));
    w.u8(s.in_doubt ? step_flag::doubt : 0);
    w.i64(s.since);
    w.i64(s.next_at);
    w.u32(s.attempts);
    w.str8(s.last);
  }
  w.u8(size_of(acks.size()));
  for (std::size_t i = 0; i < size_of(acks.size()); ++i) {
    w.str8(cut_text(acks[i].step, 255));
    w.str8(cut_text(acks[i].who, 255));
    w.i64(acks[i].at);
  }
  return w.take();
}

result<order_row> order_row::decode(std::string_view bytes) {
  byte_reader r(bytes);
  order_row row;
  const auto found = r.u8();
  row.status = r.str8();
  const auto flags = r.u16();
  const auto has = [&](row_flag f) { return (flags & f) != 0; };
  row.is_open = has(row_flag::open);
  row.is_paused = has(row_flag::paused);
  row.may_be_stuck = has(row_flag::maybe_stuck);
  row.total = r.i64();
  row.charged = has(row_flag::all_charged) ? row.total : r.i64();
  row.refunded = has(row_flag::none_refunded) ? 0 : r.i64();
  row.currency = r.str8();
  row.customer = r.str8();
  row.bound_to = r.str8();
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    listed_person p;
    p.step = r.str8();
    p.reason = r.str8();
    row.attention.push_back(std::move(p));
  }
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    listed_step s;
    s.step = r.str8();
    s.vendor = r.str8();
    s.ref = r.str8();
    s.cause = static_cast<wait_cause>(std::min<std::size_t>(r.u8(), durable::wait_cause_count - 1));
    s.in_doubt = (r.u8() & step_flag::doubt) != 0;
    s.since = r.i64();
    s.next_at = r.i64();
    s.attempts = r.u32();
    s.last = r.str8();
    row.steps.push_back(std::move(s));
  }
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    listed_ack a;
    a.step = r.str8();
    a.who = r.str8();
    a.at = r.i64();
    row.acks.push_back(std::move(a));
  }
  if (found != version || !r.done())
    return fail({error_kind::corrupt, where, "a row of the list of orders cannot be read"});
  return row;
}

std::optional<named_waits> waits_named(std::string_view word) {
  for (const auto& g : groups)
    if (g.word == word)
      return named_waits{std::span(g.causes).first(g.count), g.has_doubts};
  for (std::size_t i = 0; i < causes.size(); ++i)
    if (durable::name_of(causes.at(i)) == word)
      return named_waits{std::span(causes).subspan(i, 1)};
  return std::nullopt;
}

std::string_view wait_word_of(wait_cause cause) {
  for (const auto& g : groups) {
    const auto in_group = std::span(g.causes).first(g.count);
    if (std::find(in_group.begin(), in_group.end(), cause) != in_group.end())
      return g.word;
  }
  return durable::name_of(cause);
}

std::vector<std::string_view> wait_words() {
  std::vector<std::string_view> words;
  for (const auto& g : groups)
    words.push_back(g.word);
  for (const auto cause : causes)
    words.push_back(durable::name_of(cause));
  return words;
}

std::string reason_of(const listed_step& step) {
  constexpr std::size_t status_digits = 3;
  const auto status = std::string_view(step.last).substr(0, status_digits);
  const bool is_status =
      status.size() == status_digits &&
      std::all_of(status.begin(), status.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::string reason = step.vendor.empty() ? std::string("hub") : step.vendor;
  return reason.append(".").append(is_status ? status : durable::name_of(step.cause));
}

} // namespace orderhub::handlers
