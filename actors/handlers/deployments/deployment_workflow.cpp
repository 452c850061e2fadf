#include "actors/handlers/deployments/deployment_workflow.hpp"

#include "actors/durable/workflow.hpp"
#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "actors/handlers/webhooks/swept.hpp"
#include "journal/base/log.hpp"
#include "providers/github/create_deployment.hpp"
#include "providers/github/read_statuses.hpp"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
using durable::task;
namespace github = providers::github;

constexpr const char* deployment_step = "deployment";

result<std::string> repository_now(settings_ptr s) {
  return s->repository;
}

result<std::string> report(std::string key, std::string status, std::string reason) {
  if (status == "succeeded")
    log::info("deployment_ended", {{"workflow", key}, {"status", status}});
  else
    log::warn("deployment_ended", {{"workflow", key}, {"status", status}, {"reason", reason}});
  return std::string();
}

/// Where it is deployed, as the settings say when the workflow begins.
task<std::string> decide_repository(context ctx, settings_ptr settings) {
  auto decided = co_await ctx.run("repository", &repository_now, settings);
  co_return decided.value_or("");
}

task<deployment_facts> known(context ctx) {
  auto recorded = co_await ctx.get("facts");
  auto facts = recorded ? deployment_facts::decode(*recorded) : deployment_facts();
  co_return facts.value_or(deployment_facts());
}

task<unix_ms> now(context ctx) {
  auto time = co_await ctx.time();
  co_return time ? std::stoll(*time) : 0;
}

void learn(context ctx, deployment_facts learned, unix_ms at) {
  learned.updated_at = at;
  ctx.merge("facts", learned.encode());
}

/// One of the vendor's ids as a number; 0 where there is none.
std::int64_t number_in(const std::vector<std::string>& ids, std::size_t index) {
  std::int64_t n = 0;
  if (index < ids.size())
    std::from_chars(ids[index].data(), ids[index].data() + ids[index].size(), n);
  return n;
}

/// GitHub has said how it ended, or that there is nothing to follow.
bool has_ended(const deployment_facts& f) {
  return !end_of(f.state).empty() || !f.reason.empty();
}

/// Waits for events until one says that it has ended, at most until then. False: cancelled.
task<bool> await_end(context ctx, unix_ms until) {
  while (true) {
    const auto facts = co_await known(ctx);
    const auto left = until - co_await now(ctx);
    if (has_ended(facts) || left <= 0)
      co_return true;
    auto event = ctx.next_event();
    auto heard = co_await event.within(left);
    if (!heard)
      co_return false;
  }
}

/// In the shop's channel for it, where there is one; what became of that nobody waits for.
void announce_end(context ctx, const deployment_wanted& wanted, const deployment_facts& facts) {
  notification n;
  n.kind = notification_kind::deployment;
  n.announce = true;
  n.reason = "of " + wanted.git_ref + " to " + wanted.environment + ": " + status_of(facts);
  if (!facts.reason.empty())
    n.reason += ", " + facts.reason;
  ctx.send(notification_object(ctx.key()), "Send", n.encode());
}

/// Nothing is changed where it has ended before: what GitHub says later is on record beside it.
task<std::string> end(context ctx, deployment_wanted wanted, std::string how, std::string why) {
  deployment_facts ended;
  ended.ended = std::move(how);
  ended.reason = std::move(why);
  const auto at = co_await now(ctx);
  learn(ctx, ended, at);
  const auto facts = co_await known(ctx);
  auto reported =
      co_await ctx.run("report_end", &report, ctx.key(), status_of(facts), facts.reason);
  static_cast<void>(reported); // It cannot fail.
  announce_end(ctx, wanted, facts);
  co_return deployment_response(ctx.key(), wanted, facts);
}

} // namespace

handler_task run_deployment(context ctx, std::string body, settings_ptr settings) {
  auto wanted = deployment_wanted::decode(body);
  if (!wanted)
    co_return wanted.failure();

  // 1. It is on record: GetStatus knows it from here on.
  deployment_facts begun;
  begun.created_at = ctx.accepted_at();
  ctx.set(durable::run_entry, ctx.invocation().text());
  ctx.set("request", body);
  learn(ctx, begun, ctx.accepted_at());

  // 2. GitHub creates the deployment: once, or refuses it.
  github::deployment_request request;
  request.ref = ctx.step("deploy");
  request.repository = co_await decide_repository(ctx, settings);
  request.git_ref = wanted->git_ref;
  request.environment = wanted->environment;
  request.for_order = wanted->order_id;
  auto creation = github::create_deployment(request);
  auto made = co_await ctx.effect(std::move(creation));
  if (!made)
    co_return co_await end(ctx, *wanted, "refused", made.error().message);
  const auto made_at = co_await now(ctx);
  deployment_facts created;
  created.deployment_id = made->id;
  created.sha = made->sha;
  learn(ctx, created, made_at);

  // 3. Its end is awaited, 10 minutes at most: a webhook tells of it, and else we ask.
  follow_up following;
  following.step = deployment_step;
  following.subject = std::to_string(made->id);
  following.since = made_at;
  co_await ask_later(ctx, settings, deployment_follower, following);
  const bool awaited = co_await await_end(ctx, made_at + deployment_time_ms);
  if (!awaited)
    co_return fail({error_kind::cancelled, "deployment", "The workflow was cancelled.", 409});

  // 4. How it ended.
  const auto facts = co_await known(ctx);
  const auto ended = end_of(facts.state);
  if (!ended.empty())
    co_return co_await end(ctx, *wanted, std::string(ended), "");
  if (!facts.reason.empty())
    co_return co_await end(ctx, *wanted, "failed", "");
  co_return co_await end(ctx, *wanted, "timed_out", "");
}

