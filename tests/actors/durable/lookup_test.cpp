#include "journal/open_work.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <ctime>
#include <set>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using providers::doubt_policy;

namespace {

using fixture = step_fixture;

providers::transport_outcome done_before() {
  return answer_of(400, "", {{"done-before", "true"}});
}

std::size_t notes_of(sim_harness& hub, const invocation_id& id) {
  std::size_t count = 0;
  for (const auto& e : hub.entries(id))
    count += e.kind == journal::record_kind::effect_note ? 1 : 0;
  return count;
}

std::int64_t since_of(const durable::vendor_call& call) {
  const auto& target = call.request.target;
  return std::stoll(target.substr(target.find("since=") + 6));
}

/// 0 where the window is open.
std::int64_t until_of(const durable::vendor_call& call) {
  const auto& target = call.request.target;
  const auto at = target.find("until=");
  return at == std::string::npos ? 0 : std::stoll(target.substr(at + 6));
}

std::string date_of(unix_ms at) {
  // RFC 9110 for the second that `at` is in; the bench begins on Tuesday, 14 November 2023.
  const auto t = static_cast<std::time_t>(at / 1000);
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[64];
  const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return {text, size};
}

/// When a person was called last; 0: never.
unix_ms called_at(fixture& f) {
  unix_ms at = 0;
  for (const auto& e : f.hub.entries(f.id))
    if (e.kind == journal::record_kind::effect_note &&
        must(journal::decode_note(e.payload)).kind == journal::note_kind::needs_person)
      at = e.time;
  return at;
}

/// Says to the look-up what each page holds; the last of them has no page behind it.
void answer_pages(fixture& f, const std::vector<std::string>& pages) {
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (f.state() != "lookup")
      return;
    f.hub.answer(answer_of(200, pages[i] + (i + 1 < pages.size() ? "+more" : "")));
  }
}

} // namespace

TEST_CASE("of several pages the strongest finding counts, in whatever order they come",
          "[durable][lookup][pages]") {
  const std::vector<std::string> findings = {"absent", "refused:no", "running", "differs:amount",
                                             "found:it"};
  const auto strength = [&](const std::string& finding) {
    return std::find(findings.begin(), findings.end(), finding) - findings.begin();
  };
  const std::vector<std::string> becomes = {"wait", "!rejected", "wait", "nothing", "it"};
  std::vector<std::vector<std::string>> all;
  for (const auto& a : findings)
    for (const auto& b : findings) {
      all.push_back({a, b});
      for (const auto& c : findings)
        all.push_back({a, b, c});
    }
  for (const auto& pages : all) {
    CAPTURE(pages);
    fixture f(doubt_policy::lookup);
    f.begin();
    f.hub.answer(lost_call());
    answer_pages(f, pages);
    auto strongest = pages.front();
    for (const auto& page : pages)
      if (strength(page) > strength(strongest))
        strongest = page;
    REQUIRE(f.state() == becomes.at(static_cast<std::size_t>(strength(strongest))));
    if (strongest == "running") {
      // However often all else says absent, what runs is never bought again.
      for (int i = 0; i < 10; ++i) {
        f.pass();
        answer_pages(f, pages);
        REQUIRE(f.state() == "wait");
      }
    }
  }
}

TEST_CASE("a step is absent only where all pages of two look-ups say so",
          "[durable][lookup][pages]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  f.hub.time.advance(1'000);
  answer_pages(f, {"absent", "absent", "absent"}); // Left before the absence time had passed.
  REQUIRE(f.state() == "wait");
  for (int i = 0; i < 2; ++i) {
    f.pass();
    REQUIRE(f.state() == "lookup");
    f.hub.answer(answer_of(200, "absent+more"));
    REQUIRE(f.state() == "lookup");
    f.hub.answer(answer_of(503)); // A page that fails is read again, and not passed over.
    REQUIRE(f.state() == "wait");
    f.pass();
    REQUIRE(f.state() == "lookup");
    CHECK(f.hub.calls.front().request.target.find("page=2") != std::string::npos);
    f.hub.answer(answer_of(200, "absent"));
  }
  CHECK(f.state() == "send");
}

