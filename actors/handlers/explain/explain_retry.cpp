// What a retry would do, by the rules of the effect machine.
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_stand.hpp"

#include <algorithm>

namespace orderhub::handlers {

using durable::doubt_move;
using durable::retry_move;
using journal::note_kind;
using providers::doubt_policy;

namespace {

class retry_teller : public step_stand {
public:
  using step_stand::step_stand;

  [[nodiscard]] retry_prediction tell(bool is_held, unix_ms person_acted_at) const {
    retry_prediction p;
    const bool is_queued = stands_.nothing_out && stands_.position == note_kind::waiting &&
                           stands_.stands && stands_.stands->note.kind == note_kind::waiting;
    // A look-up leaves without a note: it is out when its time has come, or a person asked for it.
    const bool is_due =
        next() == "look_up" && (next_at() <= now_.at || stands_.stands->at <= person_acted_at);
    p.move = durable::move_of_retry({.is_out = stands_.is_out() || is_due,
                                     .is_queued = is_queued,
                                     .in_doubt = stands_.in_doubt,
                                     .waits_for_event = stands_.waits_for_event(),
                                     .waits_for_person = stands_.waits_for_person(),
                                     .is_refused = stands_.refused});
    switch (p.move) {
    case retry_move::nothing:
      p.because.push_back(say(is_queued ? sentence::retry_queued : sentence::retry_out));
      return p;
    case retry_move::send:
      p.call = call();
      p.key = key();
      compare_with_last(p);
      p.because.push_back(say(sentence::retry_sends, {{"call", p.call}}));
      break;
    case retry_move::end_event_wait: {
      const auto next = durable::policy_now(step_.intent, true);
      p.because.push_back(say(sentence::retry_ends_wait,
                              {{"vendor", vendor_}, {"rule", providers::name_of(next)}}));
      predict_in_doubt(p, next);
      break;
    }
    case retry_move::look_up:
      predict_lookup(p);
      break;
    case retry_move::by_policy:
      predict_in_doubt(p, policy());
      break;
    }
    add_holds(p, is_held);
    return p;
  }

private:
  void predict_lookup(retry_prediction& p) const {
    const auto asked = lookup_of(step_.intent, key(), stands_.first_sent_at);
    p.call = asked ? shown_call(step_.intent.operation, *asked) : "a look-up";
    p.counts_from = counts_from();
    p.because.push_back(say(sentence::retry_looks_up, {{"call", p.call}}));
    if (p.counts_from > now_.at)
      p.because.push_back(say(sentence::retry_not_before, {{"settle", moment(p.counts_from)}}));
  }

  void predict_in_doubt(retry_prediction& p, doubt_policy rule) const {
    const bool key_helps = !stands_.lookup_only && now_.at < key_good_until();
    // What a configured provider's look-up is nobody knows here but by its rule.
    const bool has_lookup = rule == doubt_policy::lookup ||
                            lookup_of(step_.intent, key(), stands_.first_sent_at).has_value();
    p.by_policy = durable::move_in_doubt(rule, key_helps, has_lookup);
    switch (*p.by_policy) {
    case doubt_move::same_key:
      p.call = call();
      p.key = key();
      compare_with_last(p);
      p.because.push_back(
          say(sentence::retry_same_key,
              {{"call", p.call}, {"vendor", vendor_}, {"step", step_.intent.name}}));
      return;
    case doubt_move::look_up:
      return predict_lookup(p);
    case doubt_move::send_again:
      p.call = call();
      p.key = key();
      compare_with_last(p);
      p.safe = !has_effect(step_.intent.operation);
      if (!p.safe)
        p.side_effects.emplace_back(words_.twice);
      p.because.push_back(
          p.safe ? say(sentence::retry_asks, {{"call", p.call}})
                 : say(sentence::retry_repeats, {{"call", p.call}, {"receiver", words_.twice}}));
      return;
    case doubt_move::await_event:
      p.because.push_back(say(sentence::retry_waits_on, {{"vendor", vendor_}}));
      return;
    case doubt_move::give_up:
      p.because.push_back(say(sentence::retry_gives_up, {{"rule", providers::name_of(rule)}}));
      return;
    }
  }

  void add_holds(retry_prediction& p, bool is_held) const {
    if (p.call.empty())
      return;
    const bool is_lookup = p.move == retry_move::look_up || p.by_policy == doubt_move::look_up;
    if (is_held && !is_lookup)
      p.because.push_back(say(sentence::retry_held));
    const auto* vendor = find_vendor(now_, step_.intent.vendor);
    if (vendor == nullptr || vendor->hold == vendor_hold_kind::none)
      return;
    p.because.push_back(say(sentence::retry_vendor_held, {{"vendor", vendor_}}));
    p.not_before = vendor->probe_at;
  }

  /// Of what is sent: beside the call before.
  void compare_with_last(retry_prediction& p) const {
    std::uint32_t last = 1;
    for (const auto& recorded : step_.notes) {
      const auto& n = recorded.note;
      bool has_left = n.kind == note_kind::resend || n.kind == note_kind::doubt;
      if (n.kind == note_kind::answered)
        if (const auto answer = journal::decode_answer_note(n.text))
          has_left = !answer->is_lookup;
      if (has_left)
        last = std::max(last, n.attempt);
    }
    const bool is_same = stands_.generation == last;
    if (!p.key.empty())
      p.same_key = is_same;
    if (!step_.intent.method.empty())
      p.same_bytes = is_same;
  }
};

} // namespace

retry_prediction retried(const recorded_step& step, const explain_now& now, bool is_held,
                         unix_ms person_acted_at) {
  return retry_teller(step, now).tell(is_held, person_acted_at);
}

} // namespace orderhub::handlers
