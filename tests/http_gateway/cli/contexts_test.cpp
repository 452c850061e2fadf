#include "http_gateway/cli/contexts.hpp"
#include "tests/support/catch2.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include <sys/stat.h>

// Hubs by name, in a file of whoever types.
namespace orderhub::testing {

using namespace http_gateway;

namespace {

/// A home with a file of contexts.
class home {
public:
  home() {
    char name[] = "/tmp/orderhub-contexts-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder_ = name;
    std::filesystem::create_directories(folder_ + "/.config/orderhub");
  }
  ~home() { std::filesystem::remove_all(folder_); }
  home(const home&) = delete;
  home& operator=(const home&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/.config/orderhub/cli.toml"; }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    const auto to = name.empty() ? path() : folder_ + '/' + name;
    std::ofstream(to) << text;
    REQUIRE(::chmod(to.c_str(), mode) == 0);
    return to;
  }
  [[nodiscard]] std::string text() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] cli::environment_reader environment() const {
    return [this](const char* name) -> const char* {
      return std::string(name) == "HOME" ? folder_.c_str() : nullptr;
    };
  }

private:
  std::string folder_;
};

constexpr const char* two = "# Mine, with a comment.\n\n"
                            "[context.live] # the shop\nserver = \"https://hub.example.com\"\n"
                            "[context.here]\nserver = \"unix:/run/orderhub/admin.sock\"\n";

} // namespace

TEST_CASE("a context is used from now on, and the file is the same otherwise", "[cli]") {
  const home h;
  CHECK(cli::read_contexts(h.environment())->all.empty()); // There is no file.
  CHECK(cli::use_context(h.environment(), "live").error().kind == error_kind::not_found);
  CHECK(h.text().empty());
  static_cast<void>(h.write("", two));
  REQUIRE(cli::use_context(h.environment(), "live"));
  CHECK(h.text() == "use = \"live\"\n" + std::string(two));
  REQUIRE(cli::use_context(h.environment(), "here"));
  CHECK(h.text() == "use = \"here\"\n" + std::string(two));
  CHECK_FALSE(cli::use_context(h.environment(), "other"));
  const auto file = cli::read_contexts(h.environment());
  REQUIRE(file);
  CHECK(file->in_use == "here");
  CHECK(file->find("live")->server == "https://hub.example.com");
  REQUIRE(cli::use_context(h.environment(), ""));
  CHECK(h.text() == two);
  CHECK(cli::admin_address_of("", "", h.environment())->socket.empty());
  REQUIRE(cli::use_context(h.environment(), "here"));
  CHECK(cli::admin_address_of("", "", h.environment())->socket == "/run/orderhub/admin.sock");
  CHECK(cli::admin_address_of("https://x", "", h.environment())->url == "https://x");
}

TEST_CASE("a token is had from a file of its owner's or from a command, within bounds", "[cli]") {
  const home h;
  cli::hub_context c{"c", "https://hub.example.com", {}, {}};
  CHECK(cli::token_of(c)->empty());
  c.token_file = h.write("token", "abc\n");
  CHECK(cli::token_of(c)->reveal() == "abc");
  for (const auto& [text, mode] :
       {std::pair("abc\n", 0640U), std::pair("a\nb\n", 0600U), std::pair("", 0600U)}) {
    c.token_file = h.write("token", text, mode);
    CHECK_FALSE(cli::token_of(c));
  }
  c.token_file = {};
  c.token_command = "printf 'abc\\r\\n'";
  CHECK(cli::token_of(c)->reveal() == "abc");
  for (const char* line : {"exit 1", "printf 'hush\\nhush'", "echo hush; exit 3", "kill -9 $$",
                           "yes hush", "nosuchprogram-hush"}) {
    c.token_command = line;
    CAPTURE(line);
    const auto token = cli::token_of(c);
    REQUIRE_FALSE(token);
    CHECK(token.error().message.find("hush") == std::string::npos);
  }
  // Neither one that prints and stays, nor one that closes its output and stays.
  for (const char* line : {"echo hush; sleep 60", "exec >&-; sleep 60"}) {
    c.token_command = line;
    CHECK(cli::token_of(c, 50).error().message.find("has not ended within 50 ms") !=
          std::string::npos);
  }
}

TEST_CASE("a list of contexts says which is used, and shows no token", "[cli]") {
  const home h;
  const auto list = [&](bool as_json) {
    std::ostringstream out, err;
    CHECK(cli::list_contexts(h.environment(), as_json, out, err) == cli::done);
    return out.str();
  };
  CHECK(list(false).empty());
  static_cast<void>(
      h.write("", "use = \"live\"\n" + std::string(two) + "token_command = \"pass x\"\n"));
  // A socket needs none, and may have one said all the same.
  CHECK(list(false) == "USED  NAME  SERVER                         TOKEN\n"
                       "-     here  unix:/run/orderhub/admin.sock  command\n"
                       "*     live  https://hub.example.com        none\n");
  CHECK(list(true).find("pass x") == std::string::npos);
}

} // namespace orderhub::testing
