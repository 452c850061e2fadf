// What one step has come to.
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_stand.hpp"
#include "actors/handlers/notifications/second_sender.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/record.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

using journal::note_kind;
using providers::doubt_policy;

namespace {

/// Tells it, oldest first.
class step_teller : public step_stand {
public:
  step_teller(const recorded_step& step, const std::string& currency, const explain_now& now)
      : step_stand(step, now), currency_(currency) {}

  std::vector<step_moment> moments() {
    add(step_.at, intent());
    if (!step_.ended && !step_.intent.key.empty() && key_good_until() > 0)
      add(step_.at,
          say(now_.at < key_good_until() ? sentence::key : sentence::key_old,
              {{"key", key()}, {"vendor", vendor_}, {"until", moment(key_good_until())}}));
    bool in_doubt = false;
    for (const auto& n : step_.notes)
      add_note(n, in_doubt);
    if (step_.ended)
      add(step_.ended_at, end());
    return std::move(moments_);
  }

  [[nodiscard]] std::string_view state(bool is_paused) const {
    if (step_.ended)
      return ended_state();
    if (is_paused)
      return "paused";
    if (stands_.waits_for_person() || stands_.person)
      return "person";
    if (is_in_doubt())
      return "in_doubt";
    return stands_.nothing_out ? "waiting" : "out";
  }

private:
  void add(unix_ms at, said what) { moments_.push_back({at, std::move(what)}); }

  [[nodiscard]] said intent() const {
    const auto& i = step_.intent;
    const auto bar = i.target.rfind('|');
    const auto mode =
        bar == std::string::npos ? std::string("its mode is not known") : i.target.substr(bar + 1);
    const auto bytes =
        i.method.empty() ? std::string() : ", " + std::to_string(i.body.size()) + " bytes";
    return say(sentence::intent, {{"at", moment(step_.at)},
                                  {"thing", words_.thing},
                                  {"done", words_.done},
                                  {"vendor", vendor_},
                                  {"call", call()},
                                  {"bytes", bytes},
                                  {"mode", mode}});
  }

  void add_note(const journal::recorded_note& recorded, bool& in_doubt) {
    const auto& n = recorded.note;
    const auto at = moment(recorded.at);
    const auto next = moment(n.at);
    const auto rule = providers::name_of(policy());
    switch (n.kind) {
    case note_kind::retry_at:
      return add(recorded.at, retry(n, at, next, in_doubt));
    case note_kind::doubt:
      if (!has_effect(step_.intent.operation))
        return add(recorded.at, say(sentence::unanswered, {{"at", at}, {"reason", n.text}}));
      in_doubt = true;
      add(recorded.at,
          say(sentence::doubt,
              {{"at", at}, {"thing", words_.thing}, {"done", words_.done}, {"reason", n.text}}));
      if (policy() == doubt_policy::may_repeat)
        add(recorded.at, tolerated());
      return;
    case note_kind::lookup_found:
      return add(recorded.at, say(sentence::found, {{"at", at}, {"evidence", n.text}}));
    case note_kind::lookup_absent:
      in_doubt = in_doubt && stands_.refused;
      if (n.text == durable::unchecked_absence)
        return add(recorded.at, say(sentence::absent_unchecked,
                                    {{"at", at}, {"done", words_.done}, {"vendor", vendor_}}));
      return add(
          recorded.at,
          say(sentence::absent,
              {{"at", at}, {"thing", words_.thing}, {"done", words_.done}, {"reason", n.text}}));
    case note_kind::new_key:
      return add(recorded.at,
                 say(sentence::new_key, {{"at", at}, {"generation", std::to_string(n.attempt)}}));
    case note_kind::resend:
      return add(recorded.at, left(n, at, in_doubt));
    case note_kind::waiting:
      return add(recorded.at, say(sentence::queued, {{"at", at}, {"reason", n.text}}));
    case note_kind::lookup_at:
      add(recorded.at, say(sentence::look_up_at, {{"at", at},
                                                  {"reason", n.text},
                                                  {"vendor", vendor_},
                                                  {"next", next},
                                                  {"rule", rule}}));
      if (const auto from = counts_from(); !step_.ended && from > now_.at)
        add(recorded.at, say(sentence::proves_nothing, {{"settle", moment(from)}}));
      return;
    case note_kind::needs_person:
      return add(recorded.at, say(sentence::person, {{"at", at}, {"reason", n.text}}));
    case note_kind::evidence: // Its text is the step's value.
      return add(recorded.at, say(sentence::evidence, {{"at", at}, {"vendor", vendor_}}));
    case note_kind::answered: // Told among the attempts; what followed from it has its own note.
      return;
    case note_kind::believed:
      return add(recorded.at, say(sentence::believed, {{"at", at}, {"vendor", vendor_}}));
    case note_kind::event_wait:
      return add(recorded.at,
                 say(sentence::event_wait,
                     {{"at", at},
                      {"reason", n.text},
                      {"vendor", vendor_},
                      {"next", next},
                      {"rule", providers::name_of(durable::policy_now(step_.intent, true))}}));
    case note_kind::done_before:
      in_doubt = true;
      return add(recorded.at, say(sentence::done_before, {{"at", at}, {"reason", n.text}}));
    case note_kind::not_done_before:
      return add(recorded.at, say(sentence::not_done_before, {{"at", at}}));
    }
  }

