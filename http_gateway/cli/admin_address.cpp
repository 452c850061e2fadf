// Where the hub is, and its token.
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/contexts.hpp"
#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::string_view built_in_url = "http://127.0.0.1:9070";
constexpr std::string_view by_socket = "unix:";

std::string text_of(const environment_reader& environment, const char* name) {
  const auto* value = environment(name);
  return value != nullptr ? value : "";
}

tl::unexpected<error> wrong(std::string message) {
  return fail({error_kind::invalid, "cli", std::move(message)});
}

/// A token is not sent over a network in the clear.
bool is_safe(std::string_view url) {
  if (starts_with_ignoring_case(url, "https://"))
    return true;
  constexpr std::string_view plain = "http://";
  if (!starts_with_ignoring_case(url, plain))
    return false;
  const auto rest = url.substr(plain.size());
  return rest.find('@') == std::string_view::npos &&
         is_loopback_host(rest.substr(0, rest.find('/')));
}

/// Of a hub that is configured in this very environment: where it listens.
std::string url_of_listen(std::string listen) {
  for (const auto& [any, loopback] :
       {std::pair<std::string_view, std::string_view>{"0.0.0.0:", "127.0.0.1:"},
        {"[::]:", "[::1]:"}})
    if (listen.starts_with(any))
      listen.replace(0, any.size(), loopback);
  return listen.empty() ? std::string(built_in_url) : "http://" + listen;
}

bool is_listened_at(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path)
    return false;
  path.copy(to.sun_path, path.size());
  const auto probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0)
    return false;
  const bool is_there =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EAGAIN;
  ::close(probe);
  return is_there;
}

/// Of the sockets where a hub may be, one at which it listens and lets us in; else empty. A
/// relative path that nobody has named is none of them: it would be another hub in every directory.
std::string url_of_socket(const environment_reader& environment) {
  std::vector<std::string> places;
  auto named = text_of(environment, "ORDERHUB_ADMIN_SOCKET");
  if (named == "off")
    return {};
  if (!named.empty())
    places.push_back(std::move(named));
  else if (const auto data = text_of(environment, "ORDERHUB_DATA_DIR"); !data.empty())
    places.push_back(data + "/admin.sock");
  if (text_of(environment, "ORDERHUB_ADMIN_LISTEN").empty())
    places.emplace_back("/run/orderhub/admin.sock");
  for (const auto& place : places)
    if (is_listened_at(place))
      return std::string(by_socket) + place;
  return {};
}

result<secret> token_in(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return wrong("the token's file " + path + " cannot be read");
  std::string token((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
    token.pop_back();
  if (token.empty() || has_control_character(token))
    return wrong("the token's file " + path + " must have the token as its only line");
  return secret(std::move(token));
}

/// What is said on the line or in the environment; empty: nothing is.
std::string said_url(const std::string& url_flag, const environment_reader& environment) {
  if (!url_flag.empty())
    return url_flag;
  auto url = text_of(environment, "ORDERHUB_ADMIN");
  return url.empty() ? text_of(environment, "ORDERHUB_ADMIN_URL") : url;
}

/// The one in use, where nothing else says where the hub is.
result<std::optional<hub_context>> context_in_use(const environment_reader& environment) {
  const auto file = read_contexts(environment);
  if (!file)
    return file.failure();
  const auto* context = file->find(file->in_use);
  return context != nullptr ? std::optional(*context) : std::nullopt;
}

/// Blank: nothing says what it is.
result<secret> token_said(const std::string& file_flag, const environment_reader& environment) {
  auto file = file_flag;
  if (file.empty()) {
    auto token = text_of(environment, "ORDERHUB_ADMIN_TOKEN");
    if (has_control_character(token))
      return wrong("ORDERHUB_ADMIN_TOKEN must be one line");
    if (!token.empty())
      return secret(std::move(token));
    file = text_of(environment, "ORDERHUB_ADMIN_TOKEN_FILE");
  }
  return file.empty() ? secret() : token_in(file);
}

/// A context's is shown to its server alone.
result<secret> token_for(const std::optional<hub_context>& context, const std::string& file_flag,
                         const environment_reader& environment, std::int64_t command_ms) {
  auto said = token_said(file_flag, environment);
  if (!said || !said->empty() || !context)
    return said;
  if (command_ms <= 0 && !context->token_command.empty())
    return wrong("the context " + context->name + " has a token_command, which is not run here");
  return token_of(*context, command_ms);
}

} // namespace

result<admin_address> admin_address_of(const std::string& url_flag, const std::string& token_file,
                                       const environment_reader& environment,
                                       std::int64_t token_command_ms) {
  admin_address address;
  address.url = said_url(url_flag, environment);
  std::optional<hub_context> context;
  if (address.url.empty()) {
    auto used = context_in_use(environment);
    if (!used)
      return used.failure();
    context = std::move(*used);
    if (context)
      address.url = context->server;
  }
  if (address.url.empty() && token_file.empty() &&
      text_of(environment, "ORDERHUB_ADMIN_TOKEN").empty() &&
      text_of(environment, "ORDERHUB_ADMIN_TOKEN_FILE").empty())
    address.url = url_of_socket(environment);
  if (address.url.starts_with(by_socket)) {
    address.socket = address.url.substr(by_socket.size());
    if (address.socket.empty() || address.socket.size() >= sizeof(sockaddr_un::sun_path))
      return wrong("unix: must be followed by the path of the hub's socket, of at most 107 bytes");
    address.url = "http://localhost"; // The kernel says who asks: no token is sent.
    return address;
  }
  if (address.url.empty())
    address.url = url_of_listen(text_of(environment, "ORDERHUB_ADMIN_LISTEN"));
  while (address.url.ends_with('/'))
    address.url.pop_back();
  if (!is_safe(address.url))
    return wrong("the hub's URL must be https://…, or http:// to a loopback host; for another "
                 "machine use a tunnel: ssh -L 9070:127.0.0.1:9070 HOST");
  auto token = token_for(context, token_file, environment, token_command_ms);
  if (!token)
    return token.failure();
  address.token = std::move(*token);
  return address;
}

} // namespace orderhub::http_gateway::cli
