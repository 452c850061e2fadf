#include "http_gateway/webhooks/webhook_desk.hpp"

#include "actors/handlers/objects.hpp"

#include <utility>

namespace orderhub::http_gateway {

result<handlers::webhook_page> webhook_desk::list(const handlers::webhook_filter& wanted,
                                                  std::string_view after, std::size_t limit) const {
  return handlers::list_webhooks(journal_, wanted, after, limit);
}

result<handlers::listed_webhook> webhook_desk::find(const std::string& key) const {
  return handlers::find_webhook(journal_, key);
}

void webhook_desk::tell(const std::string& key, const char* handler, std::string body,
                        host::responder_ptr to) const {
  host::call_request call;
  call.service = handlers::webhook_service_name;
  call.key = key;
  call.handler = handler;
  call.body = std::move(body);
  hub_.record(std::move(call), std::move(to));
}

void webhook_desk::replay(const std::string& key, host::responder_ptr to) const {
  tell(key, "Replay", {}, std::move(to));
}

void webhook_desk::assign(const std::string& key, const handlers::webhook_match& whose,
                          host::responder_ptr to) const {
  tell(key, "Assign", whose.encode(), std::move(to));
}

result<webhook_desk::replayed> webhook_desk::replay_dead(const std::string& vendor,
                                                         std::string_view after, std::size_t limit,
                                                         const host::responder_ptr& to) const {
  handlers::webhook_filter dead;
  dead.vendor = vendor;
  dead.verdict = handlers::event_verdict::unmatched;
  auto page = list(dead, after, limit);
  if (!page)
    return page.failure();
  for (const auto& one : page->entries)
    replay(one.key, to);
  return replayed{page->entries.size(), std::move(page->next)};
}

} // namespace orderhub::http_gateway