  [[nodiscard]] said tolerated() const {
    return say(sentence::tolerated, {{"vendor", vendor_}, {"receiver", words_.twice}});
  }

  /// Recorded where the journal said before that nothing is out.
  [[nodiscard]] said left(const journal::note_payload& n, const std::string& at,
                          bool in_doubt) const {
    if (in_doubt)
      return say(sentence::sent_again,
                 {{"at", at}, {"rule", providers::name_of(policy())}, {"reason", n.text}});
    return say(n.sends <= 1 ? sentence::left : sentence::sent_once_more,
               {{"at", at}, {"reason", n.text}});
  }

  [[nodiscard]] said retry(const journal::note_payload& n, const std::string& at,
                           const std::string& next, bool in_doubt) const {
    if (in_doubt && policy() == doubt_policy::replay_key)
      return say(sentence::again_same_key, {{"at", at}, {"reason", n.text}, {"next", next}});
    if (in_doubt)
      return say(sentence::again_in_doubt, {{"at", at}, {"reason", n.text}, {"next", next}});
    const bool is_limit = durable::cause_of(n.text) == durable::wait_cause::limiter;
    return say(is_limit ? sentence::limited : sentence::again_at,
               {{"at", at}, {"vendor", vendor_}, {"reason", n.text}, {"next", next}});
  }

  [[nodiscard]] bool has_note(note_kind kind) const {
    return std::any_of(step_.notes.begin(), step_.notes.end(),
                       [&](const auto& n) { return n.note.kind == kind; });
  }

  [[nodiscard]] said end() const {
    const auto at = moment(step_.ended_at);
    const auto took = span_text(step_.ended_at - step_.at);
    const auto& ended = *step_.ended;
    if (ended) {
      const auto what = shown_value(step_.intent.operation, *ended, currency_);
      if (has_note(note_kind::lookup_found))
        return say(sentence::taken_over, {{"done", words_.done}, {"what", what}});
      if (has_note(note_kind::believed) && !step_.answer)
        return say(sentence::value_of_person, {{"vendor", vendor_}, {"what", what}});
      if (has_note(note_kind::evidence))
        return say(sentence::value_of_event, {{"vendor", vendor_}, {"at", at}, {"what", what}});
      if (!step_.answer)
        return say(sentence::value, {{"vendor", vendor_}, {"took", took}, {"what", what}});
      const auto& a = *step_.answer;
      return say(sentence::value_answered,
                 {{"vendor", vendor_},
                  {"http", std::to_string(a.status)},
                  {"took", span_text(a.took_ms)},
                  {"request", a.request_id.empty() ? "" : " (request " + a.request_id + ')'},
                  {"what", what}});
    }
    const auto& why = ended.error().message;
    switch (ended.error().kind) {
    case error_kind::cancelled:
      return say(sentence::cancelled, {{"at", at}, {"reason", why}});
    case error_kind::missed:
      return say(sentence::missed,
                 {{"at", at}, {"reason", why}, {"thing", words_.thing}, {"done", words_.done}});
    case error_kind::unavailable:
      return say(sentence::given_up, {{"at", at}, {"reason", why}});
    case error_kind::done_before:
      return say(sentence::done_before_ended, {{"at", at}, {"vendor", vendor_}, {"reason", why}});
    default:
      return say(sentence::refused, {{"vendor", vendor_}, {"took", took}, {"reason", why}});
    }
  }

  [[nodiscard]] std::string_view ended_state() const {
    if (*step_.ended)
      return "done";
    switch (step_.ended->error().kind) {
    case error_kind::cancelled:
      return "cancelled";
    case error_kind::missed:
      return "missed";
    case error_kind::unavailable:
      return "given_up";
    default:
      return "refused";
    }
  }

