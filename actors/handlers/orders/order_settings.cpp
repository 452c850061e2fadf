#include "actors/handlers/orders/order_settings.hpp"

#include "journal/base/bytes.hpp"

namespace orderhub::handlers {

std::string order_plan::encode() const {
  byte_writer w(24);
  w.u8(static_cast<std::uint8_t>((mail ? 1U : 0U) | (announce ? 2U : 0U) | (compensate ? 4U : 0U) |
                                 (sms ? 8U : 0U) | (stock ? 16U : 0U) |
                                 (validates_address ? 32U : 0U) | (payment_events ? 64U : 0U)));
  w.i64(label_timeout_ms);
  w.i64(notification_timeout_ms);
  w.u8(hooks);
  return w.take();
}

order_plan order_plan::decode(std::string_view text) {
  byte_reader r(text);
  order_plan p;
  const auto flags = r.u8();
  p.mail = (flags & 1U) != 0;
  p.announce = (flags & 2U) != 0;
  p.compensate = (flags & 4U) != 0;
  p.sms = (flags & 8U) != 0;
  p.stock = (flags & 16U) != 0;
  p.validates_address = (flags & 32U) != 0;
  p.payment_events = (flags & 64U) != 0;
  p.label_timeout_ms = r.i64();
  p.notification_timeout_ms = r.i64();
  p.hooks = r.u8();
  return p;
}

std::uint8_t hooks_of(const order_settings& s) {
  std::uint8_t all = 0;
  for (const auto& provider : s.custom)
    all |= provider->hooks;
  return all;
}

order_plan plan_of(const order_settings& s) {
  order_plan p;
  p.mail = s.mail;
  p.announce = s.slack || s.slack_webhook;
  p.sms = s.sms;
  p.stock = s.stock;
  p.validates_address = s.validates_address;
  p.payment_events = s.payment_events;
  p.hooks = hooks_of(s);
  p.compensate = s.compensate_on_label_failure;
  p.label_timeout_ms = s.label_timeout_ms;
  p.notification_timeout_ms = s.notification_timeout_ms;
  return p;
}

} // namespace orderhub::handlers
