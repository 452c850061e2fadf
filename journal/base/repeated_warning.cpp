#include "journal/base/repeated_warning.hpp"

#include "journal/base/log.hpp"

#include <limits>

namespace orderhub {

repeated_warning::repeated_warning(std::string_view event)
    : write_([event](const line& l) {
        log::warn(
            event,
            {{"vendor", l.vendor}, {"cause", l.cause}, {"count", l.count}, {"example", l.example}});
      }) {}

void repeated_warning::write(const cause_key& key, counted& of, std::int64_t now_ms) {
  write_({key.first, key.second, of.count, of.example});
  of.count = 0;
  of.written_at = now_ms;
}

void repeated_warning::note(std::string_view vendor, std::string_view cause,
                            std::string_view example, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  cause_key key(vendor, cause);
  if (causes_.size() >= causes_max && !causes_.contains(key))
    key.second = "other causes";
  const auto [at, is_first] = causes_.try_emplace(key);
  ++at->second.count;
  at->second.example = example;
  if (is_first)
    write(at->first, at->second, now_ms);
  write_after(pause_ms, now_ms);
}

void repeated_warning::write_after(std::int64_t pause, std::int64_t now_ms) {
  for (auto& [key, of] : causes_)
    if (of.count > 0 && now_ms - of.written_at >= pause)
      write(key, of, now_ms);
}

void repeated_warning::write_due(std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  write_after(pause_ms, now_ms);
}

void repeated_warning::write_rest(std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  write_after(std::numeric_limits<std::int64_t>::min(), now_ms);
}

} // namespace orderhub
