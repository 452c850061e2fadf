#include "providers/transport/host_protocols.hpp"

#include <algorithm>

namespace orderhub::providers {

bool host_protocols::shares(std::string_view host, time_point now) {
  const std::lock_guard lock(mutex_);
  if (const auto it = hosts_.find(host); it != hosts_.end()) {
    if (it->second.is == standing::shares)
      return true;
    if (now < it->second.until)
      return false;
  }
  set(host, {standing::tried, now + try_lasts, now});
  return true;
}

void host_protocols::answered(std::string_view host, bool by_http_2, time_point now) {
  const std::lock_guard lock(mutex_);
  const auto it = hosts_.find(host);
  // One that hangs may answer other calls; it keeps its time.
  if (it != hosts_.end() && it->second.is == standing::alone && now < it->second.until)
    return;
  if (by_http_2)
    set(host, {standing::shares, now, now});
  else
    set(host, {standing::alone, now + try_again_after, now});
}

void host_protocols::hung(std::string_view host, time_point now) {
  const std::lock_guard lock(mutex_);
  set(host, {standing::alone, now + suspect_for_, now});
}

void host_protocols::failed(std::string_view host, time_point now) {
  const std::lock_guard lock(mutex_);
  // The next call is the next try.
  if (const auto it = hosts_.find(host); it != hosts_.end() && it->second.is == standing::tried)
    it->second = {standing::tried, now, now};
}

void host_protocols::set(std::string_view host, known_host known) {
  if (const auto it = hosts_.find(host); it != hosts_.end()) {
    it->second = known;
    return;
  }
  if (hosts_.size() >= hosts_max)
    hosts_.erase(std::min_element(hosts_.begin(), hosts_.end(), [](const auto& a, const auto& b) {
      return a.second.heard_at < b.second.heard_at;
    }));
  hosts_.emplace(host, known);
}

} // namespace orderhub::providers
