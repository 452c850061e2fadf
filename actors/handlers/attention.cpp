#include "actors/handlers/attention.hpp"

#include "journal/base/log.hpp"

namespace orderhub::handlers {

result<std::string> report_attention(std::shared_ptr<const order_settings> s, std::string order_id,
                                     std::string step, std::string reason) {
  s->attention_count->fetch_add(1, std::memory_order_relaxed);
  log::error("order_needs_attention", {{"order", order_id}, {"step", step}, {"reason", reason}});
  return std::string();
}

} // namespace orderhub::handlers
