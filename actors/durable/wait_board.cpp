#include "actors/durable/wait_board.hpp"

#include "journal/base/log.hpp"

#include <algorithm>

namespace orderhub::durable {

namespace {
constexpr std::int64_t look_every_ms = 1'000;
} // namespace

void wait_board::waits(const object_id& object, std::string_view step, std::string_view vendor,
                       wait_cause cause, unix_ms since, unix_ms now, std::string_view last) {
  const std::lock_guard lock(mutex_);
  auto key = std::pair(object, std::string(step));
  auto it = steps_.find(key);
  if (it == steps_.end()) {
    if (steps_.size() >= steps_max)
      return;
    it = steps_.emplace(std::move(key), entry{}).first;
    it->second.seen_at = now;
  } else if (it->second.of.second != cause) {
    it->second.seen_at = now;
  }
  auto& e = it->second;
  e.of = {std::string(vendor), cause};
  e.since = since;
  e.last = last;
}

void wait_board::ended(const object_id& object, std::string_view step) {
  const std::lock_guard lock(mutex_);
  steps_.erase(std::pair(object, std::string(step)));
}

void wait_board::tick(unix_ms now) {
  struct waiting {
    std::size_t count = 0;
    unix_ms since = 0;
    std::string last;
  };
  struct call {
    std::string object, step, vendor, last;
    wait_cause cause;
    std::int64_t waited_ms;
  };
  std::map<kind, waiting> now_waiting;
  std::vector<std::pair<kind, waiting>> to_warn;
  std::vector<std::pair<kind, std::size_t>> over;
  std::vector<call> calls;
  {
    const std::lock_guard lock(mutex_);
    if (now - looked_at_ < look_every_ms && now >= looked_at_)
      return;
    looked_at_ = now;
    for (auto& [key, e] : steps_) {
      if (now - e.seen_at >= patience_ms) {
        auto& w = now_waiting[e.of];
        ++w.count;
        if (w.since == 0 || e.since < w.since) {
          w.since = e.since;
          w.last = e.last;
        }
      }
      const auto bound = too_long_ms(e.of.second, call_after_ms_);
      if (!e.called && bound > 0 && now - e.since >= bound) {
        e.called = true;
        ++called_;
        calls.push_back(
            {key.first.text(), key.second, e.of.first, e.last, e.of.second, now - e.since});
      }
    }
    for (auto& [of, w] : now_waiting) {
      auto& known = warnings_[of];
      known.most = std::max(known.most, w.count);
      if (known.at != 0 && now - known.at < warn_every_ms)
        continue;
      known.at = now;
      to_warn.emplace_back(of, w);
    }
    for (auto it = warnings_.begin(); it != warnings_.end();) {
      if (now_waiting.contains(it->first)) {
        ++it;
        continue;
      }
      over.emplace_back(it->first, it->second.most);
      it = warnings_.erase(it);
    }
    warnings_written_ += to_warn.size() + over.size();
  }
  for (const auto& [of, w] : to_warn)
    log::warn("steps_wait", {{"vendor", of.first},
                             {"cause", name_of(of.second)},
                             {"waiting", w.count},
                             {"longest_ms", now - w.since},
                             {"last", w.last}});
  for (const auto& [of, most] : over)
    log::warn("steps_wait_no_more",
              {{"vendor", of.first}, {"cause", name_of(of.second)}, {"were", most}});
  for (const auto& c : calls)
    log::error("step_waits_too_long", {{"object", c.object},
                                       {"step", c.step},
                                       {"vendor", c.vendor},
                                       {"cause", name_of(c.cause)},
                                       {"waited_ms", c.waited_ms},
                                       {"last", c.last}});
}

std::vector<waiting_count> wait_board::snapshot() const {
  std::map<kind, waiting_count> sums;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, e] : steps_) {
      auto& sum = sums[e.of];
      ++sum.count;
      if (sum.since == 0 || e.since < sum.since)
        sum.since = e.since;
    }
  }
  std::vector<waiting_count> list;
  for (auto& [of, sum] : sums) {
    sum.vendor = of.first;
    sum.cause = of.second;
    list.push_back(std::move(sum));
  }
  return list;
}

std::uint64_t wait_board::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_written_;
}

std::uint64_t wait_board::called() const {
  const std::lock_guard lock(mutex_);
  return called_;
}

} // namespace orderhub::durable
