#include "http_gateway/cli/webhook_forward.hpp"

#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "journal/base/secret.hpp"
#include "journal/base/text.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::int64_t answers_within_ms = 10'000;
constexpr auto first_pause = std::chrono::seconds(1); ///< Twice as long after that.

/// As the hub shows them; what cannot be a header is left out.
std::vector<std::string> header_lines(const json& webhook) {
  std::vector<std::string> lines;
  if (!webhook.is_object() || !webhook.contains("headers") || !webhook["headers"].is_array())
    return lines;
  for (const auto& h : webhook["headers"]) {
    if (!h.is_object() || !h.value("name", json()).is_string() ||
        !h.value("value", json()).is_string())
      continue;
    const auto name = h["name"].get<std::string>(), value = h["value"].get<std::string>();
    if (!name.empty() && !value.empty() && !has_control_character(name) &&
        !has_control_character(value))
      lines.push_back(name + ": " + value);
  }
  return lines;
}

/// Nothing: there is none any more, or there never was.
std::optional<std::string> body_in(const json& page) {
  if (!page.is_object())
    return std::nullopt;
  if (const auto text = page.value("text", json()); text.is_string())
    return text.get<std::string>();
  std::string bytes;
  if (const auto encoded = page.value("base64url", json());
      encoded.is_string() && from_base64url(encoded.get<std::string>(), bytes))
    return bytes;
  return std::nullopt;
}

bool is_worth_asking_again(const result<client_answer>& answer) {
  constexpr int too_many = 429;
  return !answer || answer->status == too_many || answer->status >= 500;
}

} // namespace

webhook_forward::webhook_forward(const client& hub, const std::string& url, bool as_lines,
                                 std::ostream& out, std::ostream& err)
    : hub_(hub), to_(url, secret(), {}, answers_within_ms), as_lines_(as_lines), out_(out),
      err_(err) {}

void webhook_forward::add(const std::string& id, std::uint64_t replays) {
  if (waiting_.size() < waiting_max) {
    waiting_.push_back({id, replays});
    return;
  }
  if (++dropped_ == 1)
    err_ << "orderhub: " << waiting_max << " events wait for the hub; further ones are not "
         << "forwarded\n";
}

exit_status webhook_forward::give_all() {
  while (!waiting_.empty()) {
    switch (give(waiting_.front())) {
    case given::hub_is_away:
      return done; // Whoever follows it says so, and comes again.
    case given::not_allowed:
      return not_allowed;
    case given::told:
      waiting_.pop_front();
    }
  }
  dropped_ = 0;
  return done;
}

webhook_forward::given webhook_forward::give(const waiting& one) {
  const auto path = "/admin/webhooks/" + percent_encoded(one.id);
  const auto about = hub_.get(path);
  const auto body = about ? hub_.get(path + "/body") : about;
  if (!about || !body)
    return given::hub_is_away;
  if (exit_status_of(body->status) == not_allowed) {
    err_ << "orderhub: bodies are not shown to you, so nothing is forwarded: "
         << shown_problem(body->body) << '\n';
    return given::not_allowed;
  }
  if (body->status >= 500) {
    say(one.id, 0, 0, "the hub cannot show it: " + shown_problem(body->body));
    return given::told;
  }
  const auto bytes = body_in(json::parse(body->body, nullptr, false));
  if (!bytes) {
    say(one.id, 0, 0, "the hub has no body of it: it came in a batch, or is not kept any more");
    return given::told;
  }
  auto lines = header_lines(json::parse(about->body, nullptr, false));
  lines.push_back("x-orderhub-webhook: " + percent_encoded(one.id));
  if (one.replays > 0)
    lines.push_back("x-orderhub-replay: " + std::to_string(one.replays));
  auto pause = first_pause;
  for (int tries = 1;; ++tries) {
    const auto answer = to_.pass_on({}, *bytes, lines);
    if (tries == tries_max || !is_worth_asking_again(answer)) {
      say(one.id, answer ? answer->status : 0, tries, answer ? "" : answer.error().message);
      return given::told;
    }
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

void webhook_forward::say(const std::string& id, int status, int tries,
                          const std::string& why) const {
  const bool is_taken = status >= 200 && status < 300;
  if (as_lines_)
    out_ << json{{"event", "forwarded"},
                 {"id", id},
                 {"taken", is_taken},
                 {"status", status == 0 ? json(nullptr) : json(status)},
                 {"tries", tries}}
                .dump(-1, ' ', false, json::error_handler_t::replace)
         << '\n';
  else if (is_taken)
    out_ << "forwarded  " << safe_text(id) << "  " << status << '\n';
  out_ << std::flush;
  if (!is_taken)
    err_ << "orderhub: " << safe_text(id) << " was not forwarded: "
         << (why.empty() ? "it was answered " + std::to_string(status) : safe_text(why))
         << (tries > 1 ? ", " + std::to_string(tries) + " times" : std::string()) << '\n';
}

} // namespace orderhub::http_gateway::cli
