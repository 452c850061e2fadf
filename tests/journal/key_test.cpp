#include "journal/base/hash.hpp"
#include "journal/key.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::testing {

using namespace journal;

TEST_CASE("keys sort as what they stand for", "[journal][key]") {
  CHECK(log_key(1) < log_key(2));
  CHECK(log_key(255) < log_key(256));
  CHECK(log_key(~0ULL - 1) < log_key(~0ULL));
  const object_id a{"A", "x"};
  const object_id b{"B", "a"};
  CHECK(timer_key(5, b) < timer_key(6, a));
  CHECK(timer_key_from(6) < timer_key(6, a));
  CHECK(timer_key(5, a) < timer_key_from(6));
  digest scope{};
  CHECK(expiry_key(1, scope) < expiry_key(2, scope));
  CHECK(invocation_key(first_of(1'000)) < invocation_key(invocation_at(1'000, 1)));
  CHECK(invocation_key(invocation_at(999, 1)) < invocation_key(first_of(1'000)));
  CHECK(object_key({"A", "zz"}) < object_key({"AA", "a"}));
}

TEST_CASE("keys and small rows come back from their bytes", "[journal][key]") {
  CHECK(parse_log_key(log_key(77)) == 77U);
  CHECK_FALSE(parse_log_key("1234567"));
  const object_id id{"Order", std::string("a\0b/c", 5)};
  CHECK(parse_object_key(object_key(id)) == id);
  CHECK_FALSE(parse_object_key("no zero"));
  CHECK_FALSE(parse_object_key(std::string("S\0", 2)));
  CHECK(*decode_object_ref(encode_object_ref(id)) == id);
  const auto invocation = invocation_at(day_one, 3);
  CHECK(parse_invocation_key(invocation_key(invocation)) == invocation);
  CHECK(time_of(invocation) == day_one);
  CHECK(time_of(invocation.child(3)) == day_one);
  CHECK(parse_timer_key(timer_key(day_one, id)) == day_one);
  digest scope{};
  scope.fill(7);
  auto e = parse_expiry_key(expiry_key(9, scope));
  REQUIRE(e);
  CHECK(e->expires_at == 9);
  CHECK(e->scope == scope);
  CHECK_FALSE(parse_expiry_key(active_key(id)));
  const request_row row{invocation, scope, 12};
  CHECK(*decode_request_row(encode(row)) == row);
  const checkpoint_mark mark{5, 6, 7};
  CHECK(*decode_checkpoint(encode(mark)) == mark);
  CHECK(*decode_boot(encode_boot("boot-1")) == "boot-1");
  const timer_row timer{day_one, id, day_one - 5};
  CHECK(*decode_timer_row(timer_key(day_one, id), encode(timer)) == timer);
  CHECK_FALSE(decode_timer_row(timer_key(day_one + 1, id), encode(timer)));
  const aside_mark aside{id, "a reason"};
  CHECK(*decode_aside_mark(encode(aside)) == aside);
}

TEST_CASE("a key of what is set aside says what it is", "[journal][key]") {
  const auto digest = object_digest(object_key({"Order", "o"}));
  CHECK(digest.size() == 16);
  const auto mark = aside_mark_key(digest);
  const auto row = aside_row_key(digest);
  const auto record = aside_record_key(digest, 77);
  const auto other = aside_other_key("tm", timer_key(day_one, {"Order", "o"}));
  CHECK(parse_aside_key(mark)->prefix == aside_prefix::object);
  CHECK(parse_aside_key(row)->digest == digest);
  CHECK(parse_aside_key(record)->digest == digest);
  CHECK(parse_aside_key(record)->lsn == 77);
  CHECK(parse_aside_key(other)->table == "tm");
  CHECK(parse_aside_key(other)->key == timer_key(day_one, {"Order", "o"}));
  for (const auto& key : {mark, row, record})
    CHECK_FALSE(parse_aside_key(std::string_view(key).substr(0, key.size() - 1)));
  CHECK_FALSE(parse_aside_key(mark + "x"));
  CHECK_FALSE(parse_aside_key("z"));
  CHECK_FALSE(parse_aside_key(""));
}

TEST_CASE("the longest object still has a key that the tables take", "[journal][key]") {
  const object_id id{std::string(255, 's'), std::string(255, 'k')};
  CHECK(storable(id));
  CHECK(object_key(id).size() == 511);
  CHECK(timer_key(1, id).size() <= 511);
  CHECK(active_key(id).size() <= 511);
  CHECK_FALSE(storable({std::string(256, 's'), "k"}));
  CHECK_FALSE(storable({"s", ""}));
  CHECK_FALSE(storable({std::string("s\0", 2), "k"}));
}

TEST_CASE("a small row with any bit changed, or cut, is corrupt", "[journal][key]") {
  digest body{};
  const object_id object{"Order", "o"};
  const auto timer = timer_key(9, object);
  const std::vector<std::string> rows{encode(timer_row{9, object, 8}),
                                      encode(aside_mark{object, "reason"}),
                                      encode_object_ref({"Order", "o"}),
                                      encode(request_row{{}, body, 1}),
                                      encode_format(1),
                                      encode_hub({}),
                                      encode_boot("boot-1"),
                                      encode(checkpoint_mark{1, 2, 3})};
  for (auto bytes : rows) {
    auto readable = [&](std::string_view b) {
      int count = 0;
      count += decode_object_ref(b).has_value();
      count += decode_request_row(b).has_value();
      count += decode_format(b).has_value();
      count += decode_hub(b).has_value();
      count += decode_checkpoint(b).has_value();
      count += decode_boot(b).has_value();
      count += decode_timer_row(timer, b).has_value();
      count += decode_aside_mark(b).has_value();
      return count;
    };
    REQUIRE(readable(bytes) >= 1);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE(readable(std::string_view(bytes).substr(0, size)) == 0);
    for (auto& c : bytes)
      for (unsigned bit = 0; bit < 8; ++bit) {
        c = static_cast<char>(c ^ (1U << bit));
        REQUIRE(readable(bytes) == 0);
        c = static_cast<char>(c ^ (1U << bit));
      }
  }
}

TEST_CASE("a newer format is refused by name", "[journal][key]") {
  CHECK(*decode_format(encode_format(format_version)) == format_version);
  auto newer = decode_format(encode_format(format_version + 1));
  REQUIRE_FALSE(newer);
  CHECK(newer.error().kind == error_kind::corrupt);
  CHECK(newer.error().message.find("format 3") != std::string::npos);
}

} // namespace orderhub::testing
