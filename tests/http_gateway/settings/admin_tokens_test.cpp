#include "actors/handlers/explain/explain.hpp"
#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/settings/admin_tokens.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace orderhub::testing {

using namespace http_gateway;

namespace {

/// A file that goes away.
class token_file {
public:
  explicit token_file(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("orderhub-tokens-" + std::to_string(::getpid()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~token_file() { std::filesystem::remove(path_); }
  token_file(const token_file&) = delete;
  token_file& operator=(const token_file&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

} // namespace

TEST_CASE("a file of tokens is read as it is written", "[settings][access]") {
  admin_token_row ada{"ada", "operate", sha256_of("adas"), 1'798'761'600'000, true};
  admin_token_row bob{"bob@example", "read", sha256_of("bobs")};
  const token_file file(text_of(ada) + text_of(bob));
  const auto rows = must(read_admin_tokens(file.path()));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "ada");
  CHECK(rows[0].role == "operate");
  CHECK(rows[0].sha256 == sha256_of("adas"));
  CHECK(rows[0].expires_at == 1'798'761'600'000);
  CHECK(rows[0].on_behalf);
  CHECK(rows[1].name == "bob@example");
  CHECK(rows[1].expires_at == 0);
  CHECK_FALSE(rows[1].on_behalf);
}

TEST_CASE("a file of tokens that is wrong is refused, and says which token", "[settings][access]") {
  const auto good = text_of({"ada", "read", sha256_of("adas")});
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const auto& text :
       {with("read", "root"), with("ada", ""), with("sha256 = \"", "sha256 = \"zz"),
        good + "expires = \"soon\"\n", good + "expire = 2027-01-01T00:00:00Z\n", good + good,
        std::string("name = \"ada\"\n"), std::string("[[token]\n")}) {
    CAPTURE(text);
    const token_file file(text);
    const auto rows = read_admin_tokens(file.path());
    REQUIRE_FALSE(rows);
    CHECK(rows.error().message.starts_with("admin_tokens: "));
  }
  CHECK_FALSE(read_admin_tokens("/nowhere/tokens.toml"));
}

TEST_CASE("who may act at the admin port follows from the settings", "[settings][access]") {
  settings s;
  CHECK(must(admin_rules_of(s, "mock")).without_token == admin_role::admin);
  CHECK(must(admin_rules_of(s, "test")).without_token == admin_role::admin);
  CHECK(must(admin_rules_of(s, "live")).without_token == admin_role::read);
  CHECK(must(admin_rules_of(s, "live")).tokens.empty());

  s.api_token = secret("shop");
  const auto shop = must(admin_rules_of(s, "live")).tokens;
  REQUIRE(shop.size() == 1);
  CHECK(shop[0].name == "api");
  CHECK(shop[0].role == admin_role::read);

  s.admin_token = secret("root");
  const token_file file(text_of({"ada", "operate", sha256_of("adas")}));
  s.admin_tokens = file.path();
  const auto both = must(admin_rules_of(s, "live")).tokens;
  REQUIRE(both.size() == 2); // The shop's own token is none here.
  CHECK(both[0].name == "env");
  CHECK(both[0].role == admin_role::admin);
  CHECK(both[1].name == "ada");
  CHECK(both[1].role == admin_role::operate);

  std::ofstream(file.path()) << "";
  CHECK_FALSE(admin_rules_of(s, "live"));
}

TEST_CASE("where people reach the admin port follows from the settings", "[settings][access]") {
  settings s;
  CHECK(admin_url_of(s) == handlers::default_admin_url);
  s.admin_listen = {"0.0.0.0", 9071};
  CHECK(admin_url_of(s) == "http://127.0.0.1:9071");
  s.admin_listen = {"::1", 9072};
  CHECK(admin_url_of(s) == "http://[::1]:9072");
  s.admin_public_url = "https://hub.example.com";
  CHECK(admin_url_of(s) == "https://hub.example.com");
}

} // namespace orderhub::testing