  const std::string& currency_;
  std::vector<step_moment> moments_;
};

/// When a person last asked for a next move of that invocation; 0: never.
unix_ms person_acted_at(const journal::object_state* state, const invocation_id& invocation) {
  using journal::operator_verb;
  unix_ms newest = 0;
  if (state != nullptr)
    for (const auto& o : state->operators)
      if ((o.invocation.empty() || o.invocation == invocation) &&
          (o.action.verb == operator_verb::retry || o.action.verb == operator_verb::happened ||
           o.action.verb == operator_verb::not_happened ||
           o.action.verb == operator_verb::not_happened_unverified))
        newest = std::max(newest, o.at);
  return newest;
}

step_attempt attempt_of(const journal::vendor_answer& a, unix_ms at, bool is_lookup) {
  step_attempt t;
  t.kind = is_lookup ? "look_up" : "send";
  t.at = at;
  t.took_ms = a.took_ms;
  t.http = a.status;
  t.vendor_request_id = a.request_id;
  t.body_bytes = a.body_size;
  t.body_sha256 = hex_of(a.body_hash);
  return t;
}

/// Of `stripe.charge: 429 rate_limit` both parts; of a look-up that says something only the first.
std::pair<std::string, std::string> rule_and_error(std::string_view recorded) {
  const auto end = recorded.find(": ");
  if (end == std::string_view::npos)
    return {std::string(recorded), {}};
  return {std::string(recorded.substr(0, end)), std::string(recorded.substr(end + 2))};
}

std::vector<step_attempt> attempts_of(const recorded_step& s, std::uint32_t sends) {
  std::vector<step_attempt> all;
  bool was_found = false;
  for (const auto& recorded : s.notes) {
    was_found = was_found || recorded.note.kind == note_kind::lookup_found;
    if (recorded.note.kind != note_kind::answered)
      continue;
    const auto n = journal::decode_answer_note(recorded.note.text);
    if (!n)
      continue;
    auto t = attempt_of(n->answer, recorded.note.at, n->is_lookup);
    t.number = n->is_lookup ? 0 : recorded.note.sends;
    t.taken_for = n->kind;
    std::tie(t.rule, t.error) = rule_and_error(n->rule);
    t.excerpt = n->excerpt;
    all.push_back(std::move(t));
  }
  if (s.answer) {
    auto t = attempt_of(*s.answer, s.ended_at, was_found);
    t.number = was_found ? 0 : std::max<std::uint32_t>(sends, 1);
    t.taken_for = *s.ended ? "value" : name_of(s.ended->error().kind);
    if (!*s.ended) {
      t.rule = s.ended->error().where;
      t.error = s.ended->error().message;
    }
    all.push_back(std::move(t));
  }
  return all;
}

explained_step told(const recorded_step& s, const std::string& currency, const explain_now& now,
                    bool is_paused, bool is_held, unix_ms acted_at, const std::string& handler) {
  step_teller teller(s, currency, now);
  explained_step e;
  e.name = s.intent.name;
  e.vendor = s.intent.vendor;
  e.operation = s.intent.operation;
  e.state = teller.state(is_paused);
  e.policy = providers::name_of(teller.policy());
  e.key = teller.key();
  e.key_good_until = e.key.empty() ? 0 : teller.key_good_until();
  e.target = s.intent.target;
  e.call = teller.call();
  e.request_bytes = s.intent.body.size();
  if (!s.intent.method.empty()) {
    const auto hash = sha256_of(s.intent.body);
    e.request_sha256 = hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()});
  }
  e.intent_at = s.at;
  e.ended_at = s.ended_at;
  e.sends = std::max<std::uint32_t>(teller.stands().sends, s.notes.empty() ? 1 : 0);
  e.is_held = is_held && !s.ended;
  // While it is paused, or its object is and it would be sent, no time brings it on.
  if (!is_paused && !(is_held && teller.next() == "send")) {
    e.next_at = teller.next_at();
    e.next = teller.next();
  }
  if (!s.ended) {
    e.counts_from = teller.counts_from();
    if (is_paused) {
      e.if_retried.emplace();
      e.if_retried->because.push_back(say(sentence::retry_resumes, {{"handler", handler}}));
    } else {
      e.if_retried = retried(s, now, is_held, acted_at);
    }
  }
  e.attempts = attempts_of(s, teller.stands().sends);
  e.doubt = doubt_of(s, now);
  e.moments = teller.moments();
  return e;
}

/// Why a second provider has it to do, of whom the first one's step is among those of the same
/// invocation.
void tell_why_second(explained_step& e, const recorded_step& s,
                     const std::vector<recorded_step>& all, unix_ms now) {
  const std::string_view name = s.intent.name;
  if (!name.ends_with(second_suffix))
    return;
  const auto first_name = name.substr(0, name.size() - second_suffix.size());
  for (const auto& first : all)
    if (first.intent.name == first_name && first.ended && !*first.ended) {
      const auto words = words_of(name);
      e.moments.insert(
          e.moments.begin(),
          {s.at, say(sentence::second_provider, {{"at", moment_text(s.at, now)},
                                                 {"vendor", title_of_vendor(s.intent.vendor)},
                                                 {"thing", words.thing},
                                                 {"first", title_of_vendor(first.intent.vendor)},
                                                 {"done", words.done},
                                                 {"reason", first.ended->error().message}})});
      return;
    }
}

} // namespace

std::vector<explained_step> steps_of(const journal::object_state* state, const object_id& object,
                                     const journal::invocation_state& invocation,
                                     const std::string& currency, const explain_now& now) {
  std::vector<explained_step> out;
  const bool is_paused = !invocation.paused_text.empty();
  const bool is_held =
      state != nullptr && state->paused_by_operator && !invocation.input.passes_pause;
  const auto acted_at = person_acted_at(state, invocation.id);
  const auto all = recorded_steps(invocation);
  for (const auto& s : all) {
    out.push_back(told(s, currency, now, is_paused, is_held, acted_at, invocation.input.handler));
    out.back().ref = invocation.id.text() + ':' + std::to_string(s.index);
    out.back().object = object.text();
    tell_why_second(out.back(), s, all, now.at);
  }
  return out;
}

} // namespace orderhub::handlers
