#pragma once
#include "journal/base/error.hpp"
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::twilio::wire {

// Shared by the calls of this folder.

/// Behind the base, which ends with the account: `…/Accounts/AC…`.
inline constexpr std::string_view messages = "/Messages.json";
/// Twilio's dates have whole seconds.
inline constexpr std::int64_t date_step_ms = 1'000;

/// `SM…` or `MM…`, letters and digits, at most 64 of them.
bool is_message_sid(std::string_view sid);
/// The status is final, and the message was not delivered.
bool has_failed(std::string_view status);
/// Unix milliseconds of `Mon, 21 Sep 2026 10:00:00 +0000`.
std::optional<unix_ms> time_of(std::string date);

/// The table of README.md, "What a refusal means". The message is the status and Twilio's code,
/// `400: 21211`: its sentence quotes the number.
error classify_write(const http_response& response, std::string_view where);
error classify_read(const http_response& response, std::string_view where);

/// `undelivered: 30007`
std::string failure_text(std::string_view status, std::optional<std::int64_t> code);

} // namespace orderhub::providers::twilio::wire
