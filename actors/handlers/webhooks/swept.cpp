#include "actors/handlers/webhooks/swept.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/receipt.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::task;
using providers::webhooks::event;

namespace {

constexpr char missing = 'm', known = 'k';

/// A letter for each key.
result<std::string> missing_of(settings_ptr s, std::vector<std::string> keys) {
  std::string which(keys.size(), missing);
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (s->knows_webhook && s->knows_webhook(keys[i]))
      which[i] = known;
  return which;
}

result<std::string> counted(settings_ptr s, std::string vendor, std::vector<std::string> ids) {
  const bool was_brought = std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    return s->knows_webhook && s->knows_webhook(vendor_key(vendor, id));
  });
  if (!was_brought)
    s->webhooks->add_swept(vendor);
  return std::string();
}

} // namespace

task<void> give_swept(context ctx, settings_ptr settings, std::string vendor,
                      std::vector<event> events, unix_ms now) {
  const auto hub = ctx.step("sweep").hub;
  std::erase_if(events, [&](const event& e) { return !e.about.hub.empty() && e.about.hub != hub; });
  if (events.empty())
    co_return;
  std::vector<std::string> keys;
  for (const auto& e : events)
    keys.push_back(vendor_key(vendor, e.id));
  auto which = co_await ctx.run("missing", &missing_of, std::move(settings), keys);
  if (!which || which->size() != keys.size())
    co_return;
  // Oldest first, as they happened.
  for (auto i = events.size(); i-- > 0;) {
    if ((*which)[i] != missing)
      continue;
    receipt received;
    received.vendor = vendor;
    received.what = std::move(events[i]);
    received.is_swept = true;
    received.received_at = now;
    ctx.send(webhook_object(keys[i]), "Receive", received.encode());
  }
}

task<void> count_swept(context ctx, settings_ptr settings, std::string vendor,
                       std::vector<std::string> event_ids) {
  auto done = co_await ctx.run("swept", &counted, std::move(settings), std::move(vendor),
                               std::move(event_ids));
  static_cast<void>(done); // It cannot fail.
}

} // namespace orderhub::handlers
