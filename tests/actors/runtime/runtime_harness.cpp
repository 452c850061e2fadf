#include "tests/actors/runtime/runtime_harness.hpp"

#include "actors/runtime/gateway.hpp"
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"
#include "actors/runtime/provider.hpp"
#include "actors/runtime/shard.hpp"
#include "actors/runtime/timers.hpp"
#include "actors/runtime/vendor_line.hpp"
#include "journal/base/hash.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <caf/scheduler/test_coordinator.hpp>

namespace orderhub::testing {

using durable::context;
using durable::handler_task;

namespace {

handler_task work(context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("work"), body));
  if (!done)
    co_return done.failure();
  ctx.set("v", body);
  co_return done->text;
}
handler_task beside(context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("beside"), body));
  if (!done)
    co_return done.failure();
  co_return done->text;
}
handler_task count(context ctx, std::string body) {
  auto n = co_await ctx.get("n");
  auto done = co_await ctx.effect(shop_call(ctx.step("count"), body));
  if (!done)
    co_return done.failure();
  auto next = std::to_string(std::stoi(n.value_or("0")) + 1);
  ctx.set("n", next);
  co_return next;
}
handler_task sleeper(context ctx, std::string body) {
  auto slept = co_await ctx.sleep(std::stoll(body));
  if (!slept)
    co_return slept.failure();
  ctx.set("v", "woke");
  co_return std::string("woke");
}
handler_task naps(context ctx, std::string /*body*/) {
  auto first = co_await ctx.sleep(20);
  auto second = co_await ctx.sleep(20);
  if (!first || !second)
    co_return std::string("disturbed");
  co_return std::string("rested");
}
handler_task promise(context ctx, std::string /*body*/) {
  auto p = ctx.awakeable();
  ctx.set("v", p.id);
  auto value = co_await p.value;
  if (!value)
    co_return std::string("!") + name_of(value.error().kind) + ": " + value.error().message;
  co_return *value;
}
handler_task ask(context ctx, std::string target) {
  auto answer = co_await ctx.call({"S", target}, "work", "asked by " + ctx.key());
  if (!answer)
    co_return answer.failure();
  co_return *answer;
}
handler_task tell(context ctx, std::string body) {
  const auto colon = body.find(':');
  ctx.send({"S", body.substr(0, colon)}, "work", "told", std::stoll(body.substr(colon + 1)));
  co_return std::string("sent");
}
result<std::string> peek(const durable::read_view& view, std::string_view /*body*/) {
  const auto* v = view.state.value("v");
  return v != nullptr ? *v : std::string("nothing");
}

/// The journal, with a place for a test to act in the middle of a question.
class watched_journal final : public journal::hub_journal {
public:
  watched_journal(std::unique_ptr<hub_journal> inner, runtime_harness& bench)
      : inner_(std::move(inner)), bench_(bench), hook_(bench.within_find_invocation) {}
  const hub_id& hub() const override { return inner_->hub(); }
  unix_ms last_time() const override { return inner_->last_time(); }
  journal_stamp last_stamp() const override { return inner_->last_stamp(); }
  bool set_aside(const object_id& id) const override { return inner_->set_aside(id); }
  result<journal::object_state> load(const object_id& id) const override {
    if (bench_.on_load)
      bench_.on_load(id);
    return inner_->load(id);
  }
  result<bool> knows_invocation(const invocation_id& id) const override {
    return inner_->knows_invocation(id);
  }
  result<std::optional<journal::invocation_row>>
  find_invocation(const invocation_id& id) const override {
    auto row = inner_->find_invocation(id);
    if (auto hook = std::exchange(hook_, nullptr))
      hook();
    return row;
  }
  result<std::optional<journal::seen_request>> find_request(const digest& scope) const override {
    return inner_->find_request(scope);
  }
  result<std::vector<object_id>> resumable() const override { return inner_->resumable(); }
  result<std::vector<std::string>> keys_of(std::string_view service, std::string_view prefix,
                                           std::string_view after,
                                           std::size_t limit) const override {
    return inner_->keys_of(service, prefix, after, limit);
  }
  result<std::vector<journal::timer_row>> timers(unix_ms until, std::size_t limit) const override {
    return inner_->timers(until, limit);
  }
  journal::journal_metrics metrics() const override { return inner_->metrics(); }
  result<void> commit(std::vector<journal::turn>& turns) override { return inner_->commit(turns); }
  result<bool> maintain(unix_ms now) override { return inner_->maintain(now); }
  result<void> checkpoint_now(unix_ms now) override { return inner_->checkpoint_now(now); }

private:
  std::unique_ptr<hub_journal> inner_;
  runtime_harness& bench_;
  std::function<void()>& hook_;
};

