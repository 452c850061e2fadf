#include "actors/host/vendor_switch.hpp"

#include "journal/base/log.hpp"
#include "journal/object_state.hpp"

#include <utility>

namespace orderhub::host {

namespace {

constexpr std::size_t who_max = 100;
constexpr std::size_t via_max = 20;
constexpr std::size_t reason_max = 500;

class switching_responder final : public responder {
public:
  switching_responder(std::shared_ptr<vendor_gate> gate, std::string vendor,
                      const switch_record& what, responder_ptr to)
      : gate_(std::move(gate)), vendor_(std::move(vendor)), which_(what.which), on_(what.on),
        to_(std::move(to)) {}

  void accepted(std::string_view invocation_id) override { to_->accepted(invocation_id); }
  [[nodiscard]] bool gone() const override { return to_->gone(); }
  void finished(call_response reply) override {
    if (reply.status == 202)
      gate_->set_switch(vendor_, which_, on_);
    to_->finished(std::move(reply));
  }

private:
  std::shared_ptr<vendor_gate> gate_;
  std::string vendor_;
  vendor_switch which_;
  bool on_;
  responder_ptr to_;
};

} // namespace

std::string_view name_of(vendor_verb verb) {
  switch (verb) {
  case vendor_verb::pause:
    return "pause";
  case vendor_verb::resume:
    return "resume";
  case vendor_verb::open:
    return "open";
  case vendor_verb::close:
    return "close";
  }
  return "resume";
}

object_id object_of(vendor_switch which, std::string_view vendor) {
  return {which == vendor_switch::calls ? "VendorCalls" : "VendorBreaker", std::string(vendor)};
}

result<switch_record> record_of(std::string_view vendor, vendor_verb verb, operator_note by) {
  if (by.who.empty() || by.who.size() > who_max || by.via.size() > via_max ||
      by.reason.size() > reason_max)
    return fail({error_kind::invalid, "vendor_switch",
                 "Who does it must be 1 to 100 bytes, by which way at most 20, and the reason at "
                 "most 500."});
  switch_record r;
  r.which = verb == vendor_verb::pause || verb == vendor_verb::resume ? vendor_switch::calls
                                                                      : vendor_switch::breaker;
  r.on = verb == vendor_verb::pause || verb == vendor_verb::open;
  r.object = object_of(r.which, vendor);
  r.action.verb = r.on ? journal::operator_verb::pause : journal::operator_verb::resume;
  r.action.who = std::move(by.who);
  r.action.via = std::move(by.via);
  r.action.reason = std::move(by.reason);
  return r;
}

responder_ptr switching(std::shared_ptr<vendor_gate> gate, std::string vendor,
                        const switch_record& what, responder_ptr to) {
  return std::make_shared<switching_responder>(std::move(gate), std::move(vendor), what,
                                               std::move(to));
}

void restore_switches(vendor_gate& gate, const journal::hub_journal& journal) {
  for (const auto& vendor : gate.vendors())
    for (const auto which : {vendor_switch::calls, vendor_switch::breaker}) {
      const auto object = object_of(which, vendor);
      const auto state = journal.load(object);
      if (!state) {
        log::error("vendor_switch_unreadable",
                   {{"object", object.text()}, {"reason", state.error().message}});
        continue;
      }
      if (!state->paused_by_operator)
        continue;
      gate.set_switch(vendor, which, true);
      log::warn(
          "vendor_switched_off",
          {{"vendor", vendor},
           {"by", which == vendor_switch::calls ? "a pause" : "a breaker held open"},
           {"who", state->operators.empty() ? std::string() : state->operators.back().action.who}});
    }
}

} // namespace orderhub::host
