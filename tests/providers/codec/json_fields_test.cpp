#include "providers/codec/json_fields.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers {
namespace {

using nlohmann::json;

/// White space behind it makes a text too long for the fast reader, and changes nothing else.
std::string made_long(const std::string& text) {
  return text + std::string(40'000, ' ');
}

/// With the kind of each number, which `==` of values does not compare.
std::string shown(const std::optional<json>& picked) {
  if (!picked)
    return "unreadable";
  std::string text = picked->dump(-1, ' ', false, json::error_handler_t::strict);
  const auto flat = picked->flatten();
  for (const auto& [path, value] : flat.items())
    text += std::string("\n") + path + ' ' + value.type_name() +
            std::to_string(static_cast<int>(value.type()));
  return text;
}

std::optional<json> picked(const std::string& text) {
  return pick<json>(text, {"a", "list", "object"});
}

const std::string sample =
    R"({"skipped":{"a":[1,2,{"a":null}],"u":"\u00e9\ud83d\ude00"},"a":-12.50e3,"more":[true,false],)"
    R"("list":[{"id":"x","n":18446744073709551615},[],{},-9223372036854775808,0,1.0],)"
    R"("object":{"k":"q\"\\\/\b\f\n\r\t","z":null,"y":{"y":[["deep"]]}}})";

TEST_CASE("json_fields: of an object only what is wanted is kept") {
  const auto kept = picked(sample);
  REQUIRE(kept);
  CHECK(kept->size() == 3);
  CHECK(kept->at("a") == -12'500.0);
  CHECK(kept->at("list").at(0).at("n") == 18'446'744'073'709'551'615U);
  CHECK(text_of(kept->at("object"), "k") == "q\"\\/\b\f\n\r\t");
  CHECK(member(*kept, "skipped") == nullptr);
  CHECK(member(kept->at("object"), "z")->is_null());
}

TEST_CASE("json_fields: both readers say the same of what is odd") {
  struct odd {
    std::string text;
    bool is_readable;
  };
  const std::string deep_ok = std::string(62, '[') + std::string(62, ']');
  const std::string deep_bad = std::string(80, '[') + std::string(80, ']');
  const std::vector<odd> all = {
      {"{}", true},
      {" \n{ \"a\" : 1 } \t", true},
      {R"({"a":1,"a":1})", false},
      {R"({"x":1,"x":1,"a":2})", true},
      {R"({"object":{"k":1,"k":2}})", false},
      {R"({"x":{"k":1,"k":2}})", true},
      {R"({"a":123456789012345678901234567890})", true}, // A number, if no integer.
      {R"({"a":-9223372036854775809})", true},
      {R"({"a":1e400})", false},
      {R"({"a":01})", false},
      {R"({"a":+1})", false},
      {R"({"a":1.})", false},
      {R"({"a":.5})", false},
      {R"({"a":NaN})", false},
      {R"({"a":1,})", false},
      {R"({"a":1}x)", false},
      {R"({"a":1}{"a":2})", false},
      {R"({"a":1)", false},
      {R"({"a")", false},
      {R"({a:1})", false},
      {R"({'a':1})", false},
      {R"([{"a":1}])", false},
      {R"("a")", false},
      {"17", false},
      {"null", false},
      {"", false},
      {R"({"a":"\ud800"})", false},
      {R"({"a":"\udc00\ud800"})", false},
      {R"({"a":"\u0000"})", true},
      {R"({"\u0061":1})", true},
      {"{\"a\":\"tab\there\"}", false},
      {"{\"a\":\"\xff\"}", false},
      {"{\"a\":\"\xed\xa0\x80\"}", false}, // A surrogate in UTF-8.
      {"{\"a\":\"\xc0\x80\"}", false},
      {"{\"x\":\"\xff\"}", false}, // What is not wanted is checked all the same.
      {R"({"x":tru})", false},
      {"{\"a\":1,\"x\":/* */2}", false},
      {R"({"a":)" + deep_ok + "}", true},
      {R"({"a":)" + deep_bad + "}", false},
      {R"({"x":)" + deep_bad + "}", true},
  };
  for (const auto& [text, is_readable] : all) {
    INFO(text);
    CHECK(picked(text).has_value() == is_readable);
    CHECK(shown(picked(text)) == shown(picked(made_long(text))));
  }
  const std::string mark = "\xef\xbb\xbf";
  CHECK(shown(picked(mark + sample)) == shown(picked(made_long(mark + sample))));
  const std::string with_null = sample + std::string(1, '\0');
  CHECK(shown(picked(with_null)) == shown(picked(made_long(with_null))));
}

TEST_CASE("json_fields: both readers say the same of damaged texts") {
  constexpr std::string_view parts = "{}[]\",:\\0123456789.eE+-nulltruefals \n\x01\x7f\x80\xc3\xff";
  std::minstd_rand random(4'711);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  std::size_t readable = 0;
  constexpr std::size_t texts = 3'000;
  for (std::size_t i = 0; i < texts; ++i) {
    std::string text = sample;
    for (auto n = 1 + below(2); n > 0; --n) {
      const auto at = below(text.size());
      const char c = parts[below(parts.size())];
      switch (below(3)) {
      case 0:
        text[at] = c;
        break;
      case 1:
        text.insert(at, 1, c);
        break;
      default:
        text.erase(at, 1 + below(3));
        break;
      }
    }
    const auto fast = shown(picked(text));
    readable += fast == "unreadable" ? 0U : 1U;
    if (fast != shown(picked(made_long(text)))) {
      INFO(text);
      CHECK(fast == shown(picked(made_long(text))));
    }
  }
  CHECK(readable > texts / 20);
  CHECK(readable < texts);
}

} // namespace
} // namespace orderhub::providers
