// What a context's token is: its file, or what a command prints.
#include "http_gateway/cli/contexts.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::size_t token_size_max = 4'096;

tl::unexpected<error> wrong(std::string message) {
  return fail({error_kind::invalid, "cli", std::move(message)});
}

/// Its only line; nothing where it is none.
std::optional<secret> only_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  if (text.empty() || text.size() > token_size_max || has_control_character(text))
    return std::nullopt;
  return secret(std::move(text));
}

result<secret> token_in(const hub_context& c) {
  const auto where = "the token's file " + c.token_file + " of the context " + c.name;
  struct stat about{};
  if (::stat(c.token_file.c_str(), &about) != 0)
    return wrong(where + " cannot be read: " + std::strerror(errno));
  if (!S_ISREG(about.st_mode) || (about.st_mode & 077) != 0)
    return wrong(where + " may be read by others than its owner: chmod 600");
  std::ifstream in(c.token_file, std::ios::binary);
  std::string text(token_size_max + 2, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad())
    return wrong(where + " cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto token = only_line(std::move(text));
  if (!token)
    return wrong(where + " must have the token as its only line");
  return std::move(*token);
}

/// Does not return. Standard error goes nowhere, as the output: either may hold the token.
[[noreturn]] void become(const std::string& line, int output) {
  constexpr int cannot = 127;
  ::setpgid(0, 0);
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0 || ::dup2(nowhere, STDIN_FILENO) < 0 || ::dup2(nowhere, STDERR_FILENO) < 0 ||
      ::dup2(output, STDOUT_FILENO) < 0)
    ::_exit(cannot);
  ::execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
  ::_exit(cannot);
}

using steady = std::chrono::steady_clock;

int ms_until(steady::time_point end) {
  return static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(end - steady::now()).count());
}

enum class reading : std::uint8_t { whole, too_late, too_long };

/// Up to its end, where nobody has it open any more.
reading read_all(int from, steady::time_point until, std::string& text) {
  std::array<char, 1'024> piece{};
  for (;;) {
    const int left = ms_until(until);
    if (left <= 0)
      return reading::too_late;
    pollfd wait{from, POLLIN, 0};
    const int ready = ::poll(&wait, 1, left);
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return reading::too_late;
    const auto size = ::read(from, piece.data(), piece.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return reading::whole;
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > token_size_max + 2)
      return reading::too_long;
  }
}

/// One that closes its output and goes on is no longer waited for either. False: it is too late.
bool has_ended(pid_t child, steady::time_point until, int& status) {
  constexpr int pause_ms = 5;
  for (;;) {
    const auto ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child)
      return true;
    if ((ended < 0 && errno != EINTR) || ms_until(until) <= 0)
      return false;
    ::poll(nullptr, 0, pause_ms);
  }
}

result<secret> token_by(const hub_context& c, std::int64_t within_ms) {
  const auto what = "token_command of the context " + c.name;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return wrong(what + " cannot be run: " + std::strerror(errno));
  const auto child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return wrong(what + " cannot be run: " + std::strerror(errno));
  }
  if (child == 0)
    become(c.token_command, ends[1]);
  ::setpgid(child, child); // Whoever is first; a group that is there can be ended.
  ::close(ends[1]);
  const auto until = steady::now() + std::chrono::milliseconds(within_ms);
  std::string text;
  auto read = read_all(ends[0], until, text);
  ::close(ends[0]);
  int status = 0;
  if (read == reading::whole && !has_ended(child, until, status))
    read = reading::too_late;
  if (read != reading::whole) {
    ::kill(-child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (read == reading::too_late)
    return wrong(what + " has not ended within " + std::to_string(within_ms) + " ms");
  if (read == reading::too_long)
    return wrong(what + " prints more than a token of 4096 bytes");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return wrong(what + " has failed, " +
                 (WIFEXITED(status) ? "with exit status " + std::to_string(WEXITSTATUS(status))
                                    : "by signal " + std::to_string(WTERMSIG(status))) +
                 "; run it by hand to see why");
  auto token = only_line(std::move(text));
  if (!token)
    return wrong(what + " must print the token as its only line");
  return std::move(*token);
}

} // namespace

result<secret> token_of(const hub_context& context, std::int64_t within_ms) {
  if (!context.token_file.empty())
    return token_in(context);
  if (!context.token_command.empty())
    return token_by(context, within_ms);
  return secret();
}

} // namespace orderhub::http_gateway::cli