/// Commits when told.
class held_writer final : public runtime::turn_writer {
public:
  held_writer(journal::hub_journal& journal, std::function<void()>& hook)
      : journal_(journal), hook_(hook) {}
  void submit(journal::turn turn, durable_callback done) override {
    if (hook_)
      hook_();
    queue.emplace_back(std::move(turn), std::move(done));
  }
  void commit(std::size_t count) {
    std::vector<journal::turn> turns;
    std::vector<durable_callback> told;
    for (; count > 0 && !queue.empty(); --count) {
      turns.push_back(std::move(queue.front().first));
      told.push_back(std::move(queue.front().second));
      queue.pop_front();
    }
    if (!journal_.commit(turns))
      std::abort();
    for (const auto& done : told)
      done();
  }
  std::deque<std::pair<journal::turn, durable_callback>> queue;

private:
  journal::hub_journal& journal_;
  std::function<void()>& hook_;
};

class held_transport final : public providers::transport {
public:
  explicit held_transport(runtime_harness& bench) : bench_(bench) {}
  void send(providers::wire_request request, callback done) override {
    if (bench_.on_send)
      bench_.on_send();
    ++bench_.sent;
    bench_.wire.push_back({std::move(request), std::move(done)});
  }

private:
  runtime_harness& bench_;
};

struct test_config : caf::actor_system_config {
  test_config() {
    add_message_types<caf::id_block::orderhub_runtime>();
    set("scheduler.policy", caf::atom("testing"));
  }
};

} // namespace

void add_handlers(durable::service_registry& services) {
  using durable::handler_mode;
  auto& handlers = services.services["S"].handlers;
  handlers["work"].run = &work;
  handlers["beside"].run = &beside;
  handlers["beside"].mode = handler_mode::shared;
  handlers["count"].run = &count;
  handlers["sleep"].run = &sleeper;
  handlers["naps"].run = &naps;
  handlers["promise"].run = &promise;
  handlers["ask"].run = &ask;
  handlers["tell"].run = &tell;
  handlers["peek"].read = &peek;
  handlers["peek"].mode = handler_mode::read;
}

