#include "http_gateway/settings/settings_doc.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "tests/support/catch2.hpp"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

/// As it is without that default, and with it written down.
settings with_default(const setting_row& row, settings s) {
  const auto done = row.set(s, row.id.fallback);
  if (!done)
    FAIL(done.error().message);
  return s;
}

} // namespace

TEST_CASE("SETTINGS.md is what the table says", "[gateway][settings]") {
  std::ifstream file(ORDERHUB_SOURCE_DIR "/http_gateway/SETTINGS.md", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  // Where this fails: orderhub settings --markdown > http_gateway/SETTINGS.md
  CHECK(text.str() == settings_markdown());
}

TEST_CASE("the document's defaults are the program's", "[gateway][settings]") {
  settings s;
  s.vendors.set("stripe.api_key", "sk_test_1");
  s.vendors.set("shippo.api_key", "shippo_test_1");
  s.vendors.set("sendgrid.api_key", "SG.1");
  s.vendors.set("slack.bot_token", "xoxb-1");
  const auto before = make_registry(s, {});
  REQUIRE(before);
  for (const auto& row : setting_table()) {
    CAPTURE(row.id.name);
    CHECK(row.id.fallback.empty() != row.id.fallback_note.empty());
    if (row.id.fallback.empty())
      continue;
    auto same = with_default(row, s);
    const auto after = make_registry(same, {});
    REQUIRE(after);
    REQUIRE(after->endpoints.size() == before->endpoints.size());
    for (const auto& [name, endpoint] : before->endpoints)
      CHECK(after->find(name)->fingerprint() == endpoint.fingerprint());
    same.vendors = s.vendors;
    CHECK(same == s);
  }
}

TEST_CASE("a group of settings lies together", "[gateway][settings]") {
  std::set<std::string> seen;
  std::string group;
  for (const auto& name : setting_names()) {
    if (name.group == group)
      continue;
    group = name.group;
    CHECK(seen.insert(group).second);
  }
}
