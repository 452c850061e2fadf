// What a context's token is: its file, or what a command prints.
#include "http_gateway/cli/contexts.hpp"
#include "journal/base/child_process.hpp"
#include "journal/base/text.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <sys/stat.h>

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

/// Standard error goes nowhere, as the output: either may hold the token.
result<secret> token_by(const hub_context& c, std::int64_t within_ms) {
  using steady = std::chrono::steady_clock;
  const auto what = "token_command of the context " + c.name;
  const auto until = steady::now() + std::chrono::milliseconds(within_ms);
  bool is_too_long = false;
  child_process shell;
  shell.command = {"/bin/sh", "-c", c.token_command};
  shell.hears_errors = false;
  shell.output_max = token_size_max + 2;
  shell.ask_every_ms = 20;
  shell.goes_on = [&](std::size_t written) {
    is_too_long = written > shell.output_max;
    return !is_too_long && steady::now() < until;
  };
  auto end = run_process(shell);
  if (!end)
    return wrong(what + " cannot be run: " + end.error().message);
  if (is_too_long)
    return wrong(what + " prints more than a token of 4096 bytes");
  if (end->was_ended)
    return wrong(what + " has not ended within " + std::to_string(within_ms) + " ms");
  constexpr int by_signal = 128;
  if (end->status != 0)
    return wrong(what + " has failed, " +
                 (end->status > by_signal ? "by signal " + std::to_string(end->status - by_signal)
                                          : "with exit status " + std::to_string(end->status)) +
                 "; run it by hand to see why");
  auto token = only_line(std::move(end->output));
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
