#include "actors/handlers/orders/address_validation.hpp"

#include "actors/handlers/request_rules.hpp"
#include "actors/handlers/shipments/shipment_request.hpp"
#include "providers/shippo/validate_address.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;
namespace shippo = providers::shippo;

/// As the request says; else as the settings did when this run began.
task<bool> is_wished(order_run run) {
  if (run.sent()->validates_address)
    co_return *run.sent()->validates_address;
  co_await run.prepare();
  co_return run.plan().validates_address;
}

error no_such_address(const std::string& why) {
  auto must = std::string("is no address that Shippo knows");
  if (!why.empty())
    must += " (" + why + ')';
  return {error_kind::invalid, "order",
          "shipping " + refusal("address-validation", must + "; to send it all the same, say so") +
              '.',
          400};
}

} // namespace

task<std::optional<error>> validate_address(order_run run) {
  const bool wished = co_await is_wished(run);
  if (!wished || !run.goes_on())
    co_return std::nullopt;
  auto ctx = run.ctx();
  shippo::validate_request request;
  request.ref = ctx.step("validate_address");
  request.to = shippo_address(run.sent()->shipping);
  auto question = shippo::validate_address(request);
  auto answer = co_await ctx.effect(std::move(question));
  const bool is_cancelled = !answer && answer.error().kind == error_kind::cancelled;
  if (!run.facts().known()) {
    if (is_cancelled)
      run.fail(answer.error());
  } else if (is_cancelled) {
    run.undo();
  } else {
    co_await run.look_again(); // It took a while.
  }
  if (answer && answer->verdict == shippo::address_verdict::invalid)
    co_return no_such_address(answer->why);
  co_return std::nullopt;
}

} // namespace orderhub::handlers
