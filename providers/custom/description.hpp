#pragma once
#include "journal/base/result.hpp"
#include "providers/custom/templates.hpp"
#include "providers/http_message.hpp"
#include "providers/policy/doubt.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::custom {

/// When in an order's life a provider is called. The numbers are bits, and reach the disk.
enum class hook : std::uint8_t {
  confirmed = 1, ///< The order is confirmed.
  paid = 2,      ///< Its payment is money.
  shipped = 4,   ///< Its label was bought.
  cancelled = 8, ///< It was cancelled, and what was done for it undone.
};
std::string_view name_of(hook h);
std::optional<hook> hook_of(std::string_view name);

/// Operations that a second provider may do.
inline constexpr std::array<std::string_view, 4> replaceable = {
    "sendgrid.send_mail", "twilio.send_sms", "slack.post_message", "slack.post_webhook"};

/// Statuses of HTTP answers: `200-299, 404`.
struct status_set {
  struct range {
    int from = 0, to = 0;
  };
  std::vector<range> ranges;

  [[nodiscard]] bool contains(int status) const;
  [[nodiscard]] bool overlaps(const status_set& other) const;
};
/// Fails with `invalid`, the reason beginning with `must`.
result<status_set> parse_statuses(std::string_view text);

/// How one is asked whether a call took effect.
struct look_up_rule {
  text_template path;  ///< `{{key}}` is the idempotency key.
  std::string pointer; ///< RFC 6901: what is there where it was found.
  /// What has to stand there, where that is said: `{{reference}}`. Something else proves nothing.
  std::optional<text_template> equals = std::nullopt;
  status_set absent; ///< Answers that say that it is not there; beside them a 200 without that.
};

/// A provider that somebody described in the configuration, checked: plain data, no secret.
struct description {
  std::string name;      ///< `crm`
  std::string vendor;    ///< `custom_crm`: the key into the registry, and in steps' names.
  std::string operation; ///< `custom.crm`
  std::uint8_t hooks = 0;
  /// The operation that it does where that one's own vendor has definitely not: one of
  /// `replaceable`. Empty: none.
  std::string instead_of;
  bool cancels_order = false; ///< A definite refusal cancels the order.
  std::string method = "POST";
  text_template path;
  header_list headers;
  json_template body;
  status_set success, terminal, retryable;
  std::string proof;  ///< JSON pointer that a success must have; empty: its status is enough.
  std::string show;   ///< JSON pointer of what GetOrder shows of a success; empty: nothing.
  std::string reason; ///< JSON pointer of the code that a refusal names.
  doubt_choice doubt;
  std::string key_header; ///< Empty: it has no idempotency keys.
  std::optional<look_up_rule> look_up;
  std::int64_t deadline_ms = 10'000;
  std::int64_t give_up_after_ms = 0;
  std::int64_t absence_after_ms = 60'000;

  [[nodiscard]] bool is_called_after(hook h) const {
    return (hooks & static_cast<std::uint8_t>(h)) != 0;
  }
};

/// One that has nothing but its names.
std::shared_ptr<description> named(const std::string& name);

} // namespace orderhub::providers::custom
