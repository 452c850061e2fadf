#include "http_gateway/program/commands.hpp"
#include "http_gateway/settings/admin_tokens.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"
#include "journal/base/time.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

int refused(const std::string& why) {
  std::cerr << "orderhub token: " << why << '\n';
  return 2;
}

/// Adds at the end; a new file is its owner's alone.
bool append(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return false;
  const auto written = ::write(file, text.data(), text.size());
  const bool is_whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  return ::close(file) == 0 && is_whole;
}

int new_token(const token_command& command) {
  if (!is_token_name(command.name))
    return refused("--name must be 1 to 60 letters, digits, dots, dashes, underscores or @.");
  if (!is_admin_role(command.role))
    return refused("--role must be read, operate or admin.");
  if (std::filesystem::exists(command.path)) {
    const auto rows = read_admin_tokens(command.path);
    if (!rows)
      return refused(rows.error().message);
    if (std::any_of(rows->begin(), rows->end(),
                    [&](const auto& row) { return row.name == command.name; }))
      return refused(command.path + " has a token \"" + command.name + "\" already.");
  }
  system_random random;
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  const auto token = "oht_" + hex_of(bytes);
  admin_token_row row;
  row.name = command.name;
  row.role = command.role;
  row.sha256 = sha256_of(token);
  row.on_behalf = command.on_behalf;
  constexpr std::int64_t day_ms = 86'400'000;
  if (command.days > 0)
    row.expires_at = system_clock().wall_ms() + command.days * day_ms;
  if (!append(command.path, text_of(row)))
    return refused(command.path + " cannot be written: " + std::strerror(errno) + '.');
  // The token is seen here, and nowhere again.
  std::cout << token << std::endl;
  std::cerr << "orderhub token: " << command.path << " has the token's digest; the hub reads it at "
            << "its start and on SIGHUP. The token is shown only now.\n";
  return 0;
}

int list_tokens(const token_command& command) {
  const auto rows = read_admin_tokens(command.path);
  if (!rows)
    return refused(rows.error().message);
  const auto now = system_clock().wall_ms();
  for (const auto& row : *rows) {
    std::cout << row.name << '\t' << row.role << '\t'
              << (row.expires_at == 0 ? std::string("never") : utc_text(row.expires_at));
    if (row.expires_at > 0 && row.expires_at <= now)
      std::cout << " (expired)";
    std::cout << (row.on_behalf ? "\ton behalf" : "") << '\n';
  }
  return 0;
}

} // namespace

int run_token(const token_command& command) {
  if (command.path.empty())
    return refused("say --file FILE, or set ORDERHUB_ADMIN_TOKENS.");
  return command.is_new ? new_token(command) : list_tokens(command);
}

} // namespace orderhub::http_gateway
