#include "providers/policy/answer_trace.hpp"
#include "tests/support/catch2.hpp"

#include <string>

namespace orderhub::testing {

using providers::redacted;

TEST_CASE("of an answer's body the form and codes are kept, and nothing that was sent",
          "[providers][trace]") {
  CHECK(redacted(R"({"error":{"code":"card_declined","message":"Ada, 1 Main St","param":"zip"}})",
                 512) == R"({"error":{"code":"card_declined","message":"…","param":"zip"}})");
  CHECK(redacted(R"([{"status":404,"phone":14155550123,"code":14155550123,"ok":false}])", 512) ==
        R"([{"status":404,"phone":"…","code":"…","ok":false}])");
  // A name that an answer makes of what was sent goes, and so does a code that is none.
  CHECK(redacted(R"({"ada@example.com":1,"code":"Ada Lovelace","type":"ada@example.com"})", 512) ==
        R"({"code":"…","type":"…"})");
  CHECK(redacted("<html>502 for ada@example.com</html>", 512).empty());
  CHECK(redacted("", 512).empty());
  const auto cut = redacted(R"({"a":"…","b":"…","c":"…"})", 10);
  CHECK(cut.size() <= 10);
}

TEST_CASE("a request id is taken where it is one", "[providers][trace]") {
  providers::http_response r;
  CHECK(providers::request_id_of(r).empty());
  r.headers = {{"request-id", "req_8f"}};
  CHECK(providers::request_id_of(r) == "req_8f");
  r.headers = {{"x-request-id", "ada@example.com"}};
  CHECK(providers::request_id_of(r).empty());
  r.headers = {{"x-request-id", std::string(providers::request_id_max + 1, 'a')}};
  CHECK(providers::request_id_of(r).empty());
}

} // namespace orderhub::testing
