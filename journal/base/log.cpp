#include "journal/base/log.hpp"

#include "journal/base/log_metrics.hpp"
#include "journal/base/text.hpp"

#include <atomic>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace orderhub::log {

namespace {
std::atomic<level> lowest{level::info};
std::atomic<std::uint64_t> errors{0};

labelled_counts<1>& by_event() {
  static labelled_counts<1> counts;
  return counts;
}

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto l = std::make_shared<spdlog::logger>("orderhub",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
    l->set_pattern("{\"at\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
                   spdlog::pattern_time_type::utc);
    l->set_level(spdlog::level::trace);
    l->flush_on(spdlog::level::trace);
    return l;
  }();
  return *logger;
}

struct append_value {
  std::string& out;
  void operator()(std::string_view v) const { append_json_string(out, v); }
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(auto v) const { out += std::to_string(v); }
};

spdlog::level::level_enum spd_level(level l) {
  switch (l) {
  case level::debug:
    return spdlog::level::debug;
  case level::info:
    return spdlog::level::info;
  case level::warn:
    return spdlog::level::warn;
  case level::error:
    return spdlog::level::err;
  case level::off:
    break;
  }
  return spdlog::level::off;
}
} // namespace

bool enabled(level l) {
  return l >= lowest.load(std::memory_order_relaxed);
}

void set_level(level l) {
  lowest = l;
}

std::uint64_t error_count() {
  return errors.load();
}

labelled_counts<1>::values_type errors_by_event() {
  return by_event().values();
}

void write(level l, std::string_view event, std::initializer_list<field> fields) {
  if (l == level::error) {
    ++errors;
    by_event().add({event});
  }
  if (!enabled(l))
    return;
  std::string line = "\"event\":";
  append_json_string(line, event);
  for (const auto& f : fields) {
    line.push_back(',');
    append_json_string(line, f.key);
    line.push_back(':');
    std::visit(append_value{line}, f.value);
  }
  sink().log(spd_level(l), spdlog::string_view_t(line.data(), line.size()));
}

} // namespace orderhub::log
