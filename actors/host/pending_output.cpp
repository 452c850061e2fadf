#include "actors/host/pending_output.hpp"

#include "actors/host/guard.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/response.hpp"

#include <string_view>
#include <utility>

namespace orderhub::host {

std::size_t tell_input_durable(host_context& shared, const invocation_id& input) {
  auto accepted = shared.waiters.mark_durable(input);
  for (auto& [to, response] : accepted)
    to->finished(std::move(response));
  return accepted.size();
}

void outlet::acknowledge(const invocation_id& input) {
  tell_input_durable(shared_, input);
}

void outlet::finish(const durable::finished_call& call) {
  for (auto& to : shared_.waiters.take(call.invocation))
    to->finished(response_of(call.outcome, call.invocation));
}

void outlet::respond(std::uint64_t number) {
  if (auto r = shared_.responses.take(number))
    r->to->finished(std::move(r->reply));
}

void release(host_context& shared, pending_output& what, outlet& out) {
  const auto each = [&](auto& list, auto&& go) {
    for (auto& item : list)
      if (!guarded("object", "consequence", [&] { go(item); }))
        ++shared.failures;
  };
  each(what.inputs, [&](const invocation_id& id) { out.acknowledge(id); });
  for (auto& call : what.calls)
    guarded_or(
        "object", [&] { out.call_vendor(std::move(call)); },
        [&](std::string_view why) { out.build_anew(why); });
  each(what.finished, [&](const durable::finished_call& f) { out.finish(f); });
  each(what.responses, [&](std::uint64_t number) { out.respond(number); });
  if (!what.durable)
    return;
  ++*what.durable;
  if (what.tell)
    guarded("object", "durable", [&] { out.tell_durable(); });
}

call_response not_taken() {
  return failure(500, "The hub failed while it took this in, and has stored nothing of it. Send it "
                      "again.");
}

void give_up(host_context& shared, const pending_output& what) {
  for (const auto& id : what.inputs)
    for (auto& to : shared.waiters.take_not_durable(id))
      to->finished(not_taken());
  for (const auto number : what.responses)
    if (auto r = shared.responses.take(number))
      r->to->finished(not_taken());
}

} // namespace orderhub::host
