#include "tests/providers/transport/http2_vendor.hpp"

#include "providers/transport/curl_transport.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace orderhub::testing {

namespace {
/// Debian's own, which has Debian's packages; another one before it in the path has not.
constexpr const char* python = "/usr/bin/python3";
} // namespace

http2_vendor::http2_vendor(std::string_view protocols) {
  std::string pattern = (std::filesystem::temp_directory_path() / "http2_vendor.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no directory for the certificate");
  directory_ = pattern;
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe to the server");
  std::array<std::string, 4> words = {
      "python3", ORDERHUB_SOURCE_DIR "/tests/providers/transport/http2_server.py", directory_,
      std::string(protocols)};
  std::array<char*, 5> argv = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                               nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, to[0], 0);
  posix_spawn_file_actions_adddup2(&files, from[1], 1);
  const int failed = ::posix_spawn(&pid_, python, &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  ::close(to[0]);
  ::close(from[1]);
  input_ = to[1];
  std::string line;
  for (char c = 0; failed == 0 && ::read(from[0], &c, 1) == 1 && c != '\n';)
    line.push_back(c);
  ::close(from[0]);
  if (std::from_chars(line.data(), line.data() + line.size(), port_).ec != std::errc{})
    throw std::runtime_error("http2_server.py did not start; it needs python3-h2 and openssl");
}

http2_vendor::~http2_vendor() {
  ::close(input_);
  if (pid_ > 0)
    ::waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string http2_vendor::url(std::string_view path) const {
  return "https://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::map<std::string, std::size_t> http2_vendor::log() const {
  providers::curl_transport_options options;
  options.ca_file = ca_file();
  providers::curl_transport asks(options);
  providers::wire_request request;
  request.method = "GET";
  request.url = secret(url("/log"));
  std::promise<std::string> text;
  asks.send(std::move(request), [&](providers::transport_outcome outcome) {
    text.set_value(std::move(outcome.response.body));
  });
  std::istringstream lines(text.get_future().get());
  std::map<std::string, std::size_t> counts;
  std::string name;
  for (std::size_t count = 0; lines >> name >> count;)
    counts[name] = count;
  --counts["connections_h1"]; // The one that asks.
  return counts;
}

} // namespace orderhub::testing