TEST_CASE("what a page showed is not forgotten while the next one cannot be read",
          "[durable][lookup][pages]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  f.hub.time.advance(5'000);
  f.hub.answer(answer_of(200, "running+more"));
  f.hub.answer(answer_of(503));
  f.pass();
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  CHECK(f.hub.sent >= 4);
  f.pass();
  CHECK(f.state() == "lookup");
}

TEST_CASE("a list without an end is not read without an end", "[durable][lookup][pages]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  const auto before = f.hub.sent;
  for (int lookup = 1; lookup <= 2; ++lookup) {
    int pages = 0;
    while (f.state() == "lookup" && pages < 10'000) {
      f.hub.answer(answer_of(200, "absent+more"));
      ++pages;
    }
    CHECK(pages == durable::effect_machine::pages_max);
    REQUIRE(f.state() == "wait");
    CHECK(f.left() == 300'000);
    CHECK(f.hub.machine("k").suspendable());
    f.pass();
    REQUIRE(f.state() == "lookup");
    CHECK(f.hub.calls.front().request.target.find("page=2") == std::string::npos);
  }
  CHECK(f.hub.sent - before == 2 * durable::effect_machine::pages_max);
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("what runs at the vendor is asked for ever more slowly, up to five minutes",
          "[durable][lookup]") {
  fixture f(doubt_policy::lookup);
  settings.absence_after_ms = 60'000;
  f.begin();
  f.hub.answer(lost_call());
  std::int64_t last = 0;
  for (int i = 0; i < 12; ++i) {
    f.hub.answer(answer_of(200, "running"));
    REQUIRE(f.state() == "wait");
    CHECK(f.left() >= last);
    last = f.left();
    if (i % 3 == 2 && f.hub.machine("k").suspendable())
      f.hub.reactivate("k"); // Not forgotten where it is passivated.
    f.pass();
  }
  CHECK(last == 300'000);
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("a look-up that is refused for good is made ever more slowly, and calls a person once",
          "[durable][lookup]") {
  const auto refusal = GENERATE(as<std::string>{}, "400", "unreadable");
  CAPTURE(refusal);
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  std::int64_t last = 0;
  unix_ms first_called_at = 0;
  for (int i = 0; i < 14; ++i) {
    REQUIRE(f.state() == "lookup");
    f.hub.answer(refusal == "400" ? answer_of(400) : answer_of(200, "<html>"));
    REQUIRE(f.state() == "wait");
    CHECK(f.left() >= std::min<std::int64_t>(2 * last, 3'600'000));
    last = f.left();
    CHECK((called_at(f) > 0) == (i >= 4));
    if (i == 4)
      first_called_at = called_at(f);
    REQUIRE(f.hub.machine("k").suspendable());
    if (i % 2 == 1)
      f.hub.reactivate("k"); // Neither the pause nor who was called is forgotten.
    f.pass();
  }
  CHECK(last == 3'600'000);
  CHECK(called_at(f) == first_called_at);
  // What may pass is not held up by what came before it.
  f.hub.answer(answer_of(503));
  CHECK(f.left() <= 30'200);
  f.pass();
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("a long outage of look-ups makes no pause long when they are refused after it",
          "[durable][lookup]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  for (int i = 0; i < 40; ++i) {
    f.hub.answer(answer_of(503));
    f.pass();
  }
  f.hub.answer(answer_of(400));
  CHECK(f.left() == 5'000);
}

TEST_CASE("what is absent each time is sent again ever more slowly, and a person is called once",
          "[durable][lookup][rounds]") {
  const auto policy = GENERATE(doubt_policy::lookup, doubt_policy::replay_key);
  // 0: never; 1: passivated where it may be; 2: restarted at each wait; 3: at each send too.
  const int disturbed = GENERATE(0, 1, 2, 3);
  CAPTURE(static_cast<int>(policy), disturbed);
  const bool keyed = policy == doubt_policy::replay_key;
  fixture f(policy);
  settings.regenerates = keyed;
  settings.key_life_ms = 86'400'000;
  f.begin();
  std::set<std::string> keys;
  std::vector<std::int64_t> pauses;
  std::int64_t proven_at = 0;
  std::size_t notes_most = 0;
  for (int round = 1; round <= 12; ++round) {
    REQUIRE(f.state() == "send");
    if (round > 1)
      pauses.push_back(f.hub.time.steady_ms() - proven_at);
    if (keyed) {
      CHECK(keys.insert(key_of(f.hub.calls.front())).second);
      CHECK(f.hub.calls.front().request.body ==
            (round == 1 ? "body" : "body#" + std::to_string(round)));
    }
    if (disturbed == 3) {
      f.hub.restart();
      // It may have left: a key is used again, and what has none is looked up.
      REQUIRE(f.state() == (keyed ? "send" : "lookup"));
      if (keyed)
        CHECK(keys.contains(key_of(f.hub.calls.front())));
    }
    if (f.state() == "send")
      f.hub.answer(keyed ? answer_of(500, "", {{"stored", "1"}}) : lost_call());
    for (int i = 0; i < 100 && f.state() != "send"; ++i) {
      notes_most = std::max(notes_most, notes_of(f.hub, f.id));
      if (f.state() == "lookup") {
        proven_at = f.hub.time.steady_ms();
        f.hub.answer(answer_of(200, "absent"));
      } else {
        REQUIRE(f.state() == "wait");
        if (disturbed == 1 && f.hub.machine("k").suspendable())
          f.hub.reactivate("k");
        if (disturbed >= 2 && f.hub.machine("k").suspendable())
          f.hub.restart();
        if (f.state() == "wait")
          f.pass();
      }
    }
  }
  const std::vector<std::int64_t> expected = {0,         1'000,     5'000,     25'000,
                                              125'000,   625'000,   3'125'000, 3'600'000,
                                              3'600'000, 3'600'000, 3'600'000};
  CHECK(pauses == expected);
  CHECK(notes_most <= 10);
  const auto notes = f.hub.notes(f.id);
  CHECK(notes.find("needs_person") != std::string::npos);
  const auto waits = journal::open_waits(must_state(f.hub));
  REQUIRE(waits.size() == 1);
  CHECK(waits.front().needs_person);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("what is refused as done before and never found is looked up five times, not sent again",
          "[durable][lookup][refused]") {
  const bool compensates = GENERATE(false, true);
  const auto policy = GENERATE(doubt_policy::replay_key, doubt_policy::lookup);
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(compensates, static_cast<int>(policy), disturbed);
  fixture f(policy);
  settings.compensates = compensates;
  f.begin();
  const auto begun = f.hub.time.steady_ms();
  f.hub.answer(done_before());
  int asked = 0;
  for (int i = 0; i < 200 && (f.state() == "wait" || f.state() == "lookup"); ++i) {
    if (f.state() == "wait") {
      if (disturbed == 1 && f.hub.machine("k").suspendable())
        f.hub.reactivate("k");
      if (disturbed == 2 && f.hub.machine("k").suspendable())
        f.hub.restart();
      if (f.state() == "wait")
        f.pass();
      continue;
    }
    // It may be older than this step: as far back as the vendor's records go.
    CHECK(since_of(f.hub.calls.front()) == 0);
    ++asked;
    f.hub.answer(answer_of(200, "absent"));
  }
  // Two empty ones are one, and each restart lets the absence time pass anew.
  CHECK(asked >= 10);
  CHECK(asked <= 17);
  CHECK(f.hub.time.steady_ms() - begun >= 400'000);
  CHECK(notes_of(f.hub, f.id) <= 5);
  CHECK(f.hub.notes(f.id).find("new_key") == std::string::npos);
  if (compensates) {
    CHECK(f.state() == "!done_before");
    return;
  }
  REQUIRE(f.state() == "nothing");
  CHECK(f.hub.machine("k").suspendable());
  CHECK(f.hub.notes(f.id).find("needs_person") != std::string::npos);
  CHECK(!journal::next_due(must_state(f.hub)));
  f.hub.restart();
  REQUIRE(f.state() == "nothing");
  f.hub.advance(100'000'000);
  REQUIRE(f.state() == "nothing");
  // A person's word makes it look again; what is found then ends it.
  CHECK(f.hub.operate("k", f.id, {journal::operator_verb::retry, "step", "ada", "cli", "", ""}));
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("what the vendor holds with other content is a person's matter, and a compensation's end",
          "[durable][lookup][refused]") {
  fixture f(doubt_policy::lookup);
  const bool compensates = GENERATE(false, true);
  settings.compensates = compensates;
  f.begin();
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "differs:another amount"));
  if (compensates) {
    CHECK(f.state() == "!done_before");
    return;
  }
  REQUIRE(f.state() == "nothing");
  f.hub.restart();
  REQUIRE(f.state() == "nothing");
  CHECK(f.hub.machine("k").suspendable());
  CHECK(f.hub.sent == 2);
}

TEST_CASE("a fault of the configuration fails no step, and is tried once a minute without a gate",
          "[durable][misconfigured]") {
  fixture f(doubt_policy::lookup);
  const bool lookup = GENERATE(false, true);
  f.begin();
  if (lookup)
    f.hub.answer(lost_call());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(f.state() == (lookup ? "lookup" : "send"));
    f.hub.answer(answer_of(401));
    REQUIRE(f.state() == "wait");
    CHECK(f.left() == 60'000);
    CHECK(f.hub.machine("k").suspendable());
    if (i % 3 == 1)
      f.hub.reactivate("k");
    if (i % 3 == 2)
      f.hub.restart();
    if (f.state() == "wait")
      f.pass();
  }
  CHECK(notes_of(f.hub, f.id) <= 3);
  f.hub.answer(answer_of(200, lookup ? "found:it" : "it"));
  CHECK(f.state() == "it");
}

TEST_CASE("a look-up's window follows the vendor's clock, and begins anew where that is wider",
          "[durable][lookup][skew]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  const auto begun = f.hub.journal_time->now();
  f.hub.answer(lost_call());
  REQUIRE(f.state() == "lookup");
  CHECK(since_of(f.hub.calls.front()) == begun - 60'000);
  f.hub.time.advance(2'000);
  answer_pages(f, {"absent"});
  f.pass();
  // The vendor's clock is ten minutes behind: what we asked for began too late.
  const auto behind = f.hub.journal_time->now() - 600'000;
  f.hub.answer(answer_of(200, "absent", {{"date", date_of(behind)}}));
  REQUIRE(f.state() == "lookup");
  CHECK(since_of(f.hub.calls.front()) <= begun - 600'000 - 60'000 + 1'000);
  CHECK(since_of(f.hub.calls.front()) > begun - 662'000);
  f.hub.answer(answer_of(200, "absent", {{"date", date_of(behind)}}));
  REQUIRE(f.state() == "wait"); // That was the first that counts.
  f.pass();
  f.hub.answer(answer_of(200, "absent", {{"date", date_of(behind + 60'000)}}));
  CHECK(f.state() == "send");
}

TEST_CASE("a look-up's window ends where nothing of ours can be newer, by the vendor's clock",
          "[durable][lookup][skew]") {
  const std::int64_t skew = GENERATE(-3'600'000, 0, 3'600'000);
  fixture f(doubt_policy::lookup);
  settings.absence_after_ms = 60'000;
  f.begin();
  f.hub.answer(lost_call());
  REQUIRE(f.state() == "lookup");
  CHECK(until_of(f.hub.calls.front()) == 0); // Its clock is not known yet.
  const auto left = f.hub.journal_time->now();
  f.hub.answer(answer_of(503, "", {{"date", date_of(left + skew)}}));
  // The vendor is away for a day; what others did meanwhile is none of this step's.
  for (int hours = 0; hours < 24; ++hours) {
    f.pass();
    REQUIRE(f.state() == "lookup");
    const auto until = until_of(f.hub.calls.front());
    CHECK(until >= std::max(left, left + skew) + 60'000);
    CHECK(until <= std::max(left, left + skew) + 60'000 + 601'000);
    f.hub.advance(3'600'000);
    f.hub.answer(answer_of(503, "", {{"date", date_of(f.hub.journal_time->now() + skew)}}));
  }
}

TEST_CASE("what was refused as done before is looked for without an end of its window",
          "[durable][lookup]") {
  fixture f(doubt_policy::replay_key);
  f.begin();
  auto refused = done_before();
  refused.response.headers.emplace_back("date", date_of(f.hub.journal_time->now()));
  f.hub.answer(refused);
  REQUIRE(f.state() == "lookup");
  CHECK(until_of(f.hub.calls.front()) == 0);
}

TEST_CASE("every call after a lost answer takes a connection of its own, of that step only",
          "[durable][fresh]") {
  fixture f;
  f.begin();
  f.hub.send("other", "step", "body");
  CHECK(!f.hub.calls[0].fresh);
  CHECK(!f.hub.calls[1].fresh);
  f.hub.answer(answer_of(429));
  f.hub.answer(answer_of(429));
  f.hub.advance(1'000);
  REQUIRE(f.hub.calls.size() == 2);
  CHECK(!f.hub.calls[0].fresh);
  CHECK(!f.hub.calls[1].fresh);
  const auto& first = f.hub.calls[0].ref.invocation == f.id ? f.hub.calls[0] : f.hub.calls[1];
  const auto other = f.hub.calls[0].ref.invocation == f.id ? f.hub.calls[1] : f.hub.calls[0];
  const auto lost = first;
  f.hub.calls.clear();
  f.hub.answer(lost, lost_call());
  f.hub.answer(other, answer_of(500));
  f.hub.advance(1'000);
  REQUIRE(f.hub.calls.size() == 2);
  for (const auto& call : f.hub.calls)
    CHECK(call.fresh == (call.ref.invocation == f.id));
  const auto mine = f.hub.calls[0].ref.invocation == f.id ? f.hub.calls[0] : f.hub.calls[1];
  f.hub.calls.clear();
  f.hub.answer(mine, answer_of(500, "", {{"stored", "1"}}));
  REQUIRE(f.looking_up());
  CHECK(f.hub.calls.front().fresh);
}

TEST_CASE("only what is repeated under its key or has no effect shares a connection",
          "[durable][multiplex]") {
  const auto [doubt, has_effect, shares] =
      GENERATE(table<doubt_policy, bool, bool>({{doubt_policy::replay_key, true, true},
                                                {doubt_policy::lookup, true, false},
                                                {doubt_policy::await_event, true, false},
                                                {doubt_policy::may_miss, true, false},
                                                {doubt_policy::may_repeat, true, false},
                                                {doubt_policy::may_repeat, false, true}}));
  CAPTURE(doubt, has_effect);
  fixture f(doubt);
  settings.has_effect = has_effect;
  f.begin();
  CHECK(f.hub.calls.front().may_multiplex == shares);
}

TEST_CASE("a look-up shares a connection", "[durable][multiplex][lookup]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(answer_of(500, "", {{"stored", "1"}}));
  REQUIRE(f.looking_up());
  CHECK(f.hub.calls.front().may_multiplex);
}

TEST_CASE("a call with a key that is looked up instead is sent again under another key",
          "[durable][lookup][doubt]") {
  // The vendor may keep a failure under the first key: it would come back for ever.
  fixture f(doubt_policy::replay_key);
  f.hub.vendors.endpoints.at("shop").doubt.emplace("shop.do",
                                                   must(providers::parse_doubt("look_up 2s")));
  f.begin();
  const auto first = f.hub.calls.front().request;
  f.hub.answer(answer_of(500));
  REQUIRE(f.until("send"));
  const auto second = f.hub.calls.front().request;
  CHECK(second.body == first.body);
  REQUIRE(first.headers.size() == second.headers.size());
  CHECK(first.headers.back().second != second.headers.back().second);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("the configured policy is the intent's, and stays it", "[durable][lookup][doubt]") {
  fixture f(doubt_policy::replay_key);
  auto& doubt = f.hub.vendors.endpoints.at("shop").doubt;
  doubt.emplace("shop.do", must(providers::parse_doubt("await_event 1h then may_miss")));
  f.begin();
  f.hub.answer(lost_call());
  CHECK(f.state() == "wait");
  CHECK(f.left() == 3'600'000);
  // Another configuration after a restart is for what begins then.
  doubt.clear();
  f.hub.restart();
  CHECK(f.state() == "wait");
  f.pass();
  CHECK(f.state() == "!missed");
}
