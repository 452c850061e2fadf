// What became of a doubt: what was found out, and by which rule it ended.
#include "actors/durable/core_metrics.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_stand.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::doubt_end;
using journal::note_kind;
using providers::doubt_policy;

namespace {

bool is_about_doubt(note_kind kind) {
  switch (kind) {
  case note_kind::doubt:
  case note_kind::lookup_found:
  case note_kind::lookup_absent:
  case note_kind::evidence:
  case note_kind::believed:
  case note_kind::done_before:
  case note_kind::not_done_before:
    return true;
  default:
    return false;
  }
}

/// Refers to what it is given.
class doubt_teller : public step_stand {
public:
  using step_stand::step_stand;

  [[nodiscard]] std::optional<explained_doubt> tell() {
    if (!has_effect(step_.intent.operation) ||
        std::none_of(step_.notes.begin(), step_.notes.end(),
                     [](const auto& n) { return is_about_doubt(n.note.kind); }))
      return std::nullopt;
    doubt_.absence_until = step_.ended ? 0 : counts_from();
    for (const auto& recorded : step_.notes)
      add(recorded);
    // Since it was begun anew after a proof, it is not known again.
    if (stands_.in_doubt && !step_.ended)
      doubt_.decision.reset();
    else
      decide_by_end();
    return std::move(doubt_);
  }

private:
  void add_evidence(unix_ms at, std::string_view kind, std::optional<bool> found, bool counts,
                    std::string because) {
    doubt_.evidence.push_back({at, kind, found, counts, std::move(because)});
  }
  void decide(unix_ms at, doubt_end how) {
    doubt_.decision = doubt_decision{at, durable::name_of(how), providers::name_of(policy())};
  }

  void add(const journal::recorded_note& recorded) {
    const auto& n = recorded.note;
    const auto at = recorded.at;
    switch (n.kind) {
    case note_kind::doubt:
      doubt_.since = at;
      doubt_.reason = n.text;
      return;
    case note_kind::answered:
      return add_answer(recorded);
    case note_kind::lookup_found:
      add_evidence(at, "look_up", true, true, n.text);
      return decide(at, doubt_end::adopted);
    case note_kind::lookup_absent: {
      const bool is_word = n.text == durable::unchecked_absence;
      add_evidence(at, is_word ? "person" : "look_up", false, !stands_.refused, n.text);
      return decide(at, is_word ? doubt_end::person : doubt_end::absent);
    }
    case note_kind::evidence:
      add_evidence(at, "event", true, true, "a verified event of " + vendor_ + " says so");
      return decide(at, doubt_end::adopted);
    case note_kind::believed:
      add_evidence(at, "person", true, true, "a person's word, not checked with " + vendor_);
      return decide(at, doubt_end::person);
    case note_kind::done_before:
      return add_evidence(at, "refusal", true, false,
                          n.text + ": it is looked up before that is believed");
    case note_kind::not_done_before:
      return add_evidence(at, "person", false, false, "it is looked up before that is believed");
    default:
      return;
    }
  }

  /// Of a look-up: what it found is in a note of its own.
  void add_answer(const journal::recorded_note& recorded) {
    const auto n = journal::decode_answer_note(recorded.note.text);
    if (!n || !n->is_lookup || n->kind == "found" || n->kind == "refused")
      return;
    const auto at = recorded.note.at;
    const auto is_proof = [&](const auto& other) {
      return other.note.kind == note_kind::lookup_absent && other.at == recorded.at;
    };
    if (std::any_of(step_.notes.begin(), step_.notes.end(), is_proof))
      return;
    if (n->kind != "absent")
      return add_evidence(at, "look_up", std::nullopt, false, n->kind + ": " + n->rule);
    const auto from = counts_from();
    const auto left = at - static_cast<std::int64_t>(n->answer.took_ms);
    if (from > 0 && left < from)
      return add_evidence(at, "look_up", false, false,
                          "before " + moment(from) + ": the first call may still be running");
    add_evidence(at, "look_up", false, true, "after the absence time; two such in a row prove it");
  }

  /// Where no note says it: the answer to a call that was sent again, or the policy.
  void decide_by_end() {
    if (doubt_.decision || !step_.ended)
      return;
    if (!*step_.ended && step_.ended->error().kind == error_kind::missed)
      return decide(step_.ended_at, doubt_end::missed);
    decide(step_.ended_at, doubt_end::repeated);
  }

  explained_doubt doubt_;
};

} // namespace

std::optional<explained_doubt> doubt_of(const recorded_step& step, const explain_now& now) {
  return doubt_teller(step, now).tell();
}

} // namespace orderhub::handlers
