#include "actors/runtime/hub.hpp"

#include "actors/host/pace.hpp"
#include "actors/host/response.hpp"
#include "actors/runtime/gateway.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/long_answers.hpp"
#include "actors/runtime/messages.hpp"
#include "actors/runtime/provider.hpp"
#include "actors/runtime/shard.hpp"
#include "actors/runtime/supervisor.hpp"
#include "actors/runtime/timers.hpp"
#include "actors/runtime/vendor_line.hpp"
#include "journal/base/log.hpp"
#include "journal/base/thread_name.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace orderhub::runtime {

using namespace host;

namespace {

/// CAF's own threads all have the name of the one that began them.
struct thread_names final : caf::thread_hook {
  void init(caf::actor_system&) override {}
  void thread_started() override { name_this_thread("actors"); }
  void thread_terminates() override {}
};

struct system_config : caf::actor_system_config {
  explicit system_config(std::size_t workers) {
    add_message_types<caf::id_block::orderhub_runtime>();
    add_thread_hook<thread_names>();
    // Measured defaults: see ARCHITECTURE.md, "Scheduling".
    set("scheduler.max-threads", workers);
    set("scheduler.max-throughput", std::size_t{10});
    set("work-stealing.aggressive-poll-attempts", std::size_t{10});
    set("work-stealing.moderate-poll-attempts", std::size_t{0});
    set("work-stealing.relaxed-sleep-duration", caf::timespan{std::chrono::milliseconds(10)});
  }
};

/// One worker has all objects in one place; several share the load where keys are unlike.
std::size_t shard_count(std::size_t workers) {
  constexpr std::size_t each = 4;
  return workers <= 1 ? 1 : workers * each;
}

host::gate_limits paced(host::gate_limits limits, std::size_t resume_per_second) {
  const host::resume_pace pace(resume_per_second);
  limits.resume_at_once = pace.at_once;
  limits.pace_ms = pace.pause.count();
  return limits;
}

/// The writer's time: retention and the age of a checkpoint are judged by what has really passed.
class aged_clock final : public clock {
public:
  explicit aged_clock(const journal_clock& time) : time_(time) {}
  [[nodiscard]] unix_ms wall_ms() const override { return time_.aged(); }
  [[nodiscard]] std::int64_t steady_ms() const override { return time_.steady_ms(); }

private:
  const journal_clock& time_;
};

} // namespace

/// A body of so many bytes is parsed in less than a millisecond, on the thread that runs the
/// orders.
constexpr std::size_t large_body_bytes = std::size_t{16} * 1024;
constexpr std::size_t largest_body_bytes = std::size_t{128} * 1024;

/// What a note is counted as: what was done or tried, of the words that the admin API has for it,
/// and what came of it.
static std::array<std::string_view, 2> counted_as(const journal::operator_payload& note) {
  static constexpr std::array<std::string_view, 22> known = {
      "ack",       "assign",     "backup", "breaker", "bulk_cancel", "bulk_pause",
      "bulk_plan", "bulk_start", "cancel", "compact", "erase",       "login",
      "logout",    "pause",      "probe",  "purge",   "reload",      "replay",
      "resolve",   "resume",     "retry",  "reveal"};
  const auto it = std::find(known.begin(), known.end(), note.wanted);
  return {it == known.end() ? std::string_view("note") : *it,
          note.outcome == "accepted"        ? "accepted"
          : note.outcome == "nothing_to_do" ? "nothing_to_do"
                                            : "refused"};
}

/// Counts what became of a person's action.
static responder_ptr counted(std::shared_ptr<labelled_counts<2>> actions, std::string_view action,
                             std::string_view recorded, responder_ptr to) {
  struct counting final : responder {
    counting(std::shared_ptr<labelled_counts<2>> a, std::string_view what, std::string_view came,
             responder_ptr t)
        : actions(std::move(a)), action(what), recorded(came), to(std::move(t)) {}
    void accepted(std::string_view invocation) override { to->accepted(invocation); }
    void finished(call_response reply) override {
      actions->add({action, reply.status < 300    ? recorded
                            : reply.status == 404 ? "nothing_to_do"
                                                  : "refused"});
      to->finished(std::move(reply));
    }
    [[nodiscard]] bool gone() const override { return to->gone(); }
    const std::shared_ptr<labelled_counts<2>> actions;
    const std::string_view action; // A verb's name, which is constant, as the next is.
    const std::string_view recorded;
    const responder_ptr to;
  };
  return std::make_shared<counting>(std::move(actions), action, recorded, std::move(to));
}

