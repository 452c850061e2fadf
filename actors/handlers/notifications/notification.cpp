#include "actors/handlers/notifications/notification.hpp"

#include "journal/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t notification_version = 6;

/// `mail` of `mail_confirm`, `announce` of `announce_failed_2`; empty of a step that is no notice.
std::string_view way_of(std::string_view step) {
  for (const std::string_view way : {"mail", "announce", "sms", "custom"})
    if (step.size() > way.size() && step.starts_with(way) && step[way.size()] == '_')
      return way;
  return {};
}

/// When in an order's life something is told; the later, the greater.
struct telling {
  int stage = 0;
  int attempt = 1;
  friend auto operator<=>(const telling&, const telling&) = default;
};

telling telling_of(std::string_view step) {
  constexpr std::array<std::pair<std::string_view, int>, 9> stages = {{{"out_of_stock", 0},
                                                                       {"new", 1},
                                                                       {"failed", 2},
                                                                       {"confirm", 3},
                                                                       {"tracking", 4},
                                                                       {"shipped", 5},
                                                                       {"delivered", 6},
                                                                       {"returned", 6},
                                                                       {"cancelled", 10}}};
  constexpr int of_refunds = 7;
  auto what = step.substr(way_of(step).size() + 1);
  telling t{of_refunds, 1};
  for (const auto& [name, stage] : stages)
    if (what.starts_with(name))
      t.stage = stage;
  if (const auto at = what.rfind('_'); at != std::string_view::npos)
    std::from_chars(what.data() + at + 1, what.data() + what.size(), t.attempt);
  return t;
}

} // namespace

std::string notification::encode() const {
  byte_writer w(128);
  w.u8(notification_version);
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(static_cast<std::uint8_t>((mail ? 1U : 0U) | (announce ? 2U : 0U) | (sms ? 4U : 0U) |
                                 (is_aside ? 8U : 0U) | (is_cancelled ? 16U : 0U)));
  for (const auto* field :
       {&email, &name, &phone, &tracking_number, &tracking_url, &reason, &about})
    w.str16(*field);
  w.i64(total.minor_units);
  w.str8(total.currency);
  w.u8(static_cast<std::uint8_t>(news));
  w.i64(refunded.minor_units);
  w.str8(refunded.currency);
  w.i64(report_after_ms);
  w.u32(attempt);
  w.str16(fulfilment);
  return w.take();
}

result<notification> notification::decode(std::string_view bytes) {
  byte_reader r(bytes);
  notification n;
  const auto version = r.u8();
  n.kind = static_cast<notification_kind>(r.u8());
  const auto flags = r.u8();
  n.mail = (flags & 1U) != 0;
  n.announce = (flags & 2U) != 0;
  n.sms = (flags & 4U) != 0;
  n.is_aside = (flags & 8U) != 0;
  n.is_cancelled = (flags & 16U) != 0;
  for (auto* field :
       {&n.email, &n.name, &n.phone, &n.tracking_number, &n.tracking_url, &n.reason, &n.about})
    *field = r.str16();
  n.total.minor_units = r.i64();
  n.total.currency = r.str8();
  n.news = static_cast<refund_news>(r.u8());
  n.refunded.minor_units = r.i64();
  n.refunded.currency = r.str8();
  n.report_after_ms = r.i64();
  n.attempt = r.u32();
  n.fulfilment = r.str16();
  if (version != notification_version || !r.done())
    return fail({error_kind::corrupt, "notification", "the notification cannot be read"});
  return n;
}

order_facts delivery_facts(std::string_view response) {
  constexpr std::string_view failed = "failed: ";
  order_facts f;
  const auto steps = nlohmann::json::parse(response, nullptr, false);
  for (const auto& [step, what] : steps.items()) {
    auto text = what.get<std::string>();
    if (text.starts_with(failed))
      f.attention[step] = text.substr(failed.size());
    f.notices[step] = std::move(text);
  }
  return f;
}

bool is_notice(std::string_view step) {
  return !way_of(step).empty();
}

bool was_told_later(const order_facts& facts, std::string_view step) {
  const auto way = way_of(step);
  // A provider of one's own was told one thing, and not whatever came later.
  if (way == "custom")
    return false;
  const auto refused = telling_of(step);
  return std::any_of(facts.notices.begin(), facts.notices.end(), [&](const auto& notice) {
    const auto& [other, became] = notice;
    return became.starts_with(sent_mark) && way_of(other) == way && telling_of(other) > refused;
  });
}

} // namespace orderhub::handlers
