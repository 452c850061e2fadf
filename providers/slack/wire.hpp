#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::slack {

/// Where a message stands; channel and ts together identify it.
struct message_outcome {
  std::string channel; ///< `C…`; empty for incoming webhooks, which do not tell.
  std::string ts;      ///< `1503435956.000247`; likewise.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<message_outcome> decode(std::string_view json);
  friend bool operator==(const message_outcome&, const message_outcome&) = default;
};

/// Whether a channel is given by id (`C`, `G` or `D`, then six or more capitals and digits) and not
/// by name: posting takes both, reading back only the id.
bool is_channel_id(std::string_view channel);

/// Shared by the calls of this folder.
namespace wire {

http_request post(std::string target, std::string body);

/// The table of README.md, "What a refusal means". An HTTP status other than 200, which is never
/// success; and `ok: false` with an error code. Of a call that acts, and of one that only reads.
error classify_write(const http_response& response, std::string_view where);
error classify_write(const http_response& response, std::string_view code, std::string_view where);
error classify_read(const http_response& response, std::string_view where);
error classify_read(const http_response& response, std::string_view code, std::string_view where);

} // namespace wire

} // namespace orderhub::providers::slack
