#include "http_gateway/cli/answer.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/shown.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <cstdint>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

std::variant<std::string, int> body_of(const result<client_answer>& answer, std::ostream& err,
                                       std::string (*option_of)(std::string_view)) {
  if (!answer) {
    err << "orderhub: the hub is not reached: " << answer.error().message << '\n';
    return not_reached;
  }
  if (answer->status != 200 && answer->status != 202) {
    err << "orderhub: " << shown_problem(answer->body, option_of) << '\n';
    return exit_status_of(answer->status);
  }
  return answer->body;
}

int print(const std::variant<std::string, int>& body, bool wants_json, show shown,
          std::ostream& out) {
  if (const auto* status = std::get_if<int>(&body))
    return *status;
  const auto& text = std::get<std::string>(body);
  out << (wants_json ? text + '\n' : shown(text));
  return done;
}

int print(const result<client_answer>& answer, bool wants_json, show shown, std::ostream& out,
          std::ostream& err) {
  return print(body_of(answer, err), wants_json, shown, out);
}

std::string mode_of(const client& hub) {
  const auto root = hub.get("/admin");
  if (!root || root->status != 200)
    return {};
  const auto j = nlohmann::json::parse(root->body, nullptr, false);
  return j.is_object() && j.contains("mode") && j["mode"].is_string() ? j["mode"].get<std::string>()
                                                                      : std::string();
}

std::string new_action_key() {
  system_random random;
  std::array<std::uint8_t, 16> drawn{};
  random.fill(drawn);
  return "cli-" + hex_of(drawn);
}

} // namespace orderhub::http_gateway::cli