struct runtime_harness::world {
  explicit world(runtime_harness& b)
      : bench(b), journal(must(journal::hub_journal::open(b.store, {}, b.random)), b),
        writer(journal, b.on_submit), transport(b),
        clock(b.time, {journal.last_time(),
                       std::max<std::int64_t>(b.time.wall_ms() - journal.last_time(), 0), false}),
        env{clock,   b.random, journal.hub(),  b.vendors,         nullptr,
            nullptr, nullptr,  &vendor_clocks, b.time.steady_ms()},
        context{.shared = {.journal = journal, .services = b.services, .env = env},
                .writer = writer,
                .transport = transport},
        system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    env.waiting_inputs_max = b.waiting_inputs_max;
    context.shared.gate = runtime::make_gate(b.vendors, b.limits, b.time);
    timers = system.spawn(runtime::timer_service, &context);
    for (std::size_t i = 0; i < b.shards; ++i)
      context.shards.push_back(system.spawn(runtime::shard_actor, &context, timers, i));
    gate_keeper = system.spawn(runtime::gate_keeper_actor, &context);
    context.shared.gate->on_offer([this](host::place_offer offer) {
      auto object = offer.object;
      give(std::move(object), host::place_offered{std::move(offer)});
    });
    for (const auto& [name, endpoint] : b.vendors.endpoints)
      context.providers.emplace(name, runtime::spawn_provider(system, context, endpoint));
    gateway = system.spawn(runtime::gateway_actor, &context);
    for (auto& id : must(journal.resumable()))
      give(std::move(id), host::wake{});
    for (auto& row : must(journal.timers(b.time.wall_ms(), 1'000)))
      give(std::move(row.object), host::tick{});
    caf::anon_send(timers, runtime::resume_atom::value);
  }
  ~world() {
    context.shared.gate->on_offer(nullptr);
    for (const auto& actor : {gateway, gate_keeper, timers})
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    for (const auto& shard : context.shards)
      caf::anon_send_exit(shard, caf::exit_reason::kill);
    for (const auto& [name, provider] : context.providers)
      caf::anon_send_exit(provider.actor, caf::exit_reason::kill);
    // Whatever holds a handle of an object goes: messages, timers, turns, calls.
    for (int i = 0; i < 3; ++i) {
      scheduler.run();
      scheduler.clock().cancel_all();
      writer.queue.clear();
      bench.wire.clear();
    }
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  template <class Event>
  void give(object_id object, Event event) {
    runtime::route(context, {std::move(object), runtime::make_event(std::move(event))});
  }

  runtime_harness& bench;
  watched_journal journal;
  held_writer writer;
  held_transport transport;
  journal_clock clock;
  providers::vendor_clocks vendor_clocks;
  durable::environment env;
  runtime::hub_context context;
  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor timers;
  caf::actor gate_keeper;
  caf::actor gateway;
};

runtime_harness::runtime_harness() {
  vendors.endpoints["shop"] = {"shop", "http://shop.test", "mock", {}, -1};
  add_handlers(services);
}

runtime_harness::~runtime_harness() = default;

runtime_harness::world& runtime_harness::running() {
  if (!world_) {
    world_ = std::make_unique<world>(*this);
    run_until_idle();
  }
  return *world_;
}

caller runtime_harness::post(const std::string& key, const std::string& handler,
                             const std::string& body, const call_options& options) {
  auto to = std::make_shared<recording_responder>();
  host::call_request r{
      "S", key, handler, body, options.idempotency_key, options.one_way, options.delay_ms};
  caf::anon_send(running().gateway,
                 runtime::gateway_call{std::make_shared<host::call_request>(std::move(r)), to});
  return to;
}

caller runtime_harness::call(const std::string& key, const std::string& handler,
                             const std::string& body, const call_options& options) {
  auto to = post(key, handler, body, options);
  run_until_idle();
  return to;
}

caller runtime_harness::call(host::call_request request) {
  auto to = std::make_shared<recording_responder>();
  caf::anon_send(
      running().gateway,
      runtime::gateway_call{std::make_shared<host::call_request>(std::move(request)), to});
  run_until_idle();
  return to;
}

caller runtime_harness::attach(host::invocation_target target, bool wait) {
  auto to = std::make_shared<recording_responder>();
  caf::anon_send(running().gateway,
                 runtime::gateway_attach{
                     std::make_shared<host::invocation_target>(std::move(target)), wait, to});
  run_until_idle();
  return to;
}

caller runtime_harness::complete_awakeable(const std::string& id, bool resolve,
                                           const std::string& payload) {
  auto to = std::make_shared<recording_responder>();
  host::awakeable_input in{{}, {}, to};
  if (resolve)
    in.value = payload;
  else
    in.value = fail({error_kind::rejected, "awakeable", payload, 500});
  caf::anon_send(
      running().gateway,
      runtime::gateway_awakeable{id, std::make_shared<host::awakeable_input>(std::move(in))});
  run_until_idle();
  return to;
}

void runtime_harness::answer(const providers::transport_outcome& outcome) {
  if (wire.empty())
    std::abort();
  auto c = std::move(wire.front());
  wire.pop_front();
  c.done(outcome);
  c.done = nullptr;
  run_until_idle();
}

void runtime_harness::answer(const std::string& request_body,
                             const providers::transport_outcome& outcome) {
  auto it = std::find_if(wire.begin(), wire.end(),
                         [&](const auto& c) { return c.request.body == request_body; });
  if (it == wire.end())
    std::abort();
  std::rotate(wire.begin(), it, std::next(it));
  answer(outcome);
}

void runtime_harness::commit(std::size_t count) {
  running().writer.commit(count);
  run_until_idle();
}

void runtime_harness::commit_without_running() {
  running().writer.commit(SIZE_MAX);
}

void runtime_harness::run_until_idle() {
  auto& w = *world_;
  for (;;) {
    w.scheduler.run();
    if (held || w.writer.queue.empty())
      return;
    w.writer.commit(SIZE_MAX);
  }
}

void runtime_harness::advance(std::int64_t ms) {
  running();
  run_until_idle();
  for (; ms > 0; --ms) {
    time.advance(1);
    world_->scheduler.advance_time(std::chrono::milliseconds(1));
    run_until_idle();
  }
}

bool runtime_harness::step() {
  auto& w = running();
  if (w.scheduler.try_run_once())
    return true;
  if (held || w.writer.queue.empty())
    return false;
  w.writer.commit(1);
  return true;
}

bool runtime_harness::step(random_source& choose) {
  auto& w = running();
  auto& jobs = w.scheduler.jobs;
  const std::size_t places = jobs.size() + (w.writer.queue.empty() ? 0 : 1) + wire.size();
  if (places == 0)
    return false;
  auto at = static_cast<std::size_t>(choose.below(places));
  if (at < jobs.size()) {
    const auto it = jobs.begin() + static_cast<std::ptrdiff_t>(at);
    std::rotate(jobs.begin(), it, std::next(it));
    w.scheduler.run_once();
    return true;
  }
  at -= jobs.size();
  if (!w.writer.queue.empty() && at-- == 0) {
    w.writer.commit(1 + static_cast<std::size_t>(choose.below(3)));
    return true;
  }
  auto c = std::move(wire[at]);
  wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
  c.done(answer_of(200, "ok"));
  return true;
}

void runtime_harness::restart() {
  world_.reset();
  store.crash();
  running();
}

void runtime_harness::checkpoint() {
  if (!running().journal.checkpoint_now(time.wall_ms()))
    std::abort();
}

std::int64_t runtime_harness::active_objects() const {
  return world_->context.active_objects.load();
}
std::size_t runtime_harness::actors() const {
  return world_->system.registry().running();
}
std::size_t runtime_harness::queued_turns() const {
  return world_->writer.queue.size();
}
std::size_t runtime_harness::waiting_callers() const {
  return world_->context.shared.waiters.size();
}
host::vendor_gate& runtime_harness::gate() const {
  return *world_->context.shared.gate;
}
std::size_t runtime_harness::places_taken(host::place_kind kind) const {
  return gate().snapshot().front().in_flight.at(static_cast<std::size_t>(kind));
}
std::uint64_t runtime_harness::timer_ticks() const {
  return world_->context.timer_ticks;
}
std::uint64_t runtime_harness::failures() const {
  return world_->context.shared.failures;
}
std::size_t runtime_harness::paused_objects() const {
  return world_->context.paused_objects;
}
void runtime_harness::set_credentials(const std::string& authorization) {
  // By its actor, whose answer the hub waits for.
  auto& provider = running().context.providers.at("shop");
  caf::anon_send(provider.actor,
                 runtime::new_credentials{std::make_shared<runtime::credentials>(
                     runtime::credentials{{{"authorization", secret(authorization)}}, {}, {}})});
  run_until_idle();
}
caller runtime_harness::unpause(const std::string& key) {
  auto to = std::make_shared<recording_responder>();
  runtime::route(running().context, runtime::unpause_message{object(key), to});
  run_until_idle();
  return to;
}
caller runtime_harness::operate(const std::string& key, journal::operator_payload action) {
  auto to = std::make_shared<recording_responder>();
  running().give(object(key), host::operator_input{{}, std::move(action), to});
  run_until_idle();
  return to;
}
void runtime_harness::break_down(const std::string& key, std::uint64_t incarnation) {
  running().give(object(key), host::activation_failed{incarnation, "the test says so"});
  run_until_idle();
}
void runtime_harness::set_accepting(bool accepting) {
  running().context.shared.admission.set_stall(!accepting, "the test says so");
}
std::string runtime_harness::value(const std::string& key, const std::string& name) const {
  const auto state = must(world_->journal.load(object(key)));
  const auto* v = state.value(name);
  return v != nullptr ? *v : std::string();
}
std::vector<std::string> runtime_harness::wire_bodies() const {
  std::vector<std::string> bodies;
  for (const auto& c : wire)
    bodies.push_back(c.request.body);
  return bodies;
}

} // namespace orderhub::testing
