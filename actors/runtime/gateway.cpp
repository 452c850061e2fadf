#include "actors/runtime/gateway.hpp"

#include "actors/host/request_scope.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/response.hpp"
#include "journal/base/log.hpp"
#include "journal/open_work.hpp"

#include <string>
#include <utility>

namespace orderhub::runtime {

namespace {

/// Adds to a good answer what no journal may hold, where it lacks such a part.
class enriching_responder final : public responder {
public:
  enriching_responder(hub_context& hub, const durable::handler_definition& handler,
                      responder_ptr to)
      : hub_(hub), handler_(handler), to_(std::move(to)) {}

  void accepted(std::string_view invocation_id) override { to_->accepted(invocation_id); }
  [[nodiscard]] bool gone() const override { return to_->gone(); }

  void finished(call_response reply) override {
    auto part = reply.status == 200 ? handler_.enrich(reply.body) : std::nullopt;
    auto provider = part ? hub_.providers.find(part->operation.vendor) : hub_.providers.end();
    if (provider == hub_.providers.end()) {
      to_->finished(std::move(reply));
      return;
    }
    auto place = hub_.gate->try_take(part->operation.vendor,
                                     host::kind_of(part->operation.call_class, /*lookup=*/false));
    if (!place) { // Nobody waits for what can be left out.
      to_->finished(std::move(reply));
      return;
    }
    auto call = std::make_shared<durable::vendor_call>();
    call->vendor = part->operation.vendor;
    call->call_class = part->operation.call_class;
    call->request = std::move(part->operation.request);
    call->deadline_ms = part->operation.deadline_ms;
    caf::anon_send(provider->second,
                   provider_call{std::move(call), nullptr, 0,
                                 [to = to_, reply = std::move(reply), add = std::move(part->add)](
                                     providers::transport_outcome outcome) mutable {
                                   if (outcome.kind == providers::outcome_kind::response)
                                     reply.body = add(std::move(reply.body), outcome.response);
                                   to->finished(std::move(reply));
                                 },
                                 std::make_shared<host::place_lease>(std::move(place))});
  }

private:
  hub_context& hub_;
  const durable::handler_definition& handler_;
  responder_ptr to_;
};

class gateway {
public:
  gateway(caf::event_based_actor* self, hub_context& hub, caf::actor directory)
      : self_(self), hub_(hub), directory_(std::move(directory)) {}

  /// Handles one message. Where that throws, whoever waits is told, unless they were already.
  template <class F>
  void answering(std::string_view what, const responder_ptr& to, F&& f) {
    handed_ = false;
    const auto kept = to;
    guarded_or("gateway", std::forward<F>(f), [&](std::string_view why) {
      ++hub_.failures;
      log::error("actor_failed", {{"actor", "gateway"}, {"event", what}, {"reason", why}});
      if (!std::exchange(handed_, true))
        kept->finished(failure(500,
                               "The hub failed while it took this in, and has stored nothing of "
                               "it. Send it again."));
    });
  }

  void call(gateway_call& m) {
    auto& request = *m.request;
    const auto* service = hub_.services.find(request.service);
    const auto* handler = hub_.services.find(request.service, request.handler);
    if (service == nullptr || handler == nullptr || handler->internal) {
      finish(m.to, failure(404, service == nullptr || all_internal(*service)
                                    ? "There is no service " + request.service + "."
                                    : "Service " + request.service + " has no handler " +
                                          request.handler + "."));
      return;
    }
    if (handler->enrich && !request.one_way)
      m.to = std::make_shared<enriching_responder>(hub_, *handler, std::move(m.to));
    std::string raw_for_hash;
    if (!request.idempotency_key.empty())
      raw_for_hash = request.body;
    std::string body = std::move(request.body);
    if (handler->validate) {
      auto checked = handler->validate(request.key, body);
      if (!checked) {
        finish(m.to, failure(status_of(checked.error()), checked.error().message));
        return;
      }
      body = std::move(*checked);
    }
    if (handler->mode == durable::handler_mode::read) {
      read(*handler, request, body, m.to);
      return;
    }
    if (!hub_.admission.accepting()) {
      finish(m.to, failure(503, "The hub takes no new work at the moment. Nothing was stored; "
                                "try again later."));
      return;
    }
    external_input in;
    const auto now = hub_.env.time.now();
    in.invocation = invocation_id::make(now, random_);
    in.one_way = request.one_way;
    in.to = std::move(m.to);
    in.input.handler = request.handler;
    in.input.revision = handler->revision;
    in.input.shared = handler->mode == durable::handler_mode::shared ||
                      handler->mode == durable::handler_mode::event;
    in.input.ephemeral = handler->ephemeral;
    in.input.due_at = request.one_way && request.delay_ms > 0 ? now + request.delay_ms : 0;
    in.input.body = std::move(body);
    if (!request.idempotency_key.empty()) {
      journal::request_key key;
      key.scope = host::request_scope({request.service, request.key}, request.handler,
                                      request.idempotency_key);
      key.body = host::request_content(request.handler, raw_for_hash);
      key.expires_at = now + hub_.env.request_retention_ms;
      in.input.key = key;
    }
    route({std::move(request.service), std::move(request.key)}, std::move(in));
  }

