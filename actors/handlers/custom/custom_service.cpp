#include "actors/handlers/custom/custom_service.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/custom/custom_call.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "providers/custom/call.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
namespace custom = providers::custom;

custom::description_ptr find_provider(const order_settings& s, std::string_view name) {
  const auto it = std::find_if(s.custom.begin(), s.custom.end(),
                               [name](const auto& what) { return what->name == name; });
  return it == s.custom.end() ? nullptr : *it;
}

/// Those that are called after it, one a line.
result<std::string> called_after(settings_ptr s, custom::hook what) {
  std::string names;
  for (const auto& provider : s->custom)
    if (provider->is_called_after(what))
      names += provider->name + '\n';
  return names;
}

constexpr std::string_view is_gone = "gone";
constexpr std::string_view is_erased = "erased";
constexpr std::string_view is_noted = "note";
constexpr std::string_view is_cancelled_by = "cancel_order";

/// Every order has an e-mail address until it is erased.
bool would_tell_nobody(const custom::description& what, const custom::values& with) {
  const auto email = with.find("email");
  return email != with.end() && email->second.empty() &&
         (what.path.names("email") || what.path.names("phone") || what.body.names("email") ||
          what.body.names("phone"));
}

/// What is decided once: whether the provider is there, has somebody to tell, and what its refusal
/// does.
result<std::string> journaled_plan(settings_ptr s, std::string name, custom::values with) {
  const auto what = find_provider(*s, name);
  if (what == nullptr)
    return std::string(is_gone);
  if (would_tell_nobody(*what, with))
    return std::string(is_erased);
  return std::string(what->cancels_order ? is_cancelled_by : is_noted);
}

bool is_refusal(const error& why) {
  return why.kind == error_kind::rejected || why.kind == error_kind::invalid;
}

void tell_order(context ctx, const std::string& step, const std::string& became,
                const std::string& why_not) {
  order_facts told;
  told.notices[step] = became;
  if (!why_not.empty())
    told.attention[step] = why_not;
  ctx.send(order_object(ctx.key()), "RecordDeliveries", told.encode());
}

handler_task call_provider(context ctx, std::string body, settings_ptr settings) {
  auto wanted = custom_call::decode(body);
  if (!wanted)
    co_return wanted.failure();
  const auto step = wanted->step();

  // 1. It is described in the configuration, as that says when this begins.
  auto plan = co_await ctx.run("plan", &journaled_plan, settings, wanted->provider, wanted->with);
  if (!plan)
    co_return plan.failure();
  if (*plan == is_gone) {
    tell_order(ctx, step, "skipped: it is not configured any more", {});
    co_return std::string("null");
  }

  if (*plan == is_erased) {
    tell_order(ctx, step, std::string(erased_mark), {});
    co_return std::string("null");
  }

  // 2. It is called: once, as far as its policy says.
  const auto ref = ctx.step(step, std::to_string(wanted->attempt));
  auto call = custom_call_of(*settings, wanted->provider, ref, wanted->with);
  auto done = co_await ctx.effect(std::move(call));

  // 3. The order hears what became of it.
  if (done) {
    std::string became(sent_mark);
    if (!done->shown.empty())
      became += ": " + done->shown;
    tell_order(ctx, step, became, {});
    co_return std::string("null");
  }
  const auto why = done.error();
  tell_order(ctx, step, "failed: " + why.message, why.message);
  co_await report_refused_notice(ctx, settings, step, "custom_" + wanted->provider, why.message);

  // 4. One without which there is no order cancels it.
  if (*plan == is_cancelled_by && is_refusal(why))
    ctx.send(order_object(ctx.key()), "CancelOrder", {});
  co_return std::string("null");
}

} // namespace

providers::operation<custom::custom_outcome> custom_call_of(const order_settings& s,
                                                            const std::string& name,
                                                            const providers::step_ref& ref,
                                                            const custom::values& with) {
  if (const auto what = find_provider(s, name))
    return custom::call(what, ref, with);
  return custom::gone(custom::named(name), ref);
}

durable::service_definition custom_service(settings_ptr settings) {
  durable::service_definition service;
  durable::handler_definition h;
  h.mode = durable::handler_mode::shared;
  h.internal = true;
  h.run = [settings](context ctx, std::string body) {
    return call_provider(ctx, std::move(body), settings);
  };
  service.handlers.emplace("Call", std::move(h));
  return service;
}

void post_hook(const order_run& run, custom::hook what, std::uint32_t attempt) {
  if ((run.plan().hooks & static_cast<std::uint8_t>(what)) == 0)
    return;
  hook_event event;
  event.what = what;
  event.attempt = attempt;
  run.ctx().send(run.ctx().object(), "TellProviders", event.encode());
}

handler_task tell_providers(context ctx, std::string body, settings_ptr settings) {
  auto event = hook_event::decode(body);
  if (!event)
    co_return event.failure();

  // 1. What is known of the order.
  order_run run(ctx, settings);
  co_await run.look_again();
  co_await run.prepare();
  if (run.failed() || run.recorded() == nullptr)
    co_return std::string("null");
  const auto with = values_of(ctx.key(), *run.recorded(), run.facts(), *event);

  // 2. Each provider is called by an invocation of its own.
  auto names = co_await ctx.run("providers", &called_after, settings, event->what);
  if (!names)
    co_return names.failure();
  std::string_view rest = *names;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const custom_call call{std::string(rest.substr(0, end)), event->what, event->attempt, with};
    ctx.send(custom_object(ctx.key()), "Call", call.encode());
    rest.remove_prefix(end + 1);
  }
  co_return std::string("null");
}

} // namespace orderhub::handlers
