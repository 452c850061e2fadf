#include "tests/support/explained.hpp"

#include "journal/past_invocations.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <regex>
#include <utility>

namespace orderhub::testing {

handlers::order_objects objects_of(const world& w, const std::string& key) {
  const handlers::order_reader reader{
      [&](const object_id& id) { return w.stored().load(id); },
      [&](std::span<const object_id> objects, unix_ms at) -> result<journal::past_invocations> {
        auto rows = w.store.read();
        if (!rows)
          return rows.failure();
        return journal::past_of(**rows, objects, at);
      },
      [&](const invocation_id& id) { return w.stored().find_invocation(id); },
      [&](std::string_view text, std::size_t most) { return w.stored().bearing(text, most); },
      {.webhooks = true}};
  return handlers::read_order(reader, key);
}

handlers::explain_now now_of(const world& w) {
  handlers::explain_now now;
  now.at = std::max(w.time.wall_ms(), w.stored().last_time());
  for (const auto& v : w.places()) {
    handlers::vendor_now one;
    one.vendor = v.vendor;
    switch (v.hold) {
    case host::vendor_hold::none:
      break;
    case host::vendor_hold::opened_by_operator:
      one.hold = handlers::vendor_hold_kind::held_open;
      break;
    case host::vendor_hold::paused_by_operator:
      one.hold = handlers::vendor_hold_kind::paused;
      break;
    case host::vendor_hold::credential:
      one.hold = handlers::vendor_hold_kind::credential;
      break;
    case host::vendor_hold::breaker:
      one.hold = handlers::vendor_hold_kind::breaker;
      break;
    }
    one.since = now.at - v.held_ms;
    one.why = v.why;
    one.probe_at = v.probe_in_ms ? now.at + *v.probe_in_ms : 0;
    one.queued = std::accumulate(v.queued.begin(), v.queued.end(), std::size_t{0});
    now.vendors.push_back(std::move(one));
  }
  return now;
}

handlers::explanation explained(const world& w, const std::string& key) {
  return handlers::explain(objects_of(w, key), now_of(w));
}

std::string without_chance(const std::string& text) {
  // Each kind by its pattern; the first that matches at a place counts.
  static const std::regex chance(
      R"((\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3}Z|\d\d:\d\d:\d\d\.\d{3}Z))"
      R"(|((?:inv_[A-Za-z0-9_-]{30}))|(oh_[0-9a-f]+(?:-\d+)?))"
      R"(|(version \d+))"
      R"(|(\b\d+ bytes\b))"
      R"(|(\b(?:\d+ d(?: \d+ h)?|\d+ h(?: \d+ min)?|\d+ min(?: \d+ s)?|\d+\.\d s|\d+ ms)(?=[ :.,]|$)))"
      R"(|(\b(?:pi|ch|re|evt|pm)_[A-Za-z0-9]+))"
      R"(|(\b[0-9a-f]{24,}\b|\b(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}\b))");
  constexpr const char* names[] = {"time", "inv", "key", "version", "bytes", "span", "id", "id"};
  std::map<std::string, std::string> seen;
  std::map<std::string, int> counts;
  std::string out;
  auto at = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), chance), end; it != end; ++it) {
    const auto& m = *it;
    out.append(at, m[0].first);
    at = m[0].second;
    std::string kind;
    for (std::size_t g = 1; g < m.size(); ++g)
      if (m[g].matched)
        kind = names[g - 1];
    if (kind == "span" || kind == "version" || kind == "bytes") {
      out += "<" + kind + ">";
      continue;
    }
    auto [known, is_new] = seen.try_emplace(m.str());
    if (is_new)
      known->second = "<" + kind + " " + std::to_string(++counts[kind]) + ">";
    out += known->second;
  }
  out.append(at, text.cend());
  return out;
}

std::string differs_from_golden(const std::string& name, const std::string& text) {
  const auto shown = without_chance(text);
  if (const auto* folder = std::getenv("ORDERHUB_WRITE_GOLDEN")) {
    std::filesystem::create_directories(std::filesystem::path(folder) / "explain");
    std::ofstream(std::filesystem::path(folder) / "explain" / (name + ".txt")) << shown;
    return {};
  }
  std::ifstream file(std::filesystem::path(ORDERHUB_SOURCE_DIR) / "tests/golden/explain" /
                     (name + ".txt"));
  const std::string wanted((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  return shown == wanted ? std::string() : name + ": expected\n" + wanted + "\nand it is\n" + shown;
}

} // namespace orderhub::testing
