#include "http_gateway/admin/admin_action.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

constexpr std::int64_t patience_ms = 20'000;
constexpr std::int64_t record_every_ms = 600'000;

class awaited final : public host::responder {
public:
  void accepted(std::string_view) override {}
  void finished(host::call_response reply) override {
    {
      const std::lock_guard lock(mutex_);
      reply_ = std::move(reply);
    }
    came_.notify_all();
  }
  std::optional<host::call_response> wait(const std::atomic<bool>& stopping) {
    using std::chrono::milliseconds;
    constexpr milliseconds look_every(100);
    std::unique_lock lock(mutex_);
    for (milliseconds waited(0); waited < milliseconds(patience_ms); waited += look_every)
      if (came_.wait_for(lock, look_every, [&] { return reply_.has_value(); }) || stopping)
        break;
    return reply_;
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<host::call_response> reply_;
};

class told final : public host::responder {
public:
  explicit told(std::function<void(bool)> then) : then_(std::move(then)) {}
  void accepted(std::string_view) override {}
  void finished(host::call_response reply) override {
    if (then_)
      then_(reply.status == 202);
  }

private:
  std::function<void(bool)> then_;
};

host::call_response answer_or_late(std::optional<host::call_response> reply) {
  if (reply)
    return std::move(*reply);
  host::call_response late;
  late.status = 503;
  return late;
}

} // namespace

std::string action_id_of(const admin_caller& who, std::string_view idempotency_key,
                         std::string_view target) {
  constexpr std::size_t digits = 32;
  std::string bytes;
  if (idempotency_key.empty()) {
    system_random random;
    std::array<std::uint8_t, digits / 2> drawn{};
    random.fill(drawn);
    bytes.assign(reinterpret_cast<const char*>(drawn.data()), drawn.size());
  } else {
    const auto hash =
        sha256_of(who.name + '\n' + std::string(idempotency_key) + '\n' + std::string(target));
    bytes.assign(reinterpret_cast<const char*>(hash.data()), digits / 2);
  }
  return "act_" + hex_of(bytes);
}

admin_problem role_too_low(const admin_caller& who, admin_role needed) {
  return problem_of(admin_reason::role_too_low, "That needs the role " +
                                                    std::string(name_of(needed)) + "; " + who.name +
                                                    " has " + std::string(name_of(who.role)) + '.');
}

journal::operator_payload signed_by(const admin_caller& who, const std::string& request_id) {
  journal::operator_payload p;
  p.who = who.name;
  p.via = who.via;
  p.role = name_of(who.role);
  p.on_behalf = who.on_behalf;
  p.request = request_id;
  return p;
}

host::call_response act_now(const admin_action& action, host::operator_request request) {
  const auto answer = std::make_shared<awaited>();
  action.desk.act(std::move(request), answer);
  return answer_or_late(answer->wait(action.stopping));
}

host::call_response record_now(const admin_action& action, host::ingress& calls,
                               host::call_request request) {
  const auto answer = std::make_shared<awaited>();
  calls.record(std::move(request), answer);
  return answer_or_late(answer->wait(action.stopping));
}

std::string message_of(const host::call_response& reply) {
  const auto j = nlohmann::json::parse(reply.body, nullptr, false);
  return j.is_object() && j.contains("message") && j["message"].is_string()
             ? j["message"].get<std::string>()
             : std::string();
}

bool refused_actions::may_record() {
  const auto now = time_.steady_ms();
  const std::lock_guard lock(mutex_);
  while (left_ < burst && since_ms_ + record_every_ms <= now) {
    ++left_;
    since_ms_ += record_every_ms;
  }
  if (left_ == burst)
    since_ms_ = now;
  if (left_ == 0)
    return false;
  --left_;
  return true;
}

void refused_actions::note(const admin_caller& who, std::string_view wanted,
                           std::string_view target, std::string_view outcome,
                           const std::string& request_id) {
  if (!may_record()) {
    ++not_recorded_;
    return;
  }
  record({who, std::string(wanted), std::string(target), {}, request_id, {}, {}}, outcome, {});
}

void refused_actions::accepted(done what, std::function<void(bool)> then) {
  record(std::move(what), accepted_outcome, std::move(then));
}

void refused_actions::record(done what, std::string_view came_of_it,
                             std::function<void(bool)> then) {
  constexpr std::size_t wanted_max = 64, target_max = 255, said_max = 200;
  auto action = signed_by(what.who, what.request_id);
  action.verb = journal::operator_verb::note;
  action.id = what.id.empty() ? action_id_of(what.who, {}, {}) : std::move(what.id);
  action.wanted = cut_text(std::string_view(what.wanted), wanted_max);
  action.target = cut_text(std::string_view(what.target), target_max);
  action.evidence = cut_text(std::string_view(what.evidence), said_max);
  action.outcome = std::string(came_of_it);
  action.reason = std::move(what.reason);
  desk_.act({what.about.value_or(hub_operations), {}, std::move(action)},
            std::make_shared<told>(std::move(then)));
}

} // namespace orderhub::http_gateway
