// What is said of a wait where its step knows better.
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"

namespace orderhub::handlers {

std::string next_text(const explained_step& step, const explain_now& now) {
  if (step.state == "paused")
    return "its invocation is paused";
  if (step.state == "person")
    return "it waits for a person";
  const auto at = moment_text(step.next_at, now.at);
  if (step.next == "send")
    return "it is sent again at " + at;
  if (step.next == "event")
    return "an event of " + title_of_vendor(step.vendor) + " is awaited until " + at;
  if (step.next == "look_up")
    return title_of_vendor(step.vendor) + " is asked again at " + at;
  return step.is_held ? "nothing is sent before it is resumed" : "its call is out";
}

namespace {

/// What the step itself says better of a wait.
void improve(explained_wait& wait, const explained_step& step, const explain_now& now) {
  const auto words = words_of(step.name);
  const auto vendor = title_of_vendor(step.vendor);
  if (step.state == "paused" || (step.is_held && step.next.empty())) {
    wait.waker = "person";
    wait.until = 0;
    wait.why = {say(sentence::waits_person,
                    {{"step", wait.step},
                     {"reason", step.state == "paused" ? "its invocation cannot go on"
                                                       : "its object is paused"}})};
    return;
  }
  if (step.next == "event") {
    wait.waker = "event";
    wait.why.front() = say(sentence::waits_event, {{"step", wait.step},
                                                   {"thing", words.thing},
                                                   {"done", words.done},
                                                   {"reason", wait.last},
                                                   {"vendor", vendor},
                                                   {"until", moment_text(step.next_at, now.at)}});
    return;
  }
  if (step.state == "in_doubt" && !step.next.empty() &&
      wait.why.front().which == sentence::waits_vendor)
    wait.why.front() =
        say(sentence::waits_doubt, {{"step", wait.step},
                                    {"thing", words.thing},
                                    {"done", words.done},
                                    {"vendor", vendor},
                                    {"reason", wait.last},
                                    {"next", "at " + moment_text(step.next_at, now.at)}});
}

} // namespace

void improve_waits(explanation& e, const explain_now& now) {
  for (auto& wait : e.waits_for)
    for (const auto& step : e.steps)
      if (step.name == wait.step && step.ended_at == 0)
        improve(wait, step, now);
}

} // namespace orderhub::handlers
