#pragma once
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/client.hpp"

#include <cstdint>
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace orderhub::http_gateway::cli {

/// What a person may do to orders, as commands.
struct order_verb_kind {
  const char* name;
  const char* help;
  bool takes_step = false, needs_step = false;
  bool settles = false;
  bool may_repeat = false;
  bool is_destructive = false; ///< Asks for the key, or the count.
  bool needs_reason = true;
  bool reveals = false; ///< Its answer is shown.
  bool can_end = false; ///< By itself.
};
std::span<const order_verb_kind> order_verbs();

/// One of them, as the command line says.
struct order_verb {
  const order_verb_kind* kind = nullptr;
  std::vector<std::string> keys; ///< One may be `-`.
  std::string reason, step, evidence, until, lasts;
  std::vector<std::string> values; ///< `label_id=3005…`
  bool has_happened = false, has_not_happened = false;
  bool accept_repeat = false, force_probe = false, is_unverified = false;
  bool is_dry_run = false, is_sure = false, waits = false;
  std::int64_t timeout_ms = 60'000;
};
struct streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

/// Shows what would be done, asks, and does it, each order at the version that was shown. Of one
/// order the exit status is what became of it; of several `not_in_order` where one was refused.
int act_on_orders(const order_verb& verb, const client& hub, bool as_json, streams io);

} // namespace orderhub::http_gateway::cli
