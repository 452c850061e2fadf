#include "http_gateway/cli/events.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/shown.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace orderhub::http_gateway::cli {

namespace {
constexpr std::size_t line_size_max = std::size_t{16} << 20U;
constexpr auto try_again = std::chrono::seconds(1);
} // namespace

bool event_reader::take(std::string_view bytes, const std::function<bool(const hub_event&)>& each) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (line_.size() + piece.size() <= line_size_max)
      line_.append(piece);
    if (end == std::string_view::npos)
      return true;
    bytes.remove_prefix(end + 1);
    auto line = std::exchange(line_, {});
    if (line.ends_with('\r'))
      line.pop_back();
    if (!take_line(line, each))
      return false;
  }
  return true;
}

bool event_reader::take_line(std::string_view line,
                             const std::function<bool(const hub_event&)>& each) {
  if (line.empty()) {
    const auto event = next_;
    told_ = next_.id;
    next_.name.clear();
    next_.data.clear();
    return event.data.empty() || each(event);
  }
  const auto colon = std::min(line.find(':'), line.size());
  auto value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' '))
    value.remove_prefix(1);
  const auto field = line.substr(0, colon);
  if (field == "event")
    next_.name = value;
  else if (field == "id")
    next_.id = value;
  else if (field == "data")
    next_.data.append(next_.data.empty() ? "" : "\n").append(value);
  return true; // What else there is says nothing to us.
}

int follow(const client& hub, const std::string& path, std::string place, std::int64_t timeout_ms,
           std::ostream& err, const std::function<bool(const hub_event&)>& each,
           const std::atomic<bool>* stops) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + std::chrono::milliseconds(timeout_ms);
  bool was_there = false, is_said = false, is_over = false;
  for (;;) {
    std::int64_t left_ms = 0;
    if (timeout_ms > 0) {
      left_ms = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
      if (left_ms <= 0)
        return not_yet;
    }
    event_reader reader;
    const auto take = [&](std::string_view bytes) {
      if (stops != nullptr && *stops)
        return false;
      if (bytes.empty())
        return true;
      was_there = true;
      is_said = false;
      const bool goes_on = reader.take(bytes, [&](const hub_event& event) {
        is_over = !each(event);
        return !is_over;
      });
      if (!reader.id().empty())
        place = reader.id();
      return goes_on;
    };
    const auto from = place.empty() ? std::string() : "&from=" + percent_encoded(place);
    const auto answer = hub.follow(path + from, left_ms, take);
    if (is_over || (stops != nullptr && *stops))
      return done;
    if (answer && answer->status != 200 && (!was_there || answer->status < 500)) {
      err << "orderhub: " << shown_problem(answer->body) << '\n';
      return exit_status_of(answer->status);
    }
    if (timeout_ms > 0 && clock::now() >= until)
      return not_yet;
    if (!answer && !was_there) {
      err << "orderhub: the hub is not reached: " << answer.error().message << '\n';
      return not_reached;
    }
    if (!answer && !std::exchange(is_said, true))
      err << "orderhub: the hub is not reached any more; trying again\n" << std::flush;
    std::this_thread::sleep_for(try_again);
  }
}

} // namespace orderhub::http_gateway::cli