handler_task follow_deployment_once(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();

  // 1. It has ended, by a webhook or by time: nobody asks any more.
  const auto before = co_await known(ctx);
  if (has_ended(before) || !before.ended.empty()) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }

  // 2. What does GitHub say?
  github::statuses_request request;
  request.ref = ctx.step("follow_deployment", std::to_string(what->polls));
  request.repository = co_await decide_repository(ctx, settings);
  request.deployment = before.deployment_id;
  auto ask = github::read_statuses(request);
  auto status = co_await ctx.effect(std::move(ask));

  // 3. The workflow hears of what is new.
  deployment_facts learned;
  learned.updated_at = co_await now(ctx);
  if (status && status->id > before.status_id) {
    learned.status_id = status->id;
    learned.state = status->state;
    std::vector<std::string> told; // Its webhook would have brought the status here.
    co_await count_swept(ctx, settings, "github", std::move(told));
  } else if (!status && status.error().kind == error_kind::rejected) {
    learned.reason = status.error().message;
  }
  if (learned.status_id != 0 || !learned.reason.empty())
    ctx.send(ctx.object(), "RecordDeployment", learned.encode());

  // 4. Asked again later, unless it has ended or nobody waits.
  const bool is_over = learned.updated_at - what->since >= deployment_time_ms;
  if (has_ended(learned) || is_over) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }
  ++what->polls;
  what->last = !status                 ? status.error().message
               : status->state.empty() ? std::string("no status yet")
                                       : status->state;
  co_await ask_later(ctx, settings, deployment_follower, *what);
  co_return std::string("null");
}

result<durable::event_outcome> record_deployment(const journal::object_state& state,
                                                 std::string_view body) {
  auto learned = deployment_facts::decode(body);
  if (!learned)
    return learned.failure();
  if (state.value("request") == nullptr)
    return fail({error_kind::not_found, "deployment",
                 "There is no deployment workflow " + state.id.key + ".", 404});
  durable::event_outcome outcome;
  outcome.name = "deployment_status";
  outcome.merges.emplace_back("facts", std::string(body));
  return outcome;
}

result<durable::event_outcome> record_deployment_webhook(const journal::object_state& state,
                                                         std::string_view body,
                                                         const settings_ptr& settings) {
  auto routed = routed_event::decode(body);
  if (!routed)
    return routed.failure();
  const auto& e = routed->what;
  durable::event_outcome outcome;
  outcome.name = "deployment_status";
  auto verdict = event_verdict::applied;
  std::string text = "GitHub says " + (e.code.empty() ? e.type : e.code);
  const auto* recorded = state.value("facts");
  auto known = recorded != nullptr
                   ? deployment_facts::decode(*recorded)
                   : result<deployment_facts>(fail({error_kind::not_found, "deployment", ""}));
  const auto id = number_in(e.vendor_ids, 0);
  if (!known) {
    verdict = event_verdict::unmatched;
    text = "there is no deployment workflow " + state.id.key;
  } else if (known->deployment_id != 0 && known->deployment_id != id) {
    verdict = event_verdict::contradicts;
    text = "it is about deployment " + std::to_string(id) + ", the workflow's is " +
           std::to_string(known->deployment_id);
  } else {
    deployment_facts learned;
    learned.updated_at = e.at_ms;
    if (const auto status = number_in(e.vendor_ids, 1); status != 0 && !e.code.empty()) {
      learned.status_id = status;
      learned.state = e.code;
    }
    outcome.merges.emplace_back("facts", learned.encode());
    if (merge(*known, learned) == *known)
      verdict = event_verdict::unchanged;
    if (!e.about.hub.empty()) {
      outcome.evidence.push_back({e.about.step, e.about.attempt, false, {}, 0});
    }
  }
  conclude(outcome, settings, *routed, {verdict, std::move(text)});
  return outcome;
}

result<std::string> deployment_status_of(const durable::read_view& view, std::string_view) {
  const auto& state = view.state;
  const auto* request = state.value("request");
  const auto* recorded = state.value("facts");
  if (request == nullptr || recorded == nullptr)
    return fail({error_kind::not_found, "deployment",
                 "There is no deployment workflow " + state.id.key + ".", 404});
  auto wanted = deployment_wanted::decode(*request);
  if (!wanted)
    return wanted.failure();
  auto facts = deployment_facts::decode(*recorded);
  if (!facts)
    return facts.failure();
  return deployment_response(state.id.key, *wanted, *facts);
}

} // namespace orderhub::handlers
