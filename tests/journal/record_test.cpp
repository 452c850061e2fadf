#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "journal/record.hpp"
#include "journal/record_refs.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::testing {

using namespace journal;

TEST_CASE("a record of each kind comes back from its bytes", "[journal][record]") {
  for (const auto& r : one_of_each_kind()) {
    CAPTURE(static_cast<int>(r.kind));
    auto back = decode_record(encode(r));
    REQUIRE(back);
    CHECK(*back == r);
  }
}

TEST_CASE("a record cut short anywhere is corrupt", "[journal][record]") {
  for (const auto& r : one_of_each_kind()) {
    CAPTURE(static_cast<int>(r.kind));
    const auto bytes = encode(r);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      auto back = decode_record(std::string_view(bytes).substr(0, size));
      REQUIRE_FALSE(back);
      REQUIRE(back.error().kind == error_kind::corrupt);
    }
    REQUIRE_FALSE(decode_record(bytes + '\0'));
  }
}

TEST_CASE("a record with any one bit changed is corrupt", "[journal][record]") {
  for (const auto& r : one_of_each_kind()) {
    CAPTURE(static_cast<int>(r.kind));
    auto bytes = encode(r);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        bytes[at] = static_cast<char>(bytes[at] ^ (1U << bit));
        auto back = decode_record(bytes);
        REQUIRE_FALSE(back);
        REQUIRE(back.error().kind == error_kind::corrupt);
        bytes[at] = static_cast<char>(bytes[at] ^ (1U << bit));
      }
    }
  }
}

TEST_CASE("a record of a newer version or an unknown kind is corrupt and says so",
          "[journal][record]") {
  auto bytes = encode(one_of_each_kind().front());
  auto with = [&](std::size_t at, char value) {
    auto changed = bytes.substr(0, bytes.size() - 4);
    changed[at] = value;
    byte_writer w;
    w.raw(changed);
    w.u32(crc32_of(changed));
    return decode_record(w.take());
  };
  auto newer = with(0, 2);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().message == "version 2 is not known to this program");
  auto unknown = with(1, 99);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "kind 99 is not known to this program");
}

namespace {

/// Decodes a payload as each kind would, and folds it: whatever the bytes are, none may crash.
void decode_in_every_way(std::string_view payload) {
  (void)decode_input(payload).has_value();
  (void)decode_call(payload).has_value();
  (void)decode_state(payload).has_value();
  (void)decode_result(payload).has_value();
  (void)decode_run(payload).has_value();
  (void)decode_effect(payload).has_value();
  (void)decode_note(payload).has_value();
  (void)decode_wait(payload).has_value();
  (void)decode_cancel(payload).has_value();
  (void)decode_output(payload).has_value();
  (void)decode_event(payload).has_value();
  (void)decode_operator(payload).has_value();
}

} // namespace

TEST_CASE("a payload with any byte changed or cut is read without harm", "[journal][record]") {
  for (const auto& r : one_of_each_kind()) {
    for (std::size_t size = 0; size < r.payload.size(); ++size)
      decode_in_every_way(std::string_view(r.payload).substr(0, size));
    auto bytes = r.payload;
    for (auto& c : bytes) {
      const char was = c;
      for (const int v : {0, 1, 127, 255, was ^ 1, was ^ 128}) {
        c = static_cast<char>(v);
        decode_in_every_way(bytes);
        auto changed = r;
        changed.payload = bytes;
        object_state state;
        state.id = changed.object;
        auto refs = refs_of(changed);
        auto folded = apply(state, changed, 1);
        // The commit path lets in just what the fold can read.
        REQUIRE(refs.has_value() == folded.has_value());
        if (!folded)
          REQUIRE(folded.error().kind == error_kind::corrupt);
        (void)needs_resume(state);
        (void)next_due(state);
        (void)open_doubts(state);
        (void)open_waits(state);
      }
      c = was;
    }
  }
}

TEST_CASE("what the overlay reads in place is what decoding finds", "[journal][record]") {
  for (const auto& r : one_of_each_kind()) {
    CAPTURE(static_cast<int>(r.kind));
    auto refs = refs_of(r);
    REQUIRE(refs);
    CHECK(refs->other == target_of(r));
    switch (r.kind) {
    case record_kind::input: {
      CHECK(refs->starts == r.invocation);
      CHECK_FALSE(refs->starts_at_other);
      CHECK(refs->key == decode_input(r.payload)->key);
      CHECK(refs->due_at == decode_input(r.payload)->due_at);
      break;
    }
    case record_kind::call:
    case record_kind::send: {
      auto call = decode_call(r.payload);
      CHECK(refs->starts == call->invocation);
      CHECK(refs->starts_at_other);
      CHECK(refs->key == call->input.key);
      CHECK(refs->due_at == call->input.due_at);
      break;
    }
    case record_kind::sleep:
      CHECK(refs->due_at == decode_wait(r.payload)->due_at);
      break;
    case record_kind::effect_note:
      CHECK(refs->due_at == decode_note(r.payload)->at);
      break;
    case record_kind::operator_action: // May end what held a timer back.
      CHECK(refs->due_at == r.time);
      break;
    default:
      CHECK_FALSE(refs->starts);
      CHECK_FALSE(refs->due_at);
      break;
    }
  }
}

TEST_CASE("a result keeps its value, or its kind, status, place and message", "[journal][record]") {
  const result<std::string> value = std::string("v\0w", 3);
  auto back = decode_result(encode(value));
  REQUIRE(back);
  CHECK(**back == *value);
  const result<std::string> failure = fail({error_kind::rejected, "here", "no", 402, 0});
  back = decode_result(encode(failure));
  REQUIRE(back);
  REQUIRE_FALSE(*back);
  CHECK(back->error() == failure.error());
}

TEST_CASE("a completion keeps what the vendor answered, and its result is read without it",
          "[journal][record]") {
  const vendor_answer answer{402, 212, 1'234, "req_8f", std::string(answer_hash_size, 'h')};
  const result<std::string> value = std::string("v"),
                            failure = fail({error_kind::rejected, "here", "no", 402, 0});
  for (const auto& of : {value, failure}) {
    const auto with = encode(of, answer);
    const auto back = decode_result(with);
    REQUIRE(back);
    CHECK(back->has_value() == of.has_value());
    CHECK(*decode_answer(with) == std::optional(answer));
    CHECK_FALSE(decode_answer(encode(of))->has_value());
    CHECK(with.size() - encode(of).size() == 13 + answer.request_id.size() + answer_hash_size);
    for (std::size_t size = encode(of).size() + 1; size < with.size(); ++size)
      CHECK_FALSE(decode_result(with.substr(0, size)));
  }
  const answer_note note{answer, true, "in_doubt", "stripe.charge: 402", "{}"};
  CHECK(*decode_answer_note(encode(note)) == note);
}

TEST_CASE("what a person did keeps the value that was told", "[journal][record]") {
  operator_payload p{operator_verb::happened_unverified, "label", "ada", "token", "why", ""};
  p.role = "admin";
  const auto without = encode(p);
  p.value = "told";
  CHECK(*decode_operator(encode(p)) == p);
  CHECK(encode(p).size() == without.size() + 6);
  p.value.clear();
  CHECK(*decode_operator(without) == p);
}

} // namespace orderhub::testing
