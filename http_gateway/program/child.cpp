#include "http_gateway/program/child.hpp"

#include "journal/base/text.hpp"
#include "journal/data_directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

constexpr std::size_t output_max = 4'096;
constexpr int between_questions_ms = 250;
constexpr int after_kill_tries = 20; ///< Each of a quarter of a second.

struct spawn_actions {
  spawn_actions() { posix_spawn_file_actions_init(&value); }
  ~spawn_actions() { posix_spawn_file_actions_destroy(&value); }
  spawn_actions(const spawn_actions&) = delete;
  spawn_actions& operator=(const spawn_actions&) = delete;
  posix_spawn_file_actions_t value{};
};
struct spawn_attributes {
  spawn_attributes() { posix_spawnattr_init(&value); }
  ~spawn_attributes() { posix_spawnattr_destroy(&value); }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;
  posix_spawnattr_t value{};
};

std::vector<std::string> environment_of_child() {
  std::vector<std::string> all = {std::string(ends_with_variable) + '=' +
                                  std::to_string(::getpid())};
  for (const auto* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const auto* value = std::getenv(name))
      all.push_back(std::string(name) + '=' + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// By `posix_spawn`, which shares our memory until the child is another program: a `fork` would
/// copy the tables of all our pages, and every thread would wait for that.
result<pid_t> start(std::vector<std::string> command, int output) {
  spawn_actions files;
  posix_spawn_file_actions_addopen(&files.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files.value, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files.value, output, STDERR_FILENO);
  // A caller's connection would stay open for as long as the child has it.
  posix_spawn_file_actions_addclosefrom_np(&files.value, STDERR_FILENO + 1);
  spawn_attributes how;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how.value, &none); // `stop_signals` holds some back in ours.
  posix_spawnattr_setsigdefault(&how.value, &all);
  posix_spawnattr_setpgroup(&how.value, 0);
  posix_spawnattr_setflags(
      &how.value,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  auto variables = environment_of_child();
  auto words = pointers_to(command), env = pointers_to(variables);
  pid_t child = -1;
  if (const int code =
          ::posix_spawn(&child, words[0], &files.value, &how.value, words.data(), env.data());
      code != 0)
    return fail({error_kind::unavailable, "program.child",
                 "'" + command.front() + "' cannot be started: " + std::strerror(code)});
  return child;
}

/// What is read of a pipe, its end alone.
class output_end {
public:
  explicit output_end(int fd) : fd_(fd) {}
  /// False: nobody writes any more.
  bool wait() {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, between_questions_ms) <= 0)
      return true;
    std::array<char, output_max> piece{};
    const auto size = ::read(fd_, piece.data(), piece.size());
    if (size <= 0)
      return size < 0 && errno == EINTR;
    text_.append(piece.data(), static_cast<std::size_t>(size));
    if (text_.size() > output_max)
      text_.erase(0, text_.size() - output_max);
    return true;
  }
  [[nodiscard]] std::string text() const {
    auto out = text_;
    // Cut within a character, or no text at all.
    while (!out.empty() && (static_cast<unsigned char>(out.front()) & 0xC0U) == 0x80U)
      out.erase(0, 1);
    return is_utf8(out) ? out : std::string("(what it wrote is no text)");
  }

private:
  int fd_;
  std::string text_;
};

/// Nothing while it runs.
bool has_ended(pid_t child, int& status) {
  for (;;) {
    const auto got = ::waitpid(child, &status, WNOHANG);
    if (got < 0 && errno == EINTR)
      continue;
    return got != 0;
  }
}

} // namespace

result<child_end> run_child(const std::vector<std::string>& command,
                            const std::function<bool()>& goes_on) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail({error_kind::unavailable, "program.child",
                 std::string("there is no pipe: ") + std::strerror(errno)});
  const journal::file reads(ends[0]);
  journal::file writes(ends[1]);
  auto child = start(command, writes.get());
  writes = journal::file(); // So that the pipe ends with the child.
  if (!child)
    return child.failure();
  child_end end;
  output_end output(reads.get());
  int status = 0;
  bool is_read = false, is_over = false;
  while (!is_over && goes_on()) {
    if (!is_read)
      is_read = !output.wait();
    else // It has closed its output, which it seldom does before its end.
      std::this_thread::sleep_for(std::chrono::milliseconds(between_questions_ms / 10));
    is_over = is_read && has_ended(*child, status);
  }
  if (!is_over) {
    end.was_ended = true;
    ::kill(-*child, SIGKILL);
    for (int left = after_kill_tries; left > 0 && !is_over; --left) {
      is_read = is_read || !output.wait();
      is_over = is_read && has_ended(*child, status);
    }
  }
  end.output = output.text();
  constexpr int by_signal = 128;
  end.status = !is_over              ? by_signal + SIGKILL
               : WIFSIGNALED(status) ? by_signal + WTERMSIG(status)
                                     : WEXITSTATUS(status);
  return end;
}

} // namespace orderhub::http_gateway
