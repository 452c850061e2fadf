#include "http_gateway/server/local_socket.hpp"
#include "http_gateway/server/server.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;
using orderhub::testing::get;
using orderhub::testing::raw_client;

namespace {

struct folder {
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "orderhub-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path / name; }
  std::filesystem::path path;
};

/// Says whom the kernel names.
class naming_handler final : public request_handler {
public:
  void handle(http_exchange_ptr exchange) override {
    http_response r;
    const auto who = exchange->peer_at_socket();
    r.body = who ? std::to_string(who->uid) + ' ' + std::to_string(who->gid) : exchange->peer();
    exchange->answer(std::move(r));
  }
};

/// The file of a process that was killed.
void leave_behind(const std::string& path) {
  const auto fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  ::close(fd);
}

} // namespace

TEST_CASE("a server answers at its Unix socket too, and knows who asks there", "[http][socket]") {
  const folder f;
  auto socket = local_socket::listen(f / "admin.sock");
  REQUIRE(socket);
  naming_handler handler;
  server_options options;
  options.local_listener = socket->fd();
  auto web = server::start(options, handler);
  REQUIRE(web);
  for (int n = 0; n < 2; ++n) {
    raw_client c(f / "admin.sock");
    REQUIRE(c.send(get("/who")));
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->body == std::to_string(::getuid()) + ' ' + std::to_string(::getgid()));
  }
  raw_client by_port((*web)->port());
  REQUIRE(by_port.send(get("/who")));
  CHECK(by_port.read()->body == "127.0.0.1");
}

TEST_CASE("the file is its owner's and its group's, and goes with the socket", "[http][socket]") {
  const folder f;
  const auto path = f / "admin.sock";
  for (const mode_t mask : {0077, 0022, 0000}) {
    const auto before = ::umask(mask);
    auto socket = local_socket::listen(path);
    ::umask(before);
    REQUIRE(socket);
    struct stat there{};
    REQUIRE(::lstat(path.c_str(), &there) == 0);
    CHECK((there.st_mode & 07777) == 0660);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("what a killed process left is replaced, what others have is not", "[http][socket]") {
  const folder f;
  const auto path = f / "admin.sock";
  leave_behind(path);
  {
    auto socket = local_socket::listen(path);
    REQUIRE(socket);
    const auto second = local_socket::listen(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == error_kind::unavailable);
    CHECK(second.error().message.find("another process listens") != std::string::npos);
    CHECK(std::filesystem::exists(path));
    // Moved away and made by somebody else: that one is not removed.
    std::filesystem::rename(path, f / "old.sock");
    leave_behind(path);
  }
  CHECK(std::filesystem::exists(path));
  std::ofstream(f / "file") << "text";
  CHECK(local_socket::listen(f / "file").error().kind == error_kind::invalid);
  CHECK(std::filesystem::file_size(f / "file") == 4);
}

TEST_CASE("a path that takes no socket is refused with its reason", "[http][socket]") {
  const folder f;
  CHECK(local_socket::listen(f / std::string(120, 'x')).error().kind == error_kind::invalid);
  CHECK(local_socket::listen(f / "none/admin.sock").error().kind == error_kind::rejected);
}
