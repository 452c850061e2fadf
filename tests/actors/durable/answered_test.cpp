#include "tests/actors/durable/step_fixture.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using journal::note_kind;
using journal::record_kind;
using providers::doubt_policy;

// What a vendor answered is in the journal, with what followed from it.

namespace {

std::vector<journal::answer_note> answers_of(sim_harness& hub, const invocation_id& id) {
  std::vector<journal::answer_note> all;
  for (const auto& e : hub.entries(id))
    if (e.kind == record_kind::effect_note)
      if (const auto note = must(journal::decode_note(e.payload)); note.kind == note_kind::answered)
        all.push_back(must(journal::decode_answer_note(note.text)));
  return all;
}

std::optional<journal::vendor_answer> end_of(sim_harness& hub, const invocation_id& id) {
  for (const auto& e : hub.entries(id))
    if (e.kind == record_kind::completion)
      return must(journal::decode_answer(e.payload));
  return std::nullopt;
}

providers::transport_outcome after(providers::transport_outcome outcome, std::int64_t took_ms) {
  outcome.took_ms = took_ms;
  return outcome;
}

} // namespace

TEST_CASE("a success stands in its completion, and costs no record", "[durable][answered]") {
  step_fixture f;
  f.begin();
  f.hub.answer(after(answer_of(200, "done", {{"request-id", "req_8f"}}), 212));
  REQUIRE(f.state() == "done");
  CHECK(answers_of(f.hub, f.id).empty());
  const auto answer = end_of(f.hub, f.id);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->took_ms == 212);
  CHECK(answer->request_id == "req_8f");
  CHECK(answer->body_size == 4);
  CHECK(answer->body_hash.size() == journal::answer_hash_size);
}

TEST_CASE("what ended nothing is noted with the next decision, the newest of several",
          "[durable][answered]") {
  step_fixture f;
  f.begin();
  const auto before = f.hub.entries(f.id).size();
  f.hub.answer(after(answer_of(429, "", {{"retry-after-ms", "5"}}), 40));
  // A moment's wait is worth no record, and neither is what was answered.
  CHECK(f.hub.entries(f.id).size() == before);
  f.pass();
  const std::string body =
      R"({"error":{"code":"card_declined","message":"Ada Lovelace, 1 Main St","zip":"94107"}})";
  f.hub.answer(after(answer_of(503, body, {{"request-id", "req_2"}}), 1'812));
  const auto answers = answers_of(f.hub, f.id);
  REQUIRE(answers.size() == 1);
  const auto& a = answers.front();
  CHECK(a.answer.status == 503);
  CHECK(a.answer.took_ms == 1'812);
  CHECK(a.answer.request_id == "req_2");
  CHECK(a.kind == "in_doubt");
  CHECK_FALSE(a.rule.empty());
  CHECK_FALSE(a.is_lookup);
  CHECK(a.excerpt.find("card_declined") != std::string::npos);
  for (const char* personal : {"Ada", "Main", "94107"})
    CHECK(a.excerpt.find(personal) == std::string::npos);
}

TEST_CASE("a lost call is noted without an answer", "[durable][answered]") {
  step_fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  const auto answers = answers_of(f.hub, f.id);
  REQUIRE(answers.size() == 1);
  CHECK(answers.front().answer.status == 0);
  CHECK(answers.front().rule.starts_with("transport.lost: "));
  REQUIRE(f.looking_up());
  f.hub.answer(after(answer_of(200, "found:it"), 30));
  REQUIRE(f.state() == "it");
  CHECK(end_of(f.hub, f.id)->took_ms == 30); // By the look-up.
}

TEST_CASE("a refusal ends the step, and is told with its answer", "[durable][answered]") {
  step_fixture f;
  f.begin();
  f.hub.answer(answer_of(402, R"({"error":{"code":"card_declined"}})"));
  const auto answers = answers_of(f.hub, f.id);
  REQUIRE(answers.size() == 1);
  CHECK(answers.front().answer.status == 402);
  CHECK(answers.front().kind == "rejected");
}

TEST_CASE("of many answers folding keeps one", "[durable][answered]") {
  step_fixture f;
  f.begin();
  for (int i = 0; i < 12; ++i) {
    f.hub.answer(answer_of(429, "", {{"retry-after-ms", "600000"}}));
    f.pass();
  }
  CHECK(answers_of(f.hub, f.id).size() == 1);
}
