#include "actors/handlers/orders/open_points_view.hpp"

#include "journal/base/utc_text.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

using nlohmann::json;

std::string shown_open_points(const open_points& open) {
  auto in_doubt = json::array();
  for (const auto& d : open.in_doubt)
    in_doubt.push_back({{"step", d.step}, {"since", utc_text(d.since)}, {"reason", d.reason}});
  auto waiting = json::array();
  for (const auto& w : open.waiting)
    waiting.push_back({{"step", w.step},
                       {"vendor", w.vendor.empty() ? json() : json(w.vendor)},
                       {"cause", name_of(w.cause)},
                       {"since", utc_text(w.since)},
                       {"attempts", w.attempts},
                       {"last", w.last},
                       {"next_at", w.next_at > 0 ? json(utc_text(w.next_at)) : json()}});
  return "\"in_doubt\":" + in_doubt.dump() + ",\"waiting\":" + waiting.dump() + ',';
}

} // namespace orderhub::handlers
