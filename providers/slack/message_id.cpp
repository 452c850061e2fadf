#include "providers/slack/message_id.hpp"

#include "providers/slack/body.hpp"

#include <algorithm>

namespace orderhub::providers::slack {

namespace {

constexpr char between = ':';

/// Of `p1503435956000247`, as an address has it: the last six digits are the fraction. Empty: it is
/// none.
std::string ts_in_address(std::string_view part) {
  constexpr std::size_t fraction_size = 6;
  if (!part.starts_with('p') || part.size() <= 1 + fraction_size)
    return {};
  const auto digits = part.substr(1);
  const auto seconds = digits.substr(0, digits.size() - fraction_size);
  auto ts = std::string(seconds).append(".").append(digits.substr(seconds.size()));
  return wire::is_ts(ts) ? ts : std::string();
}

} // namespace

std::vector<std::string> ids_of(const message_outcome& message) {
  if (message.channel.empty() || message.ts.empty())
    return {};
  return {message.channel + between + message.ts, message.ts};
}

std::string message_id_of(std::string_view text) {
  constexpr std::string_view archives = "/archives/";
  auto rest = text;
  const auto at = rest.find(archives);
  const bool is_address = at != std::string_view::npos;
  if (is_address)
    rest = rest.substr(at + archives.size());
  const auto channel = rest.substr(0, rest.find_first_of("/:, "));
  if (channel.size() == rest.size() || !is_channel_id(channel))
    return std::string(text);
  rest.remove_prefix(channel.size() + 1);
  const auto ts =
      is_address ? ts_in_address(rest.substr(0, rest.find_first_of("?#/"))) : std::string(rest);
  if (!wire::is_ts(ts))
    return std::string(text);
  return std::string(channel).append(1, between).append(ts);
}

} // namespace orderhub::providers::slack
