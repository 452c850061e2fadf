#pragma once
#include "actors/durable/service.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/object_event.hpp"
#include "journal/hub_journal.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace orderhub::host {

/// Who calls.
enum class origin : std::uint8_t {
  outside, ///< Anybody: internal handlers do not exist.
  inside,  ///< The host itself speaks, for a verified event: internal handlers too.
};

/// The door of a host: what comes from outside is looked up, checked and either answered here or
/// made an event for its object. Nothing is stored before the check. Reads, and questions about
/// invocations, are answered from the last commit.
///
/// Each function answers `to` exactly once, now or through whoever was given it, also where
/// handling throws. Several may work for one host; each is used by one thread at a time, so calls
/// of one key that are to keep their order go through the same one. Everything passed in outlives
/// it.
class intake {
public:
  intake(host_context& shared, door_host& host, std::shared_ptr<part_fetcher> parts)
      : shared_(shared), host_(host), parts_(std::move(parts)) {}

  /// Moves out of `request`. 400 where the handler's check says so, 404 where there is no such
  /// handler, 503 while the host takes no new work; else the object answers.
  void call(call_request& request, const responder_ptr& to, origin from = origin::outside);
  /// `wait`: `to` is answered when the invocation ends; else at once, 470 while it has not. 400 and
  /// 404 where it is not known.
  void attach(const invocation_target& target, bool wait, const responder_ptr& to);
  /// `id` as it came; `in.to` is answered: 202, also where it was completed before, 400, 404.
  void complete_awakeable(std::string_view id, awakeable_input& in);

private:
  template <class F>
  void answering(std::string_view what, const responder_ptr& to, F&& f);
  void take_call(call_request& request, responder_ptr to, origin from);
  void take_attach(const invocation_target& target, bool wait, const responder_ptr& to);
  void take_awakeable(std::string_view id, awakeable_input& in);
  void attach_to_workflow(const by_workflow& workflow, bool wait, const responder_ptr& to);
  void attach_to(const invocation_id& id, bool wait, responder_ptr to);
  void read(const durable::handler_definition& handler, const call_request& request,
            const std::string& body, const responder_ptr& to);
  responder_ptr enriched(const journal::invocation_row& row, responder_ptr to);
  void finish(const responder_ptr& to, call_response response);
  void route(object_id object, object_event event);

  host_context& shared_;
  door_host& host_;
  std::shared_ptr<part_fetcher> parts_;
  bool handed_ = false; ///< Whoever waits was answered, or is with the object.
};

/// What a read handler says of the object as of the last commit. Status 500 where the object cannot
/// be read; else what the handler fails with.
result<std::string> read_object(const journal::hub_journal& journal,
                                const durable::handler_definition& handler, object_id object,
                                std::string_view body, unix_ms now);

} // namespace orderhub::host
