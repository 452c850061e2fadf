#include "journal/base/text.hpp"
#include "journal/inspect/dump.hpp"
#include "journal/session_key.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/must.hpp"

#include <sstream>
#include <string>

namespace orderhub::testing {

using namespace journal;

TEST_CASE("a directory has one key of sessions for ever, and another has another",
          "[journal][session]") {
  memory_store tables, elsewhere;
  seeded_random random(1);
  const auto key = must(session_key_of(tables, random));
  CHECK(key.reveal().size() == 32);
  CHECK(must(session_key_of(tables, random)) == key);
  CHECK_FALSE(must(session_key_of(elsewhere, random)) == key);
}

TEST_CASE("a damaged key of sessions is told and left as it is", "[journal][session]") {
  memory_store tables;
  seeded_random random(1);
  auto bytes = encode(session_key{1, 2, 3});
  bytes[7] = static_cast<char>(bytes[7] ^ 1);
  tables.overwrite(table::mt, std::string(meta_key::session), bytes);
  const auto read = session_key_of(tables, random);
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == error_kind::corrupt);
  CHECK(tables.contents(table::mt).at(std::string(meta_key::session)) == bytes);
}

TEST_CASE("no printer shows the key of sessions", "[journal][session]") {
  memory_store tables;
  seeded_random random(1);
  const auto key = must(session_key_of(tables, random));
  std::ostringstream out;
  REQUIRE(dump(*must(tables.read()), out, {}));
  CHECK(out.str().find("session") != std::string::npos);
  for (const auto& text : {key.reveal(), hex_of(key.reveal()), base64url(key.reveal())})
    CHECK(out.str().find(text) == std::string::npos);
}

} // namespace orderhub::testing
