#pragma once
#include "http_gateway/cli/client.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace orderhub::http_gateway::cli {

/// A server-sent event.
struct hub_event {
  std::string name; ///< `change`; empty: none was said.
  std::string id;   ///< The newest that was said so far.
  std::string data;
};

/// Events, from bytes as they come.
class event_reader {
public:
  /// `each` is called for each event that is whole, and says whether there is to be another; an id
  /// alone is none. False where it said no. An event above 16 MiB is cut off there.
  bool take(std::string_view bytes, const std::function<bool(const hub_event&)>& each);
  /// Up to where it is whole: of the last event, or said alone behind it.
  [[nodiscard]] const std::string& id() const { return told_; }

private:
  bool take_line(std::string_view line, const std::function<bool(const hub_event&)>& each);
  std::string line_;
  hub_event next_;
  std::string told_;
};

/// Follows a hub, also over lost connections and restarts, as long as `each` says so. `path`: of
/// the stream, with a query; `place`: from where on. At most `timeout_ms`; 0: for ever. An exit
/// status: `done` where `each` ended it, `not_yet` at the time-out. Where `stops` becomes true:
/// `done` within about a second.
int follow(const client& hub, const std::string& path, std::string place, std::int64_t timeout_ms,
           std::ostream& err, const std::function<bool(const hub_event&)>& each,
           const std::atomic<bool>* stops = nullptr);

} // namespace orderhub::http_gateway::cli
