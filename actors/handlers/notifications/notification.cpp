#include "actors/handlers/notifications/notification.hpp"

#include "journal/base/bytes.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {
constexpr std::uint8_t notification_version = 3;
} // namespace

std::string notification::encode() const {
  byte_writer w(128);
  w.u8(notification_version);
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(static_cast<std::uint8_t>((mail ? 1U : 0U) | (announce ? 2U : 0U)));
  for (const auto* field : {&email, &name, &tracking_number, &reason})
    w.str16(*field);
  w.i64(total.minor_units);
  w.str8(total.currency);
  w.i64(report_after_ms);
  w.u32(attempt);
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
  for (auto* field : {&n.email, &n.name, &n.tracking_number, &n.reason})
    *field = r.str16();
  n.total.minor_units = r.i64();
  n.total.currency = r.str8();
  n.report_after_ms = r.i64();
  n.attempt = r.u32();
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
    if (step.starts_with("mail") && text.starts_with(failed))
      f.attention[step] = text.substr(failed.size());
    f.notices[step] = std::move(text);
  }
  return f;
}

} // namespace orderhub::handlers