struct hub::parts {
  parts(journal::hub_journal& journal, const durable::service_registry& services,
        const providers::registry& vendors, providers::transport& transport, const clock& time,
        hub_options o)
      : options(std::move(o)),
        journal_time(time, options.last_run.value_or(clock_start_of(
                               journal_stamp{journal.last_time(), 0, {}}, time.wall_ms(), 0, {}))),
        env{.time = journal_time,
            .random = random,
            .hub = journal.hub(),
            .vendors = vendors,
            .board = options.board,
            .metrics = options.core,
            .vendor_clocks = &vendor_clocks,
            .started_at = time.steady_ms(),
            .away_ms = options.last_run ? options.last_run->elapsed_ms : 0,
            .request_retention_ms = options.request_retention_ms,
            .unstable_keys_for_test = options.unstable_keys_for_test},
        aged(journal_time), writer(journal, aged, [this](const writer_state& s) { on_stall(s); },
                                   {.turns_expected = [this] { return shared().waiters.size(); },
                                    .discard_for_bench = options.journal_off_for_bench}),
        context{.shared = {.journal = journal, .services = services, .env = env},
                .writer = writer,
                .transport = transport,
                .sweep_ms = options.sweep_ms,
                .rest_ms = options.rest_ms,
                .resume_per_second = options.resume_per_second},
        config(options.workers), system(config) {
    if (const auto state = writer.state(); state.stalled)
      shared().admission.set_stall(true, state.reason);
    shared().gate = make_gate(vendors, paced(options.places, options.resume_per_second), time);
    env.gate = shared().gate.get();
    restore_switches(*shared().gate, journal);
    timers = system.spawn(timer_service, &context);
    for (std::size_t i = 0; i < shard_count(options.workers); ++i)
      context.shards.push_back(system.spawn(shard_actor, &context, timers, i));
    gate_keeper = system.spawn(gate_keeper_actor, &context);
    // On the thread that freed the place, which may be the transport's.
    shared().gate->on_offer([&hub = context](host::place_offer offer) {
      guarded("gate", "offer", [&] {
        auto object = offer.object;
        route(hub, {std::move(object), make_event(place_offered{std::move(offer)})});
      });
    });
    for (const auto& [name, endpoint] : vendors.endpoints)
      context.providers.emplace(name, spawn_provider(system, context, endpoint));
    for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i)
      gateways.push_back(system.spawn(gateway_actor, &context));
    long_answers = system.spawn<caf::detached>(long_answer_actor, &context);
    context.long_answers = caf::actor_cast<caf::actor_addr>(long_answers);
    for (auto& lane : large_bodies)
      lane = system.spawn<caf::detached>(large_body_actor, &context);
  }

  void on_stall(const writer_state& s) {
    shared().admission.set_stall(s.stalled, s.reason);
    if (!s.stalled)
      return;
    for (auto& to : shared().waiters.take_not_durable())
      to->finished(not_stored(s.reason));
    for (auto& to : shared().responses.take_all())
      to->finished(not_stored(s.reason));
  }

  /// What was accepted before the last end and waits for nobody.
  result<std::vector<object_id>> to_resume() {
    auto objects = shared().journal.resumable();
    if (!objects)
      return objects;
    // Timers that rang while nobody was here keep the same pace; the timer service begins with
    // those to come.
    constexpr std::size_t overdue_max = 1'000'000;
    auto overdue = shared().journal.timers(env.time.scan_until(env.time.steady_ms()), overdue_max);
    if (!overdue)
      return overdue.failure();
    for (auto& timer : *overdue)
      if (env.time.steady_due(timer.recorded_at, timer.due_at) <= env.time.steady_ms())
        objects->push_back(std::move(timer.object));
    std::sort(objects->begin(), objects->end());
    objects->erase(std::unique(objects->begin(), objects->end()), objects->end());
    return objects;
  }

  void resume(std::vector<object_id> objects) {
    resumed = objects.size();
    if (!objects.empty()) {
      log::info("resuming", {{"objects", objects.size()}});
      system.spawn(supervisor_actor, &context,
                   std::make_shared<std::vector<object_id>>(std::move(objects)));
    }
    caf::anon_send(timers, resume_atom::value);
  }

  [[nodiscard]] host::host_context& shared() { return context.shared; }

  /// Small bodies overtake large ones, and these the largest, so that nobody waits for long behind
  /// bodies that take long. The server bounds how many there are. Nor behind the many calls of one
  /// key.
  void take(call_request request, responder_ptr to, bool is_inside = false) {
    const auto size = request.body.size();
    const auto h =
        std::hash<std::string>{}(request.key) ^ (std::hash<std::string>{}(request.service) << 1U);
    gateway_call call{
        std::make_shared<call_request>(std::move(request)), std::move(to), is_inside, {}};
    if (size > large_body_bytes)
      return caf::anon_send(size > largest_body_bytes ? large_bodies.back() : large_bodies.front(),
                            std::move(call));
    call.from = context.lanes.enter(h);
    const auto& gateway = gateways[h % gateways.size()];
    if (call.from->is_ahead)
      caf::anon_send<caf::message_priority::high>(gateway, std::move(call));
    else
      caf::anon_send(gateway, std::move(call));
  }

  hub_options options;
  system_random random;
  journal_clock journal_time;
  providers::vendor_clocks vendor_clocks;
  durable::environment env;
  aged_clock aged;
  journal_writer writer;
  hub_context context;
  system_config config;
  caf::actor_system system;
  caf::actor timers;
  caf::actor gate_keeper;
  std::vector<caf::actor> gateways;
  std::array<caf::actor, 2> large_bodies; ///< Of bodies above each of the two bounds.
  caf::actor long_answers;
  std::atomic<std::size_t> resumed{0};
  bool stopped = false;
};

