#include "actors/host/enrichment.hpp"

#include "providers/policy/answer.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace orderhub::host {

namespace {

class enriching_responder final : public responder {
public:
  enriching_responder(host_context& shared, const durable::handler_definition& handler,
                      std::shared_ptr<part_fetcher> parts, responder_ptr to)
      : shared_(shared), handler_(handler), parts_(std::move(parts)), to_(std::move(to)) {}

  void accepted(std::string_view invocation_id) override { to_->accepted(invocation_id); }
  [[nodiscard]] bool gone() const override { return to_->gone(); }

  void finished(call_response response) override {
    auto part = response.status == 200 ? handler_.enrich(response.body) : std::nullopt;
    if (!part || shared_.env.vendors.find(part->operation.vendor) == nullptr) {
      to_->finished(std::move(response));
      return;
    }
    auto place = shared_.gate->try_take(part->operation.vendor,
                                        kind_of(part->operation.call_class, /*lookup=*/false));
    if (!place) { // Nobody waits for what can be left out.
      to_->finished(std::move(response));
      return;
    }
    durable::vendor_call call;
    call.vendor = part->operation.vendor;
    call.call_class = part->operation.call_class;
    call.request = std::move(part->operation.request);
    call.deadline_ms = part->operation.deadline_ms;
    call.may_multiplex = true; // It only reads.
    parts_->fetch(std::move(call), std::move(place),
                  [to = to_, response = std::move(response),
                   add = std::move(part->add)](providers::transport_outcome outcome) mutable {
                    // A long one takes longer to read than the transport's thread has.
                    if (outcome.kind == providers::outcome_kind::response &&
                        outcome.response.body.size() <= providers::quickly_read_size_max)
                      response.body = add(std::move(response.body), outcome.response);
                    to->finished(std::move(response));
                  });
  }

private:
  host_context& shared_;
  const durable::handler_definition& handler_;
  std::shared_ptr<part_fetcher> parts_;
  responder_ptr to_;
};

} // namespace

responder_ptr enriching(host_context& shared, const durable::handler_definition& handler,
                        std::shared_ptr<part_fetcher> parts, responder_ptr to) {
  return std::make_shared<enriching_responder>(shared, handler, std::move(parts), std::move(to));
}

} // namespace orderhub::host
