#include "journal/open_work.hpp"
#include "tests/actors/durable/step_fixture.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

// A vendor that loses answers, works late, forgets keys, stores failures, refuses credentials and
// pages its lists, a hub whose clock is stepped and whose process dies: whatever the order of all
// that, no step happens twice unless its policy allows it, what a step says is true, and once the
// vendor is well every step ends.
using namespace orderhub;
using namespace orderhub::testing;
using durable::call_ref;
using durable::context;
using durable::handler_task;
using durable::place_answer;
using durable::place_request;
using durable::place_verdict;
using durable::vendor_call;
using journal::operator_verb;
using providers::doubt_policy;
using providers::transport_outcome;

namespace {

constexpr std::int64_t absence_ms = 60'000;
constexpr std::int64_t key_life_ms = 3'600'000;
/// Of the operations below.
constexpr std::int64_t deadline_ms = 5'000;

operation_settings settings_of(doubt_policy policy) {
  operation_settings s;
  s.doubt = policy;
  s.absence_after_ms = absence_ms;
  s.key_life_ms = key_life_ms;
  s.retry = {200, 60'000, 0};
  s.event_wait_ms = 30'000;
  s.after_event = doubt_policy::lookup;
  s.regenerates = policy == doubt_policy::replay_key;
  return s;
}

std::string word(const result<text_value>& r) {
  return r ? r->text : std::string(name_of(r.error().kind));
}

/// Five steps one behind the other, one of each policy; a cancel ends the forward part, and what
/// was charged is given back behind a shield.
handler_task flow(context ctx, std::string) {
  const std::string key = ctx.key();
  auto charge = co_await ctx.effect(
      shop_call(ctx.step("charge"), key + "/charge", settings_of(doubt_policy::replay_key)));
  std::string said = "charge=" + word(charge);
  auto rested = co_await ctx.sleep(2'000);
  if (charge && rested) {
    auto label =
        ctx.effect(shop_call(ctx.step("label"), key + "/label", settings_of(doubt_policy::lookup)));
    auto mail = ctx.effect(
        shop_call(ctx.step("mail"), key + "/mail", settings_of(doubt_policy::may_repeat)));
    auto labelled = co_await std::move(label);
    auto mailed = co_await std::move(mail);
    said += " label=" + word(labelled) + " mail=" + word(mailed);
    auto note = co_await ctx.effect(
        shop_call(ctx.step("note"), key + "/note", settings_of(doubt_policy::may_miss)));
    auto event = co_await ctx.effect(
        shop_call(ctx.step("event"), key + "/event", settings_of(doubt_policy::await_event)));
    said += " note=" + word(note) + " event=" + word(event);
    co_return said;
  }
  ctx.shield();
  if (charge) {
    auto settings_now = settings_of(doubt_policy::replay_key);
    settings_now.compensates = true;
    auto refund = co_await ctx.effect(shop_call(ctx.step("refund"), key + "/refund", settings_now));
    said += " refund=" + word(refund);
  }
  co_return said;
}

/// What happened, or will, because of one request.
struct work {
  std::int64_t arrived = 0; ///< Steady.
  std::int64_t done = 0;    ///< Steady; later than now: it still runs.
};

struct known_key {
  std::int64_t first = 0; ///< Steady.
  std::int64_t done = 0;  ///< Until then it is being worked on.
  bool failure = false;   ///< A server error is stored under it.
  bool refused = false;   ///< Declined, for good.
};

std::string date_of(unix_ms at) {
  const auto t = static_cast<std::time_t>(at / 1000);
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[64];
  const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return {text, size};
}

class property final : public durable::call_gate {
public:
  explicit property(std::uint64_t seed) : random_(seed) {
    skew_ = pick<std::int64_t>({0, 0, 2'000, -2'000, 300'000, -300'000});
    hub.gate = this;
    hub.exclusive("flow", &flow);
    hub.restart();
  }

  void run() {
    for (int i = 0; i < 2; ++i)
      ids_.push_back(hub.send(keys_.at(static_cast<std::size_t>(i)), "flow"));
    const auto steps = 60 + below(240);
    for (std::uint64_t i = 0; i < steps; ++i) {
      disturb();
      check_due();
    }
    well_ = true;
    for (int i = 0; i < 3'000 && !all_done(); ++i)
      go_on();
    check_end();
  }

  sim_harness hub;

private:
  // ── The gate ──
  place_answer ask(const place_request& request) override {
    const auto key = std::pair(request.object.key, request.who.index);
    if (well_ || offered_.erase(key) > 0)
      return {};
    const auto chance = below(20);
    if (chance == 0)
      return {place_verdict::full, "the queue is full"};
    if (chance < 4) {
      queue_[key] = request.who;
      return {place_verdict::queued, "no place"};
    }
    return {};
  }
  void withdraw(const place_request& request) override {
    queue_.erase({request.object.key, request.who.index});
  }
  bool learned(const durable::call_report&) override { return false; }

  // ── The vendor ──
  [[nodiscard]] std::int64_t now() const { return hub.time.steady_ms(); }
  [[nodiscard]] unix_ms vendor_time(std::int64_t steady) const {
    return hub.time.true_at(steady) + skew_;
  }
  transport_outcome says(int status, std::string body = {}, providers::header_list headers = {}) {
    headers.emplace_back("date", date_of(vendor_time(now())));
    return answer_of(status, std::move(body), std::move(headers));
  }
  static std::string step_of(std::string body) {
    if (const auto hash = body.find('#'); hash != std::string::npos)
      body.erase(hash);
    return body;
  }

  /// What became of a request that reached the vendor: `done` where it did the work.
  std::int64_t work_on(const vendor_call& call, std::int64_t arrived, std::int64_t done) {
    const auto step = step_of(call.request.body);
    done_[step].push_back({arrived, done});
    if (const auto key = key_of(call); !key.empty())
      remembered_[key] = {arrived, done, false, false};
    return done;
  }

  /// Answers a POST. `lost`: no answer is heard, at the latest at `left` it has left.
  transport_outcome post(const vendor_call& call, bool lost) {
    const auto key = key_of(call);
    if (const auto known = remembered_.find(key); !key.empty() && known != remembered_.end()) {
      if (now() - known->second.first < key_life_ms + key_life_ms / 4) {
        if (lost)
          return lost_call();
        if (known->second.done > now())
          return says(409);
        if (known->second.failure)
          return says(500, "", {{"stored", "1"}});
        return known->second.refused ? says(402) : says(200, "done");
      }
      remembered_.erase(known); // Forgotten: the same key is another request now.
    }
    if (lost) {
      switch (below(3)) {
      case 0:
        return lost_call();
      case 1:
        work_on(call, now(), now());
        return lost_call();
      default:
        work_on(call, now(), now() + static_cast<std::int64_t>(below(absence_ms)));
        return lost_call();
      }
    }
    if (!well_) {
      if (credential_bad_)
        return says(401);
      switch (below(12)) {
      case 0:
        return says(429, "", {{"retry-after-ms", pick<std::string>({"100", "4000", "60000"})}});
      case 1:
        return says(503, "", {{"retry-after-ms", pick<std::string>({"0", "5000", "90000"})}});
      case 2:
        work_on(call, now(), now());
        return says(503);
      case 3: // Answered in doubt, and worked on.
        work_on(call, now(), now() + static_cast<std::int64_t>(below(absence_ms)));
        return says(504);
      case 4:
        if (key.empty())
          return says(500);
        if (below(2) == 0)
          work_on(call, now(), now());
        remembered_[key] = {now(), now(), true, false};
        return says(500, "", {{"stored", "1"}});
      case 5:
        return unsent_call();
      case 6:
        if (below(4) != 0)
          break;
        if (!key.empty())
          remembered_[key] = {now(), now(), false, true};
        return says(402);
      default:
        break;
      }
    }
    work_on(call, now(), now());
    return says(200, "done");
  }

  /// Answers a look-up as of some moment since it left.
  transport_outcome find(const vendor_call& call, std::int64_t sent_at) {
    if (!well_) {
      if (credential_bad_)
        return says(401);
      switch (below(10)) {
      case 0:
        return says(503);
      case 1:
        return says(429, "", {{"retry-after-ms", pick<std::string>({"500", "20000"})}});
      default:
        break;
      }
    }
    const auto& target = call.request.target;
    const auto field = [&](const std::string& name) {
      const auto from = target.find(name + "=") + name.size() + 1;
      return target.substr(from, target.find('&', from) - from);
    };
    const auto as_of =
        sent_at + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(now() - sent_at) + 1));
    const auto since = std::stoll(field("since"));
    std::string finding = "absent";
    for (const auto& w : done_[step_of(field("body"))]) {
      if (w.arrived > as_of || vendor_time(w.arrived) < since)
        continue;
      if (w.done <= as_of)
        finding = "found:done";
      else if (finding == "absent" && below(2) == 0)
        finding = "running";
    }
    const bool first = target.find("page=") == std::string::npos;
    if (first && below(3) == 0) // On the next page, then.
      return says(200, below(2) == 0 ? "more" : finding + "+more");
    return says(200, finding);
  }

  // ── What goes on ──
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  template <class T>
  T pick(std::vector<T> of) {
    return of.at(below(of.size()));
  }

  /// Remembers when calls left that have left since.
  void see_calls() {
    for (const auto& c : hub.calls)
      sent_at_.try_emplace({c.ref.invocation, c.ref.index, c.ref.sequence}, now());
  }
  std::int64_t sent_at(const vendor_call& c) {
    return sent_at_.at({c.ref.invocation, c.ref.index, c.ref.sequence});
  }

  void answer(std::size_t which, bool lost) {
    auto call = hub.calls.at(which);
    hub.calls.erase(hub.calls.begin() + static_cast<std::ptrdiff_t>(which));
    const auto outcome =
        call.lookup ? (lost ? lost_call() : find(call, sent_at(call))) : post(call, lost);
    hub.answer(call, outcome);
    see_calls();
  }

  /// Time passes; a call past its deadline is lost.
  void pass(std::int64_t ms) {
    const auto end = now() + ms;
    hub.advance(0);
    see_calls();
    for (;;) {
      std::optional<std::int64_t> first;
      std::size_t which = 0;
      for (std::size_t i = 0; i < hub.calls.size(); ++i) {
        const auto at = sent_at(hub.calls[i]) + deadline_ms;
        if (!first || at < *first) {
          first = at;
          which = i;
        }
      }
      // In small steps, so that calls that leave meanwhile are seen in time.
      const auto until = std::min({end, first.value_or(end), now() + 1'000});
      if (until > now()) {
        hub.advance(until - now());
        see_calls();
        continue;
      }
      if (first && *first <= now()) {
        answer(which, true);
        continue;
      }
      return;
    }
  }

  void restart() {
    for (const auto& call : hub.calls)
      if (!call.lookup)
        (void)post(call, true);
    sent_at_.clear();
    queue_.clear();
    hub.time.advance(pick<std::int64_t>({0, 10, 1'000, 70'000, 4'000'000}));
    if (below(6) == 0)
      hub.went_back = true;
    hub.restart();
    see_calls();
  }

  void offer() {
    if (queue_.empty())
      return;
    const auto [key, who] = *queue_.begin();
    queue_.erase(queue_.begin());
    offered_.insert(key);
    hub.place(key.first, who);
    offered_.erase(key);
    see_calls();
  }

  void disturb() {
    see_calls();
    const auto i = below(keys_.size());
    const auto& key = keys_.at(i);
    switch (below(24)) {
    case 0:
      return restart();
    case 1:
    case 2:
      if (hub.machine(key).suspendable())
        hub.reactivate(key);
      return see_calls();
    case 3:
      hub.time.step_wall(
          pick<std::int64_t>({-86'400'000, -600'000, -1'000, 1'000, 600'000, 86'400'000}));
      return;
    case 4:
      credential_bad_ = !credential_bad_ && below(2) == 0;
      return;
    case 5:
      if (below(4) == 0 && !hub.outcome(ids_.at(i)))
        hub.cancel(key, ids_.at(i));
      return see_calls();
    case 6:
      hub.operate(key, {}, {operator_verb::retry, "", "ada", "cli", "", ""});
      return see_calls();
    case 7:
      hub.operate(
          key, {},
          {below(2) == 0 ? operator_verb::pause : operator_verb::resume, "", "ada", "cli", "", ""});
      return see_calls();
    case 8:
    case 9:
      return offer();
    case 10:
    case 11:
      return pass(static_cast<std::int64_t>(below(100'000)));
    case 12:
      return pass(static_cast<std::int64_t>(below(4'000'000)));
    case 13:
    case 14:
      return pass(static_cast<std::int64_t>(below(4'000)));
    default:
      if (hub.calls.empty())
        return pass(static_cast<std::int64_t>(below(3'000)));
      pass(static_cast<std::int64_t>(below(700)));
      if (!hub.calls.empty())
        answer(below(hub.calls.size()), below(6) == 0);
      return;
    }
  }

  /// All is well: what waits is answered, and time passes up to the next thing that is due.
  void go_on() {
    credential_bad_ = false;
    if (!resumed_) {
      resumed_ = true;
      for (const auto& key : keys_)
        hub.operate(key, {}, {operator_verb::resume, "", "ada", "cli", "", ""});
    }
    while (!queue_.empty())
      offer();
    see_calls();
    if (!hub.calls.empty())
      return answer(0, false);
    std::optional<std::int64_t> due;
    for (const auto& key : keys_)
      if (const auto at = hub.machine(key).due(); at && (!due || *at < *due))
        due = at;
    if (due)
      pass(std::max<std::int64_t>(*due - now(), 0));
  }

  [[nodiscard]] bool all_done() const {
    return std::all_of(ids_.begin(), ids_.end(),
                       [&](const auto& id) { return hub.outcome(id).has_value(); });
  }

  /// What the journal says is due, an object that is to leave memory knows too.
  void check_due() {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      CHECK(hub.entries(ids_.at(i)).size() < 120);
      if (!hub.machine(keys_.at(i)).suspendable())
        continue;
      const auto state = must_state(hub, keys_.at(i));
      const auto theirs = hub.machine(keys_.at(i)).due();
      const auto ours = journal::next_due(state);
      REQUIRE(ours.has_value() == theirs.has_value());
    }
  }

  void check_end() {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const auto outcome = hub.outcome(ids_.at(i));
      INFO("kinds " << hub.kinds(ids_.at(i)) << "\nnotes " << hub.notes(ids_.at(i)));
      REQUIRE(outcome);
      const auto said = text_of(*outcome) + ' ';
      CAPTURE(said);
      for (const auto& step : {"charge", "label", "note", "event", "refund"}) {
        const auto times = done_[keys_.at(i) + '/' + step].size();
        CAPTURE(step, times);
        CHECK(times <= 1);
        const auto from = said.find(std::string(step) + '=');
        const auto word =
            from == std::string::npos
                ? std::string("not begun")
                : said.substr(from + std::string(step).size() + 1,
                              said.find(' ', from) - from - std::string(step).size() - 1);
        CAPTURE(word);
        if (word == "done")
          CHECK(times == 1);
        else if (word != "missed")
          CHECK(times == 0);
        if (std::string(step) != "note")
          CHECK(word != "missed");
      }
    }
  }

  struct call_key {
    invocation_id invocation;
    std::uint32_t index;
    std::uint32_t sequence;
    bool operator<(const call_key& other) const {
      return std::tie(invocation, index, sequence) <
             std::tie(other.invocation, other.index, other.sequence);
    }
  };

  seeded_random random_;
  std::int64_t skew_ = 0;
  bool well_ = false;
  bool resumed_ = false;
  bool credential_bad_ = false;
  std::vector<std::string> keys_ = {"a", "b"};
  std::vector<invocation_id> ids_;
  std::map<std::string, std::vector<work>> done_; ///< By object and step.
  std::map<std::string, known_key> remembered_;   ///< By idempotency key.
  std::map<call_key, std::int64_t> sent_at_;      ///< Steady, of the calls that are out.
  std::map<std::pair<std::string, std::uint32_t>, call_ref> queue_;
  std::set<std::pair<std::string, std::uint32_t>> offered_;
};

} // namespace

TEST_CASE("whatever vendor, clock, process and people do, nothing happens twice and all ends",
          "[durable][random]") {
  const auto seed = GENERATE(from_range(seeds(1, 400)));
  CAPTURE(seed);
  property p(seed);
  p.run();
}
