#include "actors/host/vendor_switch.hpp"

#include "journal/base/log.hpp"
#include "journal/object_state.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace orderhub::host {

namespace {

constexpr std::size_t who_max = 100;
constexpr std::size_t via_max = 20;
constexpr std::size_t reason_max = 500;
constexpr std::string_view closed_mark = "closed", until_mark = "until=";

std::string evidence_of(bool is_closed, unix_ms until) {
  std::string text(is_closed ? closed_mark : std::string_view());
  if (until > 0)
    text.append(text.empty() ? "" : " ").append(until_mark).append(std::to_string(until));
  return text;
}

unix_ms until_in(std::string_view evidence) {
  const auto mark = evidence.find(until_mark);
  if (mark == std::string_view::npos)
    return 0;
  const auto digits = evidence.substr(mark + until_mark.size());
  unix_ms until = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), until);
  return until;
}

class switching_responder final : public responder {
public:
  switching_responder(std::shared_ptr<vendor_gate> gate, std::string vendor,
                      const switch_record& what, responder_ptr to)
      : gate_(std::move(gate)), vendor_(std::move(vendor)), which_(what.which),
        decided_(what.decided), to_(std::move(to)) {}

  void accepted(std::string_view invocation_id) override { to_->accepted(invocation_id); }
  [[nodiscard]] bool gone() const override { return to_->gone(); }
  void finished(call_response reply) override {
    if (reply.status == 202) {
      log::info("vendor_switched",
                {{"vendor", vendor_}, {"to", name_of(which_, decided_)}, {"who", decided_.by}});
      gate_->set_switch(vendor_, which_, decided_);
    }
    to_->finished(std::move(reply));
  }

private:
  std::shared_ptr<vendor_gate> gate_;
  std::string vendor_;
  static std::string_view name_of(vendor_switch which, const switch_setting& decided) {
    if (decided.position == switch_position::closed)
      return "closed";
    if (decided.position == switch_position::off)
      return which == vendor_switch::calls ? "resumed" : "automatic";
    return which == vendor_switch::calls ? "paused" : "open";
  }

  vendor_switch which_;
  switch_setting decided_;
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
  case vendor_verb::automatic:
    return "automatic";
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
  auto& d = r.decided;
  if (verb == vendor_verb::pause || verb == vendor_verb::open)
    d.position = switch_position::on;
  else if (verb == vendor_verb::close)
    d.position = switch_position::closed;
  const bool can_end = d.position != switch_position::off;
  const bool holds = can_end && (verb != vendor_verb::close || by.until > 0);
  d.until = can_end ? by.until : 0;
  r.object = object_of(r.which, vendor);
  r.action.verb = holds ? journal::operator_verb::pause : journal::operator_verb::resume;
  if (holds)
    r.action.evidence = evidence_of(verb == vendor_verb::close, d.until);
  else if (can_end)
    d.until = 1; // Closed now, and over.
  d.by = by.who;
  d.reason = by.reason;
  r.action.who = std::move(by.who);
  r.action.role = std::move(by.role);
  r.action.request = std::move(by.request);
  r.action.id = std::move(by.id);
  r.action.on_behalf = std::move(by.on_behalf);
  if (!by.after.empty())
    r.action.value = by.before + " -> " + by.after;
  r.action.via = std::move(by.via);
  r.action.reason = std::move(by.reason);
  return r;
}

switch_setting setting_of(const journal::object_state& state) {
  using journal::operator_verb;
  const auto last =
      std::find_if(state.operators.rbegin(), state.operators.rend(), [](const auto& o) {
        return o.action.verb == operator_verb::pause || o.action.verb == operator_verb::resume;
      });
  if (last == state.operators.rend())
    return {};
  const auto& action = last->action;
  switch_setting s;
  s.since = last->at;
  s.by = action.who;
  s.reason = action.reason;
  if (!state.paused_by_operator)
    return s;
  s.position =
      action.evidence.starts_with(closed_mark) ? switch_position::closed : switch_position::on;
  s.until = until_in(action.evidence);
  return s;
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
      const auto decided = setting_of(*state);
      gate.set_switch(vendor, which, decided);
      if (decided.position == switch_position::on)
        log::warn("vendor_switched_off",
                  {{"vendor", vendor},
                   {"by", which == vendor_switch::calls ? "a pause" : "a breaker held open"},
                   {"who", decided.by}});
    }
}

} // namespace orderhub::host
