#include "actors/handlers/webhooks/webhook_sweeper.hpp"

#include "actors/handlers/webhooks/swept.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "providers/stripe/list_events.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace stripe = providers::stripe;

namespace {

constexpr const char* cursor_entry = "cursor";
constexpr std::uint8_t cursor_version = 1;
constexpr std::uint8_t plan_version = 1;
constexpr std::size_t problem_max = 200;
constexpr std::int64_t second_ms = 1'000;

/// How far the events are read.
struct sweep_cursor {
  std::int64_t from_s = 0; ///< What was created before is read; 0: nothing is.
  // Of a list that is being read from the newest on; all 0 and empty: none is.
  std::int64_t until_s = 0;
  std::int64_t newest_s = 0;
  std::string after; ///< Id of the last event read.
  std::optional<invocation_id> next;
  std::string problem; ///< Why the last sweep could not ask; empty: it could.

  void end_list() {
    from_s = std::max(from_s, newest_s - sweep_overlap_s);
    until_s = newest_s = 0;
    after.clear();
  }
  [[nodiscard]] std::string encode() const {
    byte_writer w(128);
    w.u8(cursor_version);
    w.i64(from_s);
    w.i64(until_s);
    w.i64(newest_s);
    w.str16(after);
    w.str8(next ? next->text() : std::string());
    w.str8(problem);
    return w.take();
  }
  static result<sweep_cursor> decode(std::string_view bytes) {
    byte_reader r(bytes);
    sweep_cursor c;
    const auto version = r.u8();
    c.from_s = r.i64();
    c.until_s = r.i64();
    c.newest_s = r.i64();
    c.after = r.str16();
    c.next = invocation_id::parse(r.str8());
    c.problem = r.str8();
    if (version != cursor_version || !r.done())
      return fail({error_kind::corrupt, "webhook_sweeper", "the cursor cannot be read"});
    return c;
  }
};

/// What a sweep takes from the configuration, journaled.
struct sweep_plan {
  std::int64_t every_ms = 0; ///< 0: nothing is swept any more.
  std::int64_t back_ms = 0;
};

result<std::string> journaled_plan(settings_ptr s) {
  byte_writer w(24);
  w.u8(plan_version);
  w.i64(s->webhook_sweep_ms);
  w.i64(s->webhook_sweep_back_ms);
  return w.take();
}

task<result<sweep_plan>> decide_plan(context ctx, settings_ptr s) {
  auto text = co_await ctx.run("plan", &journaled_plan, std::move(s));
  if (!text)
    co_return text.failure();
  byte_reader r(*text);
  const auto version = r.u8();
  sweep_plan plan;
  plan.every_ms = r.i64();
  plan.back_ms = r.i64();
  if (version != plan_version || !r.done())
    co_return fail({error_kind::corrupt, "webhook_sweeper", "the plan cannot be read"});
  co_return plan;
}

result<std::string> written(std::string before, std::string now) {
  if (now.empty() && !before.empty())
    log::info("webhook_sweep_goes_on", {{"vendor", "stripe"}});
  else if (now != before)
    log::warn("webhook_sweep_failed", {{"vendor", "stripe"}, {"reason", now}});
  return std::string();
}

struct read_so_far {
  sweep_cursor at;
  bool has_more = false; ///< It could be read, and goes on.
};

/// Reads the list on, at most so many pages.
task<read_so_far> read_on(context ctx, settings_ptr settings, sweep_cursor at, unix_ms now) {
  const auto before = at.problem;
  at.problem.clear();
  bool has_more = true;
  for (int number = 1; number <= sweep_pages_max && has_more; ++number) {
    stripe::events_request request;
    request.ref = ctx.step("sweep", std::to_string(number));
    request.from_s = at.from_s;
    request.until_s = at.until_s;
    request.after = at.after;
    auto list = stripe::list_events(request);
    auto page = co_await ctx.effect(std::move(list));
    if (!page) {
      at.problem = cut_text(std::string_view(page.error().message), problem_max);
      break;
    }
    if (page->is_lost) { // From the top: what is known is not taken twice.
      at.after.clear();
      continue;
    }
    at.newest_s = std::max(at.newest_s, page->newest_s);
    if (!page->last_id.empty())
      at.after = page->last_id;
    has_more = page->has_more && !page->last_id.empty();
    co_await give_swept(ctx, settings, "stripe", std::move(page->events), now);
  }
  if (!has_more)
    at.end_list();
  if (at.problem != before) {
    auto told = co_await ctx.run("report", &written, before, at.problem);
    static_cast<void>(told); // It cannot fail.
  }
  has_more = has_more && at.problem.empty();
  co_return read_so_far{std::move(at), has_more};
}

handler_task sweep(context ctx, std::string body, settings_ptr settings) {
  // 1. How far it has come. One that the program begins takes the place of the one to come.
  auto recorded = co_await ctx.get(cursor_entry);
  auto cursor = recorded ? sweep_cursor::decode(*recorded) : sweep_cursor();
  if (!cursor)
    co_return cursor.failure();
  if (body == sweep_at_start && cursor->next)
    ctx.cancel(ctx.object(), *cursor->next);
  cursor->next.reset();

  // 2. As the settings say now.
  auto plan = co_await decide_plan(ctx, settings);
  if (!plan)
    co_return plan.failure();
  if (plan->every_ms <= 0) {
    ctx.set(cursor_entry, cursor->encode());
    co_return std::string("null");
  }

  // 3. A list is read to its end, and then a new one begun.
  auto time = co_await ctx.time();
  const unix_ms now = time ? std::stoll(*time) : ctx.accepted_at();
  if (cursor->until_s == 0)
    cursor->until_s = (now - std::min(plan->every_ms, sweep_grace_ms)) / second_ms;
  const auto back_ms = cursor->from_s == 0 ? std::min(plan->back_ms, stripe::events_kept_ms)
                                           : stripe::events_kept_ms;
  cursor->from_s = std::max({cursor->from_s, (now - back_ms) / second_ms, std::int64_t{0}});
  auto read = co_await read_on(ctx, settings, std::move(*cursor), now);

  // 4. The next one.
  const auto pause = read.has_more ? std::min(sweep_pause_ms, plan->every_ms) : plan->every_ms;
  read.at.next = ctx.send(ctx.object(), "Sweep", {}, pause);
  ctx.set(cursor_entry, read.at.encode());
  co_return std::string("null");
}

} // namespace

durable::service_definition webhook_sweeper_service(settings_ptr settings) {
  durable::handler_definition h;
  h.internal = true;
  h.run = [settings = std::move(settings)](context ctx, std::string body) {
    return sweep(ctx, std::move(body), settings);
  };
  durable::service_definition service;
  service.handlers.emplace("Sweep", std::move(h));
  return service;
}

} // namespace orderhub::handlers
