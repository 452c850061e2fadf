#pragma once
#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/explain/explanation.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// Why calls do not leave for a vendor as they come.
enum class vendor_hold_kind : std::uint8_t { none, held_open, paused, credential, breaker };

/// How a vendor stands now, as far as an explanation uses it.
struct vendor_now {
  std::string vendor;
  vendor_hold_kind hold = vendor_hold_kind::none;
  unix_ms since = 0;    ///< Of the hold.
  std::string why;      ///< Likewise; no secret, no personal data.
  unix_ms probe_at = 0; ///< 0: none is to come.
  std::size_t queued = 0;
};

/// Where the admin API is where nothing says otherwise, and where the command line looks for it.
inline constexpr std::string_view default_admin_url = "http://127.0.0.1:9070";

/// The moment at which an order is explained.
struct explain_now {
  unix_ms at = 0;         ///< Journal time.
  unix_ms started_at = 0; ///< When this process began: no call of an earlier one is out after it.
  std::int64_t call_after_ms = 0; ///< As `order_settings::call_after_ms`.
  std::vector<vendor_now> vendors;
  std::string admin_url{default_admin_url}; ///< Where people reach the admin API.
};

/// A deployment as it is stored.
struct shown_deployment {
  deployment_wanted wanted;
  deployment_facts facts;
};
/// What cannot be read is blank.
shown_deployment deployment_of(const journal::object_state& state);

/// An order, or what is left of it, explained: where it stands, what it waits for and why, what
/// ends each wait, what was done and what is not known. A pure function; it says nothing of the
/// customer but what the vendors' ids are. `stuck` where it is not finished and nothing will wake
/// it.
explanation explain(const order_objects& objects, const explain_now& now);

/// As a text of lines of about `line_size` bytes for whoever reads it in a terminal, and as
/// Markdown for a channel. Nothing in it is the reader's to interpret: control characters are
/// spaces, and Markdown's signs within values are escaped.
std::string shown_as_text(const explanation& e, std::size_t line_size = 100);
std::string shown_as_markdown(const explanation& e);

} // namespace orderhub::handlers
