#include "http_gateway/cli/deadline.hpp"

#include "journal/base/duration.hpp"

#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t day_ms = 24 * 3'600 * second_ms;

std::optional<std::int64_t> said_ms(const std::string& text) {
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  const auto ms = parse_duration_ms(is_number ? text + 's' : text);
  return ms && *ms <= day_ms ? ms : std::nullopt;
}

} // namespace

std::int64_t deadline::left_ms() const {
  if (after_ms_ <= 0)
    return 0;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - clock::now());
  return std::max<std::int64_t>(left.count(), 1);
}

client deadline::within(const client& hub) const {
  return after_ms_ <= 0 ? hub : hub.within(left_ms());
}

CLI::Option* add_duration(CLI::App& command, const char* names, std::int64_t& ms, const char* help,
                          bool takes_none) {
  const auto take = [&ms, names, takes_none](const std::string& text) {
    const auto said = said_ms(text);
    if (!said || (*said == 0 && !takes_none))
      throw CLI::ValidationError(names,
                                 "must be a duration such as 90s or 5m, a day at most: " + text);
    ms = *said;
  };
  return command.add_option_function<std::string>(names, take, help)
      ->type_name("DURATION")
      ->default_str(std::to_string(ms / second_ms) + (ms == 0 ? "" : "s"));
}

} // namespace orderhub::http_gateway::cli