  void attach(gateway_attach& m) {
    if (const auto* by_id = std::get_if<by_invocation_id>(m.target.get())) {
      const auto id = invocation_id::parse(by_id->id);
      if (!id) {
        finish(m.to, failure(400, "\"" + by_id->id + "\" is not an invocation id."));
        return;
      }
      attach_to(*id, m.wait, std::move(m.to));
    } else if (const auto* by_key = std::get_if<by_request_key>(m.target.get())) {
      auto seen = hub_.journal.find_request(host::request_scope(
          {by_key->service, by_key->key}, by_key->handler, by_key->idempotency_key));
      if (!seen)
        finish(m.to, failure(500, seen.error().message));
      else if (!*seen || (*seen)->expires_at <= hub_.env.time.aged())
        finish(m.to, failure(404, "No request is known under this idempotency key."));
      else
        attach_to((*seen)->invocation, m.wait, std::move(m.to));
    } else {
      const auto& workflow = std::get<by_workflow>(*m.target);
      finish(m.to, failure(404, "There is no workflow " + workflow.name + "."));
    }
  }

  void awakeable(gateway_awakeable& m) {
    auto& in = *m.input;
    const auto parsed = awakeable_id::parse(m.id);
    if (!parsed) {
      finish(in.to, failure(400, "\"" + m.id + "\" is not an awakeable id."));
      return;
    }
    in.id = *parsed;
    auto row = hub_.journal.find_invocation(in.id.invocation);
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
      call_response reply;
      reply.status = 202;
      finish(in.to, known ? std::move(reply) : failure(404, "There is no such awakeable."));
      return;
    }
    if (hub_.admission.stalled()) {
      finish(in.to, not_stored(hub_.admission.why_stalled()));
      return;
    }
    route(std::move((*row)->object), std::move(in));
  }

private:
  void finish(const responder_ptr& to, call_response reply) {
    handed_ = true;
    to->finished(std::move(reply));
  }
  template <class Event>
  void route(object_id object, Event event) {
    self_->send(directory_, route_message{std::move(object), make_event(std::move(event))});
    handed_ = true;
  }

  static bool all_internal(const durable::service_definition& service) {
    for (const auto& [name, handler] : service.handlers)
      if (!handler.internal)
        return false;
    return true;
  }

  void read(const durable::handler_definition& handler, const call_request& request,
            const std::string& body, const responder_ptr& to) {
    if (request.one_way) {
      finish(to, failure(400, request.handler + " only reads; call it without /send."));
      return;
    }
    object_id id{request.service, request.key};
    auto state = hub_.journal.load(id);
    if (!state) {
      finish(to, failure(500, state.error().message));
      return;
    }
    state->id = std::move(id);
    const std::function<result<journal::object_state>(const object_id&)> load =
        [this](const object_id& other) {
          auto found = hub_.journal.load(other);
          if (found)
            found->id = other;
          return found;
        };
    auto outcome = handler.read({*state, load}, body);
    call_response reply;
    if (outcome)
      reply.body = std::move(*outcome);
    else
      reply = failure(status_of(outcome.error()), outcome.error().message);
    finish(to, std::move(reply));
  }

  /// The answer to this invocation's caller, or to whoever asks later, may lack a part.
  responder_ptr enriched(const journal::invocation_row& row, responder_ptr to) {
    const auto* handler = hub_.services.find(row.object.service, row.invocation.input.handler);
    if (handler == nullptr || !handler->enrich)
      return to;
    return std::make_shared<enriching_responder>(hub_, *handler, std::move(to));
  }

  void attach_to(const invocation_id& id, bool wait, responder_ptr to) {
    if (wait)
      if (auto known = hub_.journal.find_invocation(id); known && *known)
        to = enriched(**known, std::move(to));
    // First wait, then look: an end between the two is seen by one of them.
    if (wait)
      hub_.waiters.add(id, to, true);
    auto row = hub_.journal.find_invocation(id);
    if (!wait && row && *row)
      to = enriched(**row, std::move(to));
    call_response reply;
    if (!row)
      reply = failure(500, row.error().message);
    else if (!*row)
      reply = failure(404, "There is no invocation " + id.text() + ".");
    else if (!(*row)->invocation.finished) {
      if (wait) {
        to->accepted(id.text());
        handed_ = true;
        return;
      }
      reply = failure(470, "The invocation has not ended yet.");
      reply.invocation_id = id.text();
    } else {
      reply = response_of_ended((*row)->invocation);
    }
    if (wait && !hub_.waiters.remove(id, to))
      return; // Answered meanwhile.
    finish(to, std::move(reply));
  }

  caf::event_based_actor* self_;
  hub_context& hub_;
  caf::actor directory_;
  system_random random_;
  bool handed_ = false; ///< Whoever waits was answered, or is with the object.
};

} // namespace

caf::behavior gateway_actor(caf::event_based_actor* self, hub_context* hub, caf::actor directory) {
  watch(self, "gateway");
  auto state = std::make_shared<gateway>(self, *hub, std::move(directory));
  return {
      [state](gateway_call& m) { state->answering("call", m.to, [&] { state->call(m); }); },
      [state](gateway_attach& m) { state->answering("attach", m.to, [&] { state->attach(m); }); },
      [state](gateway_awakeable& m) {
        state->answering("awakeable", m.input->to, [&] { state->awakeable(m); });
      },
  };
}

} // namespace orderhub::runtime
