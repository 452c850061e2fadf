#pragma once
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "actors/host/operator_desk.hpp"
#include "http_gateway/admin/action_lane.hpp"
#include "http_gateway/admin/admin_access.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_streams.hpp"
#include "http_gateway/ingress/access.hpp"
#include "http_gateway/monitoring/metrics_page.hpp"
#include "http_gateway/server/server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// The admin listener: GET and HEAD of `/restate/health`, of `/metrics` (Prometheus' text or
/// OpenMetrics, by `Accept`), and the paths of `admin_routes`, which show a running hub to an
/// operator, and let him act on it.
///
/// Everything but an action is answered on the io thread of this listener, which is none of the
/// public one's: a page reads a bounded number of rows and waits for nobody. Actions have a thread
/// of their own, one after the other, and so have streams together.
class admin_api final : public request_handler {
public:
  /// Of the pages; they are 404 where it is not given.
  struct shown_hub {
    host::operator_view view;
    hub_description about;
    host::operator_desk* desk = nullptr;           ///< Outlives this. Null: nobody acts here.
    host::vendor_control* vendors = nullptr;       ///< Outlives it; null: they are shown only.
    const webhook_desk* webhooks = nullptr;        ///< Outlives it; null: there are none.
    host::ingress* calls = nullptr;                ///< Outlives it; null: no bulks.
    program_control* program = nullptr;            ///< Outlives it; null: what needs it is refused.
    const journal::change_feed* changes = nullptr; ///< Outlives it; null: nobody can follow.
    admin_streams::options streams = {};
    journal_control* journal = nullptr; ///< Outlives it; null: its files are not shown.
    secret session_key = {};            ///< `journal::session_key_of`; empty: nobody logs in.
  };

  /// Fills in what a scrape answers; asked at each, on the io thread.
  using metrics_source = std::function<void(metrics_page& page)>;
  /// `time` outlives it.
  admin_api(host::ingress& hub, admin_access_rules access, const clock& time,
            metrics_source metrics, std::optional<shown_hub> shown = std::nullopt);
  ~admin_api() override;

  /// Other tokens count from the next request on. From any thread.
  /// Who follows a stream has to show his again.
  void set_access(admin_access_rules access);
  /// Null: nobody can follow.
  [[nodiscard]] admin_streams* streams() { return streams_.get(); }
  /// For `server_options::handlers`.
  static std::vector<std::string> counted_handlers();

  request_class class_of(http_exchange& exchange) override;
  void handle(http_exchange_ptr exchange) override;
  http_response refusal(std::uint16_t status, std::string_view message, std::int64_t retry_after_s,
                        const http_request* request) override;

private:
  using reply = std::function<void(http_response)>;
  [[nodiscard]] http_response answer_to(http_exchange& exchange);
  void serve(const http_exchange_ptr& exchange, const std::string& request_id, const reply& to);
  void follow(const http_exchange_ptr& exchange, const admin_call& call,
              const std::string& request_id, const reply& to);
  void begin(const http_exchange_ptr& exchange, admin_call call, admin_caller who,
             const std::string& request_id, const reply& to);
  /// A login or a logout.
  void turn_session(const http_request& request, const admin_route& asked, const admin_caller& who,
                    const std::string& request_id, const reply& to);
  [[nodiscard]] std::optional<journal::operator_payload> recorded_as(const std::string& id,
                                                                     const admin_call& call) const;
  void operate(const http_request& request, admin_call call, const admin_caller& who,
               const std::string& request_id, const reply& to);
  [[nodiscard]] admin_sources sources() const {
    return {shown_->view,  shown_->about,   shown_->vendors, shown_->webhooks,
            shown_->calls, shown_->program, shown_->journal};
  }

  host::ingress& hub_;
  admin_access access_;
  metrics_source metrics_;
  std::optional<shown_hub> shown_;
  std::shared_ptr<refused_actions> refused_; ///< Null: nobody acts here.
  std::unique_ptr<action_lane> lane_;        ///< Ends before the rest.
  std::unique_ptr<admin_streams> streams_;   ///< Likewise.
};

/// A request's own `x-request-id` where it is at most 64 plain characters; else one that is made.
std::string request_id_of(const http_request& request);

} // namespace orderhub::http_gateway
