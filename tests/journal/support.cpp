#include "tests/journal/support.hpp"

#include "journal/base/hash.hpp"
#include "journal/open_work.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tuple>

namespace orderhub::testing {

using namespace journal;

temp_directory::temp_directory() {
  auto pattern = (std::filesystem::temp_directory_path() / "orderhub-journal-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

temp_directory::~temp_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

invocation_id invocation_at(unix_ms time, std::uint64_t number) {
  seeded_random random(number);
  return invocation_id::make(time, random);
}

record input_record(const object_id& object, const invocation_id& id, unix_ms time,
                    input_payload input) {
  return {record_kind::input, time, object, id, 0, encode(input)};
}

record state_record(record_kind kind, const object_id& object, const invocation_id& id,
                    unix_ms time, std::uint32_t index, std::string name,
                    std::optional<std::string> value) {
  return {kind, time, object, id, index, encode(state_payload{std::move(name), std::move(value)})};
}

record output_record(const object_id& object, const invocation_id& id, unix_ms time,
                     std::uint32_t index, const result<std::string>& value,
                     std::optional<caller_ref> caller) {
  return {record_kind::output,
          time,
          object,
          id,
          index,
          encode(output_payload{encode(value), std::move(caller)})};
}

std::vector<record> one_of_each_kind() {
  const object_id object{"Order", "order-001"};
  const object_id other{"Shipment", "ship-7"};
  const auto id = invocation_at(day_one, 1);
  const auto child = id.child(9);
  const caller_ref caller{other, invocation_at(day_one, 2), 5};
  digest scope{};
  scope.fill(0x11);
  digest body{};
  body.fill(0x22);
  input_payload input{"Process",   "r1",
                      true,        day_one + 60'000,
                      "{\"a\":1}", request_key{scope, body, day_one + 86'400'000},
                      caller};
  input.ephemeral = true;
  effect_payload effect{"charge",
                        "1",
                        3,
                        "stripe.charge",
                        "stripe",
                        "https://api.stripe.com test",
                        "k-1",
                        2,
                        30'000,
                        "POST",
                        "/v1/payment_intents",
                        "content-type: application/x-www-form-urlencoded\n",
                        "amount=1999",
                        60'000,
                        72'000'000,
                        120'000,
                        5};
  const auto failure =
      result<std::string>(fail({error_kind::rejected, "stripe.charge", "declined", 402, 0}));
  std::uint32_t index = 0;
  std::vector<record> out;
  auto add = [&](record_kind kind, std::string payload) {
    out.push_back({kind, day_one + index, object, id, index, std::move(payload)});
    ++index;
  };
  add(record_kind::input, encode(input));
  add(record_kind::get, encode(state_payload{"status", std::nullopt}));
  add(record_kind::set, encode(state_payload{"status", "paid"}));
  add(record_kind::clear, encode(state_payload{"status", std::nullopt}));
  add(record_kind::merge, encode(state_payload{"payment", "3"}));
  add(record_kind::run, encode(run_payload{"total", encode(result<std::string>("1999"))}));
  add(record_kind::effect, encode(effect));
  add(record_kind::sleep, encode(wait_payload{4, day_one + 10'000}));
  add(record_kind::awakeable, encode(wait_payload{5, 0}));
  add(record_kind::call, encode(call_payload{other, child, 6, input}));
  add(record_kind::send, encode(call_payload{other, child, 0, input}));
  add(record_kind::output, encode(output_payload{encode(failure), caller}));
  add(record_kind::cancel_invocation, encode(cancel_payload{other, child}));
  add(record_kind::await_event, encode(wait_payload{7, 0}));
  add(record_kind::completion, encode(result<std::string>("pi_1")));
  add(record_kind::cancel, {});
  add(record_kind::effect_note,
      encode(note_payload{note_kind::retry_at, 2, day_one + 500, "503 from the vendor", 7,
                          day_one + 400, 3, 4, 503, day_one + 300, true}));
  add(record_kind::event,
      encode(event_payload{"payment_disputed",
                           {{"facts", "dispute open"}, {"scratch", std::nullopt}}}));
  add(record_kind::operator_action,
      encode(operator_payload{operator_verb::retry, "charge", "ada", "cli", "the key is right now",
                              "req_1"}));
  add(record_kind::paused, "replay asked for run, the journal holds effect at 6");
  return out;
}

std::vector<turn> one_turn(std::vector<record> records) {
  std::vector<turn> turns;
  turns.push_back({std::move(records)});
  return turns;
}

std::string unhex(std::string_view text) {
  std::string out;
  int high = -1;
  bool comment = false;
  for (const char c : text) {
    if (c == '\n')
      comment = false;
    else if (c == '#')
      comment = true;
    if (comment || c == '\n' || c == ' ' || c == '\r')
      continue;
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    REQUIRE(digit >= 0);
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  REQUIRE(high < 0);
  return out;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  INFO("file " << path);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// ── The reference ────────────────────────────────────────────────────────────────────────────

void reference::note_start(const object_id& object, const invocation_id& id,
                           const input_payload& input) {
  invocations_.insert_or_assign(id, object);
  if (input.key)
    requests_.insert_or_assign(input.key->scope,
                               seen_request{id, input.key->body, input.key->expires_at});
}

void reference::commit(const std::vector<turn>& turns) {
  for (const auto& t : turns) {
    for (const auto& r : t.records) {
      ++lsn_;
      std::set<object_id> involved{r.object};
      if (auto other = target_of(r))
        involved.insert(*other);
      for (const auto& id : involved) {
        auto& state = objects_[id];
        state.id = id;
        REQUIRE(apply(state, r, lsn_));
      }
      if (r.kind == record_kind::input) {
        note_start(r.object, r.invocation, *decode_input(r.payload));
      } else if (r.kind == record_kind::call || r.kind == record_kind::send) {
        auto call = *decode_call(r.payload);
        note_start(call.target, call.invocation, call.input);
      }
    }
  }
}

object_state reference::load(const object_id& id) const {
  auto it = objects_.find(id);
  if (it != objects_.end())
    return it->second;
  object_state blank;
  blank.id = id;
  return blank;
}

void check_same(const hub_journal& journal, const reference& expected, unix_ms now) {
  for (const auto& [id, state] : expected.objects()) {
    INFO("object " << id.text());
    auto loaded = journal.load(id);
    REQUIRE(loaded);
    if (state.blank()) {
      REQUIRE(loaded->id == id);
      REQUIRE(loaded->blank());
    } else {
      auto wanted = state;
      wanted.finished.clear();
      REQUIRE(*loaded == wanted);
    }
  }
  for (const auto& [id, object] : expected.invocations()) {
    INFO("invocation " << id.text() << " of " << object.text());
    auto known = journal.knows_invocation(id);
    REQUIRE(known);
    REQUIRE(*known);
    auto row = journal.find_invocation(id);
    REQUIRE(row);
    REQUIRE(row->has_value());
    REQUIRE((*row)->object == object);
    auto state = expected.load(object);
    const auto* wanted = state.find_live(id);
    if (wanted == nullptr) {
      auto it = std::find_if(state.finished.begin(), state.finished.end(),
                             [&](const auto& i) { return i.id == id; });
      REQUIRE(it != state.finished.end());
      wanted = &*it;
    }
    REQUIRE((*row)->invocation == *wanted);
  }
  for (const auto& [scope, request] : expected.requests()) {
    auto seen = journal.find_request(scope);
    REQUIRE(seen);
    REQUIRE(seen->has_value());
    REQUIRE((*seen)->invocation == request.invocation);
    REQUIRE((*seen)->body == request.body);
    REQUIRE((*seen)->expires_at == request.expires_at);
  }

  std::set<object_id> resume;
  std::vector<timer_row> due;
  for (const auto& [id, state] : expected.objects()) {
    if (needs_resume(state))
      resume.insert(id);
    if (auto wait = next_due(state); wait && wait->due <= now)
      due.push_back({wait->due, id, wait->recorded_at});
  }
  auto resumable = journal.resumable();
  REQUIRE(resumable);
  REQUIRE(std::set<object_id>(resumable->begin(), resumable->end()) == resume);
  REQUIRE(resumable->size() == resume.size());

  auto less = [](const timer_row& a, const timer_row& b) {
    return std::tie(a.due_at, a.object) < std::tie(b.due_at, b.object);
  };
  std::sort(due.begin(), due.end(), less);
  for (const std::size_t limit : {std::size_t{1000}, std::size_t{2}}) {
    auto timers = journal.timers(now, limit);
    REQUIRE(timers);
    REQUIRE(timers->size() == std::min(limit, due.size()));
    for (std::size_t i = 0; i < timers->size(); ++i) {
      REQUIRE((*timers)[i].due_at == due[i].due_at);
      if (limit > due.size())
        REQUIRE((*timers)[i] == due[i]);
    }
  }
}

// ── Turns made up ────────────────────────────────────────────────────────────────────────────

// Two draws never stand in one argument list: compilers differ in their order.

object_id turn_maker::some_object() {
  static const std::vector<std::string> services{"Order", "Shipment", "Notification"};
  return {services[below(services.size())], "k" + std::to_string(below(6))};
}

invocation_id turn_maker::new_invocation() {
  return invocation_at(now_, 1'000 + ++made_);
}

std::string turn_maker::some_text(std::size_t size_max) {
  const auto size = below(size_max);
  return std::string(size, static_cast<char>('a' + below(26)));
}

input_payload turn_maker::new_input() {
  input_payload input{"Run", "1", below(4) == 0, 0, some_text(60), {}, {}};
  if (below(5) == 0)
    input.due_at = now_ + static_cast<unix_ms>(below(4'000));
  if (below(3) == 0) {
    // A scope belongs to one object; here it is new each time.
    request_key key;
    key.scope = sha256_of("scope" + std::to_string(++scopes_));
    key.body = sha256_of(input.body);
    key.expires_at = now_ + 86'400'000;
    input.key = key;
  }
  return input;
}

void turn_maker::step(const object_state& state, const invocation_state& i,
                      std::vector<record>& out) {
  const auto index = static_cast<std::uint32_t>(i.entries.size() + 1 + out.size());
  auto add = [&](record_kind kind, std::string payload, std::uint32_t at) {
    out.push_back({kind, now_, state.id, i.id, at, std::move(payload)});
  };
  switch (below(18)) {
  case 0:
  case 1:
    return add(record_kind::set,
               encode(state_payload{"v" + std::to_string(below(3)), some_text(80)}), index);
  case 2:
  case 3:
    return add(record_kind::clear,
               encode(state_payload{"v" + std::to_string(below(3)), std::nullopt}), index);
  case 4: {
    effect_payload e;
    e.name = "charge";
    e.completion = index;
    e.body = some_text(100);
    return add(record_kind::effect, encode(e), index);
  }
  case 5:
    return add(record_kind::sleep,
               encode(wait_payload{index, now_ + static_cast<unix_ms>(below(5'000))}), index);
  case 6: {
    auto call = call_payload{some_object(), new_invocation(), index, new_input()};
    call.input.caller = caller_ref{state.id, i.id, index};
    call.input.ephemeral = call.target.service == "Notification";
    return add(record_kind::call, encode(call), index);
  }
  case 7: {
    auto sent = call_payload{some_object(), new_invocation(), 0, new_input()};
    sent.input.ephemeral = sent.target.service == "Notification";
    return add(record_kind::send, encode(sent), index);
  }
  case 8:
    return add(record_kind::awakeable, encode(wait_payload{index, 0}), index);
  case 9:
    return add(record_kind::paused, "paused at " + std::to_string(index), index);
  case 10: // Completes a command, answered before or not.
    if (!i.entries.empty()) {
      const auto at = i.entries[below(i.entries.size())].index;
      add(record_kind::completion, encode(result<std::string>(some_text(40))), at);
    }
    return;
  case 11:
    if (!i.entries.empty()) {
      const auto at = i.entries[below(i.entries.size())].index;
      const auto kind = static_cast<note_kind>(1 + below(14)); // 8 is none: it may stand there too.
      const note_payload note{kind, 1, now_ + static_cast<unix_ms>(below(3'000)), "503"};
      add(record_kind::effect_note, encode(note), at);
    }
    return;
  case 12: {
    event_payload event{"told", {}};
    for (auto count = below(3); count > 0; --count) {
      auto name = "v" + std::to_string(below(3));
      event.values.push_back({std::move(name), some_text(40)});
    }
    return add(record_kind::event, encode(event), index);
  }
  case 13: {
    const auto verb = static_cast<operator_verb>(1 + below(5));
    const auto whole = below(2) == 0;
    out.push_back({record_kind::operator_action, now_, state.id, whole ? invocation_id() : i.id, 0,
                   encode(operator_payload{verb, "charge", "ada", "cli", some_text(20), {}})});
    return;
  }
  case 14: // It goes on.
    return add(record_kind::paused, {}, index);
  case 15:
    return add(record_kind::await_event, encode(wait_payload{index, 0}), index);
  default: {
    result<std::string> value = some_text(50);
    if (below(4) == 0)
      value = fail({error_kind::rejected, "test", "no", 409, 0});
    out.push_back(output_record(state.id, i.id, now_, index, value, i.input.caller));
    return;
  }
  }
}

std::vector<turn> turn_maker::next(const reference& world) {
  now_ += static_cast<unix_ms>(below(300));
  std::vector<turn> turns;
  // One turn an object in a batch, as the writer gets them.
  std::set<object_id> taken;
  for (auto count = 1 + below(4); count > 0; --count) {
    const auto id = some_object();
    if (!taken.insert(id).second)
      continue;
    const auto state = world.load(id);
    std::vector<record> records;
    if (state.live.empty() || (state.live.size() < 4 && below(4) == 0)) {
      const auto invocation = new_invocation();
      auto input = new_input();
      input.ephemeral = id.service == "Notification";
      records.push_back(input_record(id, invocation, now_, std::move(input)));
    } else {
      const auto& i = state.live[below(state.live.size())];
      for (auto steps = 1 + below(3); steps > 0; --steps) {
        step(state, i, records);
        if (!records.empty() && records.back().kind == record_kind::output)
          break;
      }
      if (!state.undelivered.empty() && below(2) == 0) {
        const auto& u = state.undelivered.front();
        if (u.invocation == i.id)
          records.insert(records.begin(),
                         {record_kind::completion, now_, id, i.id, u.completion, u.encoded_result});
      }
    }
    if (!records.empty())
      turns.push_back({std::move(records)});
  }
  return turns;
}

journal_options slow_options() {
  journal_options options;
  options.checkpoint_bytes = 1ULL << 40U;
  options.checkpoint_interval_ms = 1LL << 40U;
  options.slice_ms = 0;
  return options;
}

std::unique_ptr<hub_journal> opened(store& tables, const journal_options& options) {
  seeded_random random(99);
  auto journal = hub_journal::open(tables, options, random);
  if (!journal)
    FAIL(journal.error().message);
  return std::move(*journal);
}

void commit(hub_journal& journal, std::vector<record> records) {
  auto turns = one_turn(std::move(records));
  REQUIRE(journal.commit(turns));
}

void maintain_all(hub_journal& journal, unix_ms now) {
  for (int i = 0; i < 10'000; ++i) {
    auto more = journal.maintain(now);
    REQUIRE(more);
    if (!*more)
      return;
  }
  FAIL("maintain never ends");
}

} // namespace orderhub::testing
