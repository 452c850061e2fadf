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
error classify_read(const http_response& response, std::string_view where);

/// What `ok: false` says: `error`, and what Slack adds to it that can be shown: the places in the
/// request of `response_metadata.messages` with the kind of fault (`/blocks/0/text: too_long`), and
/// the scope that is `needed`.
struct refusal_body {
  std::string code;   ///< As Slack said it; not to be shown.
  std::string reason; ///< `invalid_blocks: /blocks/0/text: too_long`
};
error classify_write(const http_response& response, const refusal_body& said,
                     std::string_view where);
error classify_read(const http_response& response, const refusal_body& said,
                    std::string_view where);

/// At most `text_size_max` characters, cut between characters and not within `&amp;`.
inline constexpr std::size_t text_size_max = 4'000;
std::string bounded_text(std::string text);

} // namespace wire

} // namespace orderhub::providers::slack
