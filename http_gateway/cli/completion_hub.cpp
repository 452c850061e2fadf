// What a running hub knows of what a word may become.
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/client.hpp"
#include "http_gateway/cli/completion.hpp"
#include "http_gateway/cli/contexts.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using nlohmann::json;

/// A person waits for it at a prompt.
constexpr std::int64_t answers_within_ms = 300;

/// What is given on the line counts, as it would when the line runs.
std::string given_as(std::span<const std::string> words, std::string_view option) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == option && i + 1 < words.size())
      return words[i + 1];
    if (words[i].starts_with(option) && words[i].size() > option.size() &&
        words[i][option.size()] == '=')
      return words[i].substr(option.size() + 1);
  }
  return {};
}

/// Members of a list that begin so.
std::vector<candidate> members(const result<client_answer>& answer, const char* list,
                               const char* name, const char* help, std::string_view begin) {
  std::vector<candidate> found;
  if (!answer || answer->status != 200)
    return found;
  const auto body = json::parse(answer->body, nullptr, false);
  if (!body.is_object() || !body.contains(list) || !body[list].is_array())
    return found;
  for (const auto& one : body[list]) {
    const auto text_of = [&](const char* member) {
      return one.is_object() && one.contains(member) && one[member].is_string()
                 ? one[member].get<std::string>()
                 : std::string();
    };
    if (const auto text = text_of(name); !text.empty() && text.starts_with(begin))
      found.push_back({text, text_of(help)});
  }
  return found;
}

} // namespace

asks_hub asks_running_hub(std::span<const std::string> words,
                          const environment_reader& environment) {
  if (!words.empty() && words.front() == "context") // Its own file knows.
    return [environment](std::string_view path, std::string_view positional, std::string_view) {
      std::vector<candidate> found;
      const auto file = read_contexts(environment);
      if (file && positional == "NAME" && path.ends_with(" use"))
        for (const auto& c : file->all)
          found.push_back({c.name, c.server});
      return found;
    };
  auto url = given_as(words, "--server");
  if (url.empty())
    url = given_as(words, "--url");
  // Nobody's password manager is to open because of a key that was typed.
  auto address = admin_address_of(url, given_as(words, "--token-file"), environment, 0);
  if (!address)
    return {};
  client hub(std::move(address->url), std::move(address->token), std::move(address->socket),
             answers_within_ms);
  return [hub = std::move(hub)](std::string_view path, std::string_view positional,
                                std::string_view begin) -> std::vector<candidate> {
    if (positional == "KEY" || positional == "ORDER" || positional == "--order" ||
        positional == "--target")
      return members(hub.get("/admin/orders?limit=50&key_prefix=" + percent_encoded(begin)),
                     "orders", "key", "status", begin);
    if ((positional == "NAME" && path.find(" vendors ") != std::string_view::npos) ||
        positional == "--vendor")
      return members(hub.get("/admin/vendors"), "vendors", "name", "state", begin);
    if (positional == "ID" && path.find(" webhooks ") != std::string_view::npos)
      return members(hub.get("/admin/webhooks?limit=50"), "webhooks", "id", "type", begin);
    return {};
  };
}

} // namespace orderhub::http_gateway::cli