hub::hub(journal::hub_journal& journal, const durable::service_registry& services,
         const providers::registry& vendors, providers::transport& transport, const clock& time,
         hub_options options) {
  parts_ = std::make_unique<parts>(journal, services, vendors, transport, time, std::move(options));
}

hub::~hub() {
  stop();
}

result<void> hub::resume(std::function<void()> then) {
  auto& p = *parts_;
  // What cannot be read is to be known now, though it may be acted upon later.
  auto objects = p.to_resume();
  if (!objects)
    return objects.failure();
  const bool later = !p.shared().journal.settled();
  p.writer.when_settled([&p, later, objects = std::move(*objects), then = std::move(then)] {
    // After a while more is overdue.
    auto now = later ? p.to_resume() : result<std::vector<object_id>>(objects);
    if (!now) {
      log::error("resume_failed", {{"reason", now.error().message}});
      return;
    }
    p.resume(std::move(*now));
    if (then)
      then();
  });
  return {};
}

bool hub::drain(std::int64_t timeout_ms) {
  auto& p = *parts_;
  p.shared().admission.begin_drain();
  constexpr auto pause = std::chrono::milliseconds(10);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (p.context.active_objects.load() > 0) {
    if (std::chrono::steady_clock::now() >= until)
      return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

void hub::stop() {
  auto& p = *parts_;
  if (std::exchange(p.stopped, true))
    return;
  p.shared().admission.begin_drain();
  p.shared().gate->on_offer(nullptr);
  // What is queued is made durable, and nothing is queued after it: the objects are told to end
  // only when the writer has acknowledged everything.
  p.writer.stop();
  auto end = [](const caf::actor& a) { caf::anon_send_exit(a, caf::exit_reason::user_shutdown); };
  for (const auto& g : p.gateways)
    end(g);
  for (const auto& lane : p.large_bodies)
    end(lane);
  end(p.long_answers);
  // Objects end by themselves, whoever still has a handle of theirs: a call that is out does not
  // hold the end up, its intent is in the journal.
  for (const auto& shard : p.context.shards)
    caf::anon_send(shard, stop_atom::value);
  end(p.gate_keeper);
  end(p.timers);
  for (const auto& [name, provider] : p.context.providers)
    end(provider.actor);
}

void hub::call(call_request request, responder_ptr to) {
  parts_->take(std::move(request), std::move(to));
}

void hub::record(call_request request, responder_ptr to) {
  parts_->take(std::move(request), std::move(to), true);
}

void hub::attach(invocation_target target, bool wait, responder_ptr to) {
  caf::anon_send(
      parts_->gateways.front(),
      gateway_attach{std::make_shared<invocation_target>(std::move(target)), wait, std::move(to)});
}

void hub::complete_awakeable(std::string id, bool resolve, std::string payload, responder_ptr to) {
  awakeable_input in{{}, {}, std::move(to)};
  if (resolve)
    in.value = std::move(payload);
  else
    in.value = fail({error_kind::rejected, "awakeable",
                     payload.empty() ? "rejected" : std::move(payload), 500});
  caf::anon_send(
      parts_->gateways.front(),
      gateway_awakeable{std::move(id), std::make_shared<awakeable_input>(std::move(in))});
}

void hub::operate(const object_id& object, const invocation_id& invocation,
                  journal::operator_payload action, responder_ptr to) {
  act({object, invocation, std::move(action)}, std::move(to));
}

void hub::act(operator_request request, responder_ptr to) {
  const bool is_note = request.action.verb == journal::operator_verb::note;
  const bool is_breaker = request.object.service == object_of(vendor_switch::breaker, {}).service;
  const auto [action, recorded] =
      is_note ? counted_as(request.action)
              : std::array<std::string_view, 2>{
                    is_breaker ? "breaker" : name_of(request.action.verb), "accepted"};
  to = counted(parts_->options.operator_actions, action, recorded, std::move(to));
  if (!parts_->shared().admission.accepting()) {
    to->finished(failure(503, "The hub takes no new work at the moment. Nothing was recorded; try "
                              "again later."));
    return;
  }
  const auto object = request.object;
  route(parts_->context,
        {object,
         make_event(operator_input{request.invocation, std::move(request.action), std::move(to),
                                   std::move(request.begins), std::move(request.unchanged)})});
}

std::vector<vendor_places> hub::vendors() const {
  return parts_->context.shared.gate->snapshot();
}

void hub::operate_vendor(std::string vendor, vendor_verb verb, operator_note by, responder_ptr to) {
  const auto& gate = parts_->shared().gate;
  const auto known = gate->vendors();
  if (std::find(known.begin(), known.end(), vendor) == known.end()) {
    to->finished(failure(404, "No vendor of that name is configured."));
    return;
  }
  auto record = record_of(vendor, verb, std::move(by));
  if (!record) {
    to->finished(failure(400, record.error().message));
    return;
  }
  auto switched = switching(gate, std::move(vendor), *record, std::move(to));
  operate(record->object, {}, std::move(record->action), std::move(switched));
}

bool hub::probe_vendor(std::string_view vendor) {
  return parts_->shared().gate->probe_now(vendor);
}

std::vector<seen_call> hub::calls_of(std::string_view vendor) const {
  return parts_->context.shared.gate->calls(vendor);
}

std::vector<call_record::point> hub::series_of(std::string_view vendor,
                                               std::int64_t range_ms) const {
  return parts_->context.shared.gate->series(vendor, range_ms);
}

void hub::forget_gone(std::string_view invocation) {
  if (const auto id = invocation_id::parse(invocation))
    parts_->shared().waiters.drop_gone(*id);
}

void hub::set_credentials(std::string_view vendor,
                          std::vector<std::pair<std::string, secret>> headers, secret path,
                          std::shared_ptr<const providers::token_client> token) {
  const auto& providers = parts_->context.providers;
  const auto it = providers.find(vendor);
  if (it == providers.end())
    return;
  // It is waited for: calls leave on the writer's thread, past every actor's mailbox.
  caf::scoped_actor self(parts_->system);
  self->request(it->second.actor, caf::infinite,
                new_credentials{std::make_shared<const credentials>(
                    credentials{std::move(headers), std::move(path), std::move(token)})})
      .receive([](bool) {}, [](const caf::error&) {}); // The hub ends, and sends nothing any more.
}

void hub::unpause(object_id object, responder_ptr to) {
  route(parts_->context, unpause_message{std::move(object), std::move(to)});
}

health_report hub::health() const {
  health_report h;
  h.sync_mode = parts_->options.sync_mode;
  const auto w = parts_->writer.state();
  h.accepting = parts_->shared().admission.accepting();
  if (w.stalled)
    h.reason = w.reason;
  else if (parts_->shared().admission.draining())
    h.reason = "The hub is shutting down.";
  return h;
}

hub_metrics hub::metrics() const {
  const auto& c = parts_->context;
  hub_metrics m{.active_objects = c.active_objects.load(),
                .waiting_callers = c.shared.waiters.size(),
                .resumed = parts_->resumed,
                .actor_failures = c.shared.failures.load(),
                .paused_objects = c.paused_objects.load(),
                .vendors = vendors(),
                .timers_due = c.timers_due.load(),
                .turns_queued = parts_->writer.queued(),
                .operator_actions = parts_->options.operator_actions->values()};
  for (const auto& [name, provider] : c.providers) {
    m.calls.push_back({name, provider.line->calls()});
    for (const auto& one : m.calls.back().classes) {
      m.vendor_calls += static_cast<std::uint64_t>(one.in_flight);
      for (const auto& took : one.took)
        m.vendor_calls += took.count();
    }
  }
  return m;
}

} // namespace orderhub::runtime
