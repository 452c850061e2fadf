#pragma once
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/client.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <ostream>
#include <string>

namespace orderhub::http_gateway::cli {

/// Gives events, as they are stored, to a URL: see `listen_to_webhooks`.
class webhook_forward {
public:
  static constexpr std::size_t waiting_max = 10'000;
  static constexpr int tries_max = 3;

  /// What is referred to outlives it. `url`: whole, `http://127.0.0.1:3000/x`.
  webhook_forward(const client& hub, const std::string& url, bool as_lines, std::ostream& out,
                  std::ostream& err);

  void add(const std::string& id, std::uint64_t replays);
  /// What waits, as far as the hub answers. `done`; another exit status where it is of no use to go
  /// on.
  exit_status give_all();

private:
  struct waiting {
    std::string id;
    std::uint64_t replays = 0; ///< Of this one by people; 0: it came by itself.
  };
  enum class given : std::uint8_t { told, hub_is_away, not_allowed };
  given give(const waiting& one);
  void say(const std::string& id, int status, int tries, const std::string& why) const;

  const client& hub_;
  const client to_;
  const bool as_lines_;
  std::ostream& out_;
  std::ostream& err_;
  std::deque<waiting> waiting_;
  std::size_t dropped_ = 0;
};

} // namespace orderhub::http_gateway::cli
