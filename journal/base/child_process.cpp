#include "journal/base/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub {

namespace {

constexpr std::int64_t after_kill_ms = 5'000;

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

/// An end of a pipe.
class pipe_end {
public:
  explicit pipe_end(int fd) : fd_(fd) {}
  ~pipe_end() { close(); }
  pipe_end(const pipe_end&) = delete;
  pipe_end& operator=(const pipe_end&) = delete;
  void close() {
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

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
result<pid_t> start(const child_process& what, int output) {
  spawn_actions files;
  posix_spawn_file_actions_addopen(&files.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files.value, output, STDOUT_FILENO);
  if (what.hears_errors)
    posix_spawn_file_actions_adddup2(&files.value, output, STDERR_FILENO);
  else
    posix_spawn_file_actions_addopen(&files.value, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A caller's connection would stay open for as long as the child has it.
  posix_spawn_file_actions_addclosefrom_np(&files.value, STDERR_FILENO + 1);
  spawn_attributes how;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how.value, &none); // Whoever waits for signals holds some back.
  posix_spawnattr_setsigdefault(&how.value, &all);
  posix_spawnattr_setpgroup(&how.value, 0);
  posix_spawnattr_setflags(
      &how.value,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  auto command = what.command;
  auto variables = what.environment.value_or(std::vector<std::string>());
  auto words = pointers_to(command), given = pointers_to(variables);
  pid_t child = -1;
  if (const int code = ::posix_spawn(&child, words[0], &files.value, &how.value, words.data(),
                                     what.environment ? given.data() : environ);
      code != 0)
    return fail({error_kind::unavailable, "child_process",
                 "'" + command.front() + "' cannot be started: " + std::strerror(code)});
  return child;
}

/// What is read of a pipe: how much, and the end of it.
class output_end {
public:
  output_end(int fd, std::size_t most) : fd_(fd), most_(most) {}
  /// False: nobody writes any more.
  bool wait(int for_ms) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, for_ms) <= 0)
      return true;
    std::array<char, 4'096> piece{};
    const auto size = ::read(fd_, piece.data(), piece.size());
    if (size <= 0)
      return size < 0 && errno == EINTR;
    written_ += static_cast<std::size_t>(size);
    text_.append(piece.data(), static_cast<std::size_t>(size));
    if (text_.size() > most_)
      text_.erase(0, text_.size() - most_);
    return true;
  }
  [[nodiscard]] std::size_t written() const { return written_; }
  std::string take() { return std::move(text_); }

private:
  int fd_;
  std::size_t most_, written_ = 0;
  std::string text_;
};

/// False while it runs.
bool has_ended(pid_t child, int& status) {
  for (;;) {
    const auto got = ::waitpid(child, &status, WNOHANG);
    if (got < 0 && errno == EINTR)
      continue;
    return got != 0;
  }
}

} // namespace

result<child_end> run_process(const child_process& what) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail({error_kind::unavailable, "child_process",
                 std::string("there is no pipe: ") + std::strerror(errno)});
  const pipe_end reads(ends[0]);
  pipe_end writes(ends[1]);
  auto child = start(what, writes.get());
  writes.close(); // So that the pipe ends with the child.
  if (!child)
    return child.failure();
  child_end end;
  output_end output(reads.get(), what.output_max);
  int status = 0;
  bool is_read = false;
  const auto is_over = [&] {
    if (!is_read)
      is_read = !output.wait(what.ask_every_ms);
    else // It has closed its output, which it seldom does before its end.
      ::poll(nullptr, 0, std::clamp(what.ask_every_ms / 10, 1, 25));
    return is_read && has_ended(*child, status);
  };
  bool was_over = false;
  while (!was_over && what.goes_on(output.written()))
    was_over = is_over();
  if (!was_over) {
    using std::chrono::steady_clock;
    end.was_ended = true;
    ::kill(-*child, SIGKILL);
    const auto until = steady_clock::now() + std::chrono::milliseconds(after_kill_ms);
    while (!was_over && steady_clock::now() < until)
      was_over = is_over();
  }
  end.output = output.take();
  constexpr int by_signal = 128;
  end.status = !was_over             ? by_signal + SIGKILL
               : WIFSIGNALED(status) ? by_signal + WTERMSIG(status)
                                     : WEXITSTATUS(status);
  return end;
}

} // namespace orderhub
