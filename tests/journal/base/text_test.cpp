#include "journal/base/text.hpp"
#include "tests/support/catch2.hpp"

#include <string>

using namespace orderhub;

TEST_CASE("a JSON string escapes quotes, backslashes and control characters", "[base]") {
  std::string out = "x:";
  append_json_string(out, std::string_view("a\"b\\c\n\0\x7f ü", 11));
  CHECK(out == "x:\"a\\\"b\\\\c\\u000a\\u0000\\u007f ü\"");
}

TEST_CASE("percent escapes are decoded whole or not at all", "[base]") {
  CHECK(percent_decode("a%2Fb%2f+%00") == std::string("a/b/+\0", 6));
  CHECK(percent_decode("") == "");
  for (const auto* text : {"%", "%2", "a%zz", "%2g", "%%20"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decode(text));
    std::string out;
    CHECK_FALSE(append_form_decoded(out, text));
  }
  std::string form = "q=";
  CHECK(append_form_decoded(form, "a+b%2Bc"));
  CHECK(form == "q=a b+c");
}
