#include "actors/host/intake.hpp"

#include "actors/durable/ended_invocation.hpp"
#include "actors/durable/request_scope.hpp"
#include "actors/durable/workflow.hpp"
#include "actors/host/enrichment.hpp"
#include "actors/host/guard.hpp"
#include "actors/host/response.hpp"
#include "journal/base/log.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

namespace orderhub::host {

using durable::request_content;
using durable::request_scope;

namespace {

bool all_internal(const durable::service_definition& service) {
  for (const auto& [name, handler] : service.handlers)
    if (!handler.internal)
      return false;
  return true;
}

} // namespace

/// Handles one message. Where that throws, whoever waits is told, unless they were already.
template <class F>
void intake::answering(std::string_view what, const responder_ptr& to, F&& f) {
  handed_ = false;
  const auto kept = to;
  guarded_or("gateway", std::forward<F>(f), [&](std::string_view why) {
    ++shared_.failures;
    log::error("actor_failed", {{"actor", "gateway"}, {"event", what}, {"reason", why}});
    if (!std::exchange(handed_, true))
      kept->finished(failure(500, "The hub failed while it took this in, and has stored nothing of "
                                  "it. Send it again."));
  });
}

void intake::call(call_request& request, const responder_ptr& to, origin from) {
  answering("call", to, [&] { take_call(request, to, from); });
}

void intake::attach(const invocation_target& target, bool wait, const responder_ptr& to) {
  answering("attach", to, [&] { take_attach(target, wait, to); });
}

void intake::complete_awakeable(std::string_view id, awakeable_input& in) {
  answering("awakeable", in.to, [&] { take_awakeable(id, in); });
}

void intake::finish(const responder_ptr& to, call_response response) {
  handed_ = true;
  to->finished(std::move(response));
}

void intake::route(object_id object, object_event event) {
  host_.route(std::move(object), std::move(event));
  handed_ = true;
}

// ── Calls ────────────────────────────────────────────────────────────────────────────────────

void intake::take_call(call_request& request, responder_ptr to, origin from) {
  const auto* service = shared_.services.find(request.service);
  const auto* handler = shared_.services.find(request.service, request.handler);
  if (service == nullptr || handler == nullptr || (handler->internal && from == origin::outside)) {
    finish(to, failure(404, service == nullptr || all_internal(*service)
                                ? "There is no service " + request.service + "."
                                : "Service " + request.service + " has no handler " +
                                      request.handler + "."));
    return;
  }
  if (handler->enrich && !request.one_way)
    to = enriching(shared_, *handler, parts_, std::move(to));
  const bool has_key = !request.idempotency_key.empty();
  std::string content = has_key && !handler->content ? request.body : std::string();
  std::string body = std::move(request.body);
  if (handler->validate) {
    auto checked = handler->validate(request.key, body);
    if (!checked) {
      finish(to, failure(status_of(checked.error()), checked.error().message));
      return;
    }
    body = std::move(*checked);
  }
  if (handler->mode == durable::handler_mode::read) {
    read(*handler, request, body, to);
    return;
  }
  if (!shared_.admission.accepting()) {
    finish(to, failure(503, "The hub takes no new work at the moment. Nothing was stored; "
                            "try again later."));
    return;
  }
  external_input in;
  const auto now = shared_.env.time.now();
  in.invocation = host_.new_invocation();
  in.one_way = request.one_way;
  in.to = std::move(to);
  in.held = std::move(request.held);
  in.input.handler = request.handler;
  in.input.revision = handler->revision;
  in.input.shared = handler->mode == durable::handler_mode::shared ||
                    handler->mode == durable::handler_mode::event;
  in.input.ephemeral = handler->ephemeral;
  in.input.passes_pause = handler->passes_pause;
  in.input.due_at = request.one_way && request.delay_ms > 0 ? now + request.delay_ms : 0;
  if (has_key && handler->content)
    content = handler->content(body);
  in.input.body = std::move(body);
  if (has_key) {
    journal::request_key key;
    key.scope =
        request_scope({request.service, request.key}, request.handler, request.idempotency_key);
    key.body = request_content(request.handler, content);
    key.expires_at = now + std::max(shared_.env.request_retention_ms, request.key_kept_ms);
    in.input.key = key;
  }
  route({std::move(request.service), std::move(request.key)}, std::move(in));
}

result<std::string> read_object(const journal::hub_journal& journal,
                                const durable::handler_definition& handler, object_id object,
                                std::string_view body, unix_ms now) {
  const std::function<result<journal::object_state>(const object_id&)> load =
      [&journal](const object_id& id) {
        auto found = journal.load(id);
        if (found)
          found->id = id;
        return found;
      };
  auto state = load(object);
  if (!state) {
    state.error().status = 500;
    return state.failure();
  }
  return handler.read(
      {*state, load, now, [&](const invocation_id& id) { return durable::end_of(journal, id); }},
      body);
}

void intake::read(const durable::handler_definition& handler, const call_request& request,
                  const std::string& body, const responder_ptr& to) {
  if (request.one_way) {
    finish(to, failure(400, request.handler + " only reads; call it without /send."));
    return;
  }
  auto outcome = read_object(shared_.journal, handler, {request.service, request.key}, body,
                             shared_.env.time.now());
  call_response response;
  if (outcome)
    response.body = std::move(*outcome);
  else
    response = failure(status_of(outcome.error()), outcome.error().message);
  finish(to, std::move(response));
}

// ── Questions about invocations ──────────────────────────────────────────────────────────────

void intake::take_attach(const invocation_target& target, bool wait, const responder_ptr& to) {
  if (const auto* by_id = std::get_if<by_invocation_id>(&target)) {
    const auto id = invocation_id::parse(by_id->id);
    if (!id) {
      finish(to, failure(400, "\"" + by_id->id + "\" is not an invocation id."));
      return;
    }
    attach_to(*id, wait, to);
  } else if (const auto* by_key = std::get_if<by_request_key>(&target)) {
    auto seen = shared_.journal.find_request(
        request_scope({by_key->service, by_key->key}, by_key->handler, by_key->idempotency_key));
    if (!seen)
      finish(to, failure(500, seen.error().message));
    else if (!*seen || (*seen)->expires_at <= shared_.env.time.aged())
      finish(to, failure(404, "No request is known under this idempotency key."));
    else
      attach_to((*seen)->invocation, wait, to);
  } else {
    attach_to_workflow(std::get<by_workflow>(target), wait, to);
  }
}

void intake::attach_to_workflow(const by_workflow& workflow, bool wait, const responder_ptr& to) {
  const auto* service = shared_.services.find(workflow.name);
  const auto handler =
      service != nullptr ? durable::workflow_handler(*service) : std::string_view();
  if (handler.empty()) {
    finish(to, failure(404, "There is no workflow " + workflow.name + "."));
    return;
  }
  auto state = shared_.journal.load({workflow.name, workflow.key});
  if (!state) {
    finish(to, failure(500, state.error().message));
    return;
  }
  if (const auto run = durable::run_of(*state, handler))
    attach_to(*run, wait, to);
  else
    finish(to, failure(404, "Workflow " + workflow.name + " " + workflow.key + " was never run."));
}

/// The response to this invocation's caller, or to whoever asks later, may lack a part.
responder_ptr intake::enriched(const journal::invocation_row& row, responder_ptr to) {
  const auto* handler = shared_.services.find(row.object.service, row.invocation.input.handler);
  if (handler == nullptr || !handler->enrich)
    return to;
  return enriching(shared_, *handler, parts_, std::move(to));
}

void intake::attach_to(const invocation_id& id, bool wait, responder_ptr to) {
  if (wait)
    if (auto known = shared_.journal.find_invocation(id); known && *known)
      to = enriched(**known, std::move(to));
  // First wait, then look: an end between the two is seen by one of them.
  if (wait)
    shared_.waiters.add(id, to, true);
  auto row = shared_.journal.find_invocation(id);
  if (!wait && row && *row)
    to = enriched(**row, std::move(to));
  call_response response;
  if (!row)
    response = failure(500, row.error().message);
  else if (!*row)
    response = failure(404, "There is no invocation " + id.text() + ".");
  else if (!(*row)->invocation.finished) {
    if (wait) {
      to->accepted(id.text());
      handed_ = true;
      return;
    }
    response = failure(470, "The invocation has not ended yet.");
    response.invocation_id = id.text();
  } else {
    response = response_of_ended((*row)->invocation);
  }
  if (wait && !shared_.waiters.remove(id, to))
    return; // Answered meanwhile.
  finish(to, std::move(response));
}

// ── Awakeables ───────────────────────────────────────────────────────────────────────────────

void intake::take_awakeable(std::string_view id, awakeable_input& in) {
  const auto parsed = awakeable_id::parse(id);
  if (!parsed) {
    finish(in.to, failure(400, "\"" + std::string(id) + "\" is not an awakeable id."));
    return;
  }
  in.id = *parsed;
  auto row = shared_.journal.find_invocation(in.id.invocation);
  if (!row) {
    finish(in.to, failure(500, row.error().message));
    return;
  }
  if (!*row) {
    finish(in.to, failure(404, "There is no such awakeable."));
    return;
  }
  if ((*row)->invocation.finished) {
    const bool known = journal::has_awakeable((*row)->invocation, in.id.completion);
    call_response response;
    response.status = 202;
    finish(in.to, known ? std::move(response) : failure(404, "There is no such awakeable."));
    return;
  }
  if (shared_.admission.stalled()) {
    finish(in.to, not_stored(shared_.admission.why_stalled()));
    return;
  }
  route(std::move((*row)->object), std::move(in));
}

} // namespace orderhub::host
