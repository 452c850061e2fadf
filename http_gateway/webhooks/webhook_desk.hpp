#pragma once
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/host/ingress.hpp"
#include "http_gateway/webhooks/webhook_metrics.hpp"
#include "journal/hub_journal.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What a person sees of webhooks, and does about them. From any thread; the references outlive it.
class webhook_desk {
public:
  webhook_desk(const journal::hub_journal& journal, host::ingress& hub,
               const webhook_metrics& metrics)
      : journal_(journal), hub_(hub), metrics_(metrics) {}

  [[nodiscard]] result<handlers::webhook_page>
  list(const handlers::webhook_filter& wanted, std::string_view after, std::size_t limit) const;
  [[nodiscard]] result<handlers::listed_webhook> find(const std::string& key) const;
  /// Deliveries that were not believed, the newest first: no bodies.
  [[nodiscard]] std::vector<refused_delivery> refused(std::string_view vendor = {}) const {
    return metrics_.refusals(vendor);
  }
  /// What a replay, or an assignment, would come to.
  [[nodiscard]] result<handlers::webhook_plan>
  plan(const std::string& key, const std::optional<handlers::webhook_match>& assigned) const {
    return handlers::plan_webhook(journal_, key, assigned);
  }

  /// Has it applied again: 200 when that is durable, 404 where there is none. What it did before it
  /// does not do again, since all of that is keyed by what happened.
  void replay(const std::string& key, host::responder_ptr to) const;
  /// Has it applied to that order, whatever it says of itself, and notes who wanted that. 409 where
  /// its kind is about none.
  void assign(const std::string& key, const handlers::webhook_match& whose,
              host::responder_ptr to) const;
  struct replayed {
    std::size_t count = 0;
    std::string next; ///< Where to go on; empty: that was all.
  };
  /// The dead letters of a vendor (empty: of all), a page of at most `limit`. `to` is answered once
  /// for each.
  [[nodiscard]] result<replayed> replay_dead(const std::string& vendor, std::string_view after,
                                             std::size_t limit,
                                             const host::responder_ptr& to) const;

private:
  void tell(const std::string& key, const char* handler, std::string body,
            host::responder_ptr to) const;

  const journal::hub_journal& journal_;
  host::ingress& hub_;
  const webhook_metrics& metrics_;
};

} // namespace orderhub::http_gateway
