#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::testing {

using namespace journal;

namespace {

object_state state_of(const object_id& id, const std::vector<record>& records) {
  object_state s;
  s.id = id;
  log_sequence lsn = 0;
  for (const auto& r : records)
    REQUIRE(apply(s, r, ++lsn));
  return s;
}

const object_id order{"Order", "o"};
const object_id shipment{"Shipment", "s"};

} // namespace

TEST_CASE("a row comes back from its bytes, finished invocations aside", "[journal][fold]") {
  turn_maker maker(11);
  reference world;
  for (int i = 0; i < 300; ++i)
    world.commit(maker.next(world));
  for (auto [id, state] : world.objects()) {
    auto back = decode_object(encode(state));
    REQUIRE(back);
    for (const auto& i : state.finished) {
      auto row = decode_invocation_row(encode(invocation_row{id, i}));
      REQUIRE(row);
      CHECK(row->object == id);
      CHECK(row->invocation == i);
    }
    state.finished.clear();
    CHECK(*back == state);
  }
}

TEST_CASE("a row with any byte changed or cut is corrupt", "[journal][fold]") {
  auto records = one_of_each_kind();
  std::erase_if(records, [](const auto& r) { return r.kind == record_kind::output; });
  const auto state = state_of(records.front().object, records);
  REQUIRE_FALSE(state.live.empty());
  const std::vector<std::string> rows{encode(state),
                                      encode(invocation_row{state.id, state.live.front()})};
  for (auto bytes : rows) {
    auto readable = [](std::string_view b) {
      return decode_object(b).has_value() || decode_invocation_row(b).has_value();
    };
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE_FALSE(readable(std::string_view(bytes).substr(0, size)));
    for (auto& c : bytes) {
      c = static_cast<char>(c ^ 4);
      REQUIRE_FALSE(readable(bytes));
      c = static_cast<char>(c ^ 4);
    }
  }
}

TEST_CASE("folding a row and the rest gives the fold of the whole, wherever it is cut",
          "[journal][fold]") {
  turn_maker maker(5);
  reference world;
  std::vector<record> log;
  for (int i = 0; i < 150; ++i) {
    auto turns = maker.next(world);
    world.commit(turns);
    for (auto& t : turns)
      for (auto& r : t.records)
        log.push_back(std::move(r));
  }
  const object_id id{"Order", "k0"};
  auto involves = [&](const record& r) { return r.object == id || target_of(r) == id; };
  for (std::size_t cut = 0; cut <= log.size(); cut += 7) {
    CAPTURE(cut);
    object_state state;
    state.id = id;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (i == cut && state.folded_to > 0) {
        auto back = decode_object(encode(state));
        REQUIRE(back);
        state = *back;
      }
      if (involves(log[i]))
        REQUIRE(apply(state, log[i], i + 1));
    }
    auto wanted = world.load(id);
    wanted.finished.clear();
    state.finished.clear();
    REQUIRE(state == wanted);
  }
}

TEST_CASE("a call reaches its target, and the target's output its caller", "[journal][fold]") {
  const auto id = invocation_at(day_one, 1);
  const auto child = id.child(1);
  const caller_ref caller{order, id, 1};
  input_payload input{"Buy", "1", false, 0, "{}", {}, caller};
  std::vector<record> log{
      input_record(order, id, day_one),
      {record_kind::call, day_one, order, id, 1, encode(call_payload{shipment, child, 1, input})},
      output_record(shipment, child, day_one + 1, 1, std::string("label"), caller),
  };
  auto target = state_of(shipment, {log[1]});
  REQUIRE(target.live.size() == 1);
  CHECK(target.live[0].id == child);
  CHECK(needs_resume(target));
  target = state_of(shipment, {log[1], log[2]});
  CHECK(target.live.empty());
  CHECK(target.finished.size() == 1);

  auto owner = state_of(order, log);
  REQUIRE(owner.undelivered.size() == 1);
  CHECK(owner.undelivered[0].completion == 1);
  CHECK(needs_resume(owner));
  log.push_back(
      {record_kind::completion, day_one + 2, order, id, 1, owner.undelivered[0].encoded_result});
  CHECK(state_of(order, log).undelivered.empty());
}

TEST_CASE("a result for a caller that has ended is nothing to keep", "[journal][fold]") {
  const auto id = invocation_at(day_one, 1);
  const caller_ref caller{order, id, 1};
  const auto s = state_of(
      order,
      {input_record(order, id, day_one), output_record(order, id, day_one, 1, std::string("x")),
       output_record(shipment, id.child(1), day_one, 1, std::string("late"), caller)});
  CHECK(s.blank());
}

TEST_CASE("what an object waits for decides when it is due and whether it must be woken",
          "[journal][fold]") {
  const auto id = invocation_at(day_one, 1);
  const auto input = input_record(order, id, day_one);
  effect_payload charge;
  charge.name = "charge";
  charge.completion = 1;
  const record effect{record_kind::effect, day_one, order, id, 1, encode(charge)};
  const record sleep{
      record_kind::sleep, day_one + 10, order, id, 1, encode(wait_payload{1, day_one + 500})};
  const record retry{record_kind::effect_note,
                     day_one + 20,
                     order,
                     id,
                     1,
                     encode(note_payload{note_kind::retry_at, 1, day_one + 70, "503"})};
  const record resend{record_kind::effect_note,
                      day_one,
                      order,
                      id,
                      1,
                      encode(note_payload{note_kind::resend, 1, 0, ""})};
  const record done{record_kind::completion,         day_one, order, id, 1,
                    encode(result<std::string>("x"))};

  CHECK(needs_resume(state_of(order, {input})));
  CHECK(needs_resume(state_of(order, {input, effect})));
  CHECK_FALSE(next_due(state_of(order, {input, effect})));
  CHECK(next_due(state_of(order, {input, effect, retry})) ==
        recorded_wait{day_one + 20, day_one + 70});
  CHECK_FALSE(next_due(state_of(order, {input, effect, retry, resend})));
  CHECK_FALSE(next_due(state_of(order, {input, effect, retry, done})));
  CHECK(next_due(state_of(order, {input, sleep})) == recorded_wait{day_one + 10, day_one + 500});
  CHECK_FALSE(needs_resume(state_of(order, {input, sleep})));
  CHECK_FALSE(next_due(state_of(order, {input, sleep, done})));
  CHECK(needs_resume(state_of(order, {input, sleep, done})));

  input_payload later{"Run", "1", false, day_one + 900, "", {}, {}};
  const auto delayed = state_of(order, {input_record(order, id, day_one + 30, later)});
  CHECK(next_due(delayed) == recorded_wait{day_one + 30, day_one + 900});
  CHECK_FALSE(needs_resume(delayed));
}

} // namespace orderhub::testing
