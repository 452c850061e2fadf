#include "tests/simulation/world/world.hpp"

#include "actors/handlers/services.hpp"
#include "actors/host/memory.hpp"
#include "actors/host/request_scope.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/log.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace orderhub::testing {

using durable::object_machine;
namespace mock = providers::mock;

namespace {

world::answer answer_of_outcome(const result<std::string>& outcome) {
  if (outcome)
    return {200, *outcome};
  return {status_of(outcome.error()), outcome.error().message};
}

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The vendors that these settings have use for.
providers::registry mock_registry(const handlers::order_settings& orders,
                                  std::int64_t absence_after_ms) {
  providers::registry r;
  struct known_vendor {
    const char* name;
    const char* authorization;
    const char* settings;
    bool configured;
  };
  const known_vendor known[] = {
      {"stripe", "Bearer sk_test_world", "STRIPE_API_BASE and STRIPE_API_KEY", true},
      {"shippo", "ShippoToken shippo_test_world", "SHIPPO_API_BASE and SHIPPO_API_KEY", true},
      {"sendgrid", "Bearer SG.world", "SENDGRID_API_BASE and SENDGRID_API_KEY", orders.mail},
      {"slack", "Bearer xoxb-world", "SLACK_API_BASE and SLACK_BOT_TOKEN", orders.slack},
      {"slack_webhook", "", "SLACK_WEBHOOK_URL", orders.slack_webhook},
  };
  for (const auto& vendor : known) {
    r.settings.emplace(vendor.name, vendor.settings);
    if (!vendor.configured)
      continue;
    providers::endpoint e;
    e.vendor = vendor.name;
    e.mode = "mock";
    e.absence_after_ms = absence_after_ms;
    if (e.vendor == "slack_webhook") {
      e.base = "http://mock.test/slack";
      e.path = secret("/services/T0WORLD/B0WORLD/hook");
    } else {
      e.base = "http://mock.test/" + e.vendor;
      e.secret_headers.emplace_back("authorization", secret(vendor.authorization));
    }
    r.endpoints.emplace(vendor.name, std::move(e));
  }
  return r;
}

/// The vendor's wire format of a call: what the transport would put on the wire.
mock::mock_request request_of(const providers::registry& vendors, std::string_view vendor,
                              const providers::http_request& request) {
  mock::mock_request wire;
  wire.method = request.method;
  const auto* endpoint = vendors.find(vendor);
  if (endpoint != nullptr && !endpoint->path.empty())
    wire.target = "/slack" + endpoint->path.reveal() + request.target;
  else
    wire.target = '/' + std::string(vendor) + request.target;
  for (const auto& [name, value] : request.headers)
    wire.headers.emplace_back(lower(name), value);
  if (endpoint != nullptr)
    for (const auto& [name, value] : endpoint->secret_headers)
      wire.headers.emplace_back(lower(name), value.reveal());
  wire.body = request.body;
  return wire;
}

/// What a command names.
std::string name_in(const journal::record& r) {
  using journal::record_kind;
  switch (r.kind) {
  case record_kind::input:
    return must(journal::decode_input(r.payload)).handler;
  case record_kind::call:
  case record_kind::send:
    return must(journal::decode_call(r.payload)).input.handler;
  case record_kind::effect:
    return must(journal::decode_effect(r.payload)).name;
  case record_kind::event:
    return must(journal::decode_event(r.payload)).name;
  default:
    return {};
  }
}

} // namespace

handlers::order_settings mock_order_settings() {
  handlers::order_settings s;
  s.ship_from = {"Orderhub Shop", "215 Clayton St.", "San Francisco", "CA", "94117", "US",
                 "4155550100",    "shop@example.com"};
  s.parcel = {"10", "10", "5", "in", "1", "lb"};
  s.channel_new = "C0NEWORDERS";
  s.channel_failed = "C0FAILEDORD";
  s.channel_confirmed = "C0CONFIRMED";
  s.slack = true;
  return s;
}

world::world(world_settings settings)
    : mock(settings.mock), settings_(std::move(settings)), dice_(settings_.seed * 2 + 1),
      random_(settings_.seed * 2 + 2), next_orders_(settings_.orders) {
  // Doubts and pauses are what this is about: thousands of runs would fill the log with them.
  log::set_level(log::level::off);
  open();
  store.on_commit([this](std::uint64_t, bool done) {
    if (done)
      note_durable();
    point(done ? "the commit is on disk, nobody knows" : "the commit has begun");
  });
}

world::~world() {
  if (gate_)
    gate_->on_offer(nullptr);
}

void world::open() {
  if (auto orders = std::exchange(next_orders_, std::nullopt)) {
    vendors_ = mock_registry(*orders, settings_.absence_after_ms);
    services_ = handlers::all_services(std::make_shared<const handlers::order_settings>(*orders));
  }
  auto journal_settings = settings_.journal;
  journal_settings.boot = &boot_;
  journal_ = must(journal::hub_journal::open(store, journal_settings, random_));
  clock_.emplace(time, clock_start_of(journal_->last_stamp(), time.wall_ms(), boot_.boottime_ms(),
                                      boot_.boot_id()));
  std::vector<std::string> names;
  for (const auto& [name, endpoint] : vendors_.endpoints)
    names.push_back(name);
  gate_ = std::make_shared<host::vendor_gate>(names, settings_.places, time);
  gate_->on_offer([this](host::place_offer offer) {
    auto object = offer.object;
    const auto channel = "gate > " + object.text();
    put(channel, time.true_ms(), to_object{std::move(object), std::move(offer), 0});
  });
  env_.emplace(durable::environment{*clock_, random_, journal_->hub(), vendors_, gate_.get(),
                                    &vendor_clocks_, time.steady_ms()});
  env_->unstable_keys_for_test = settings_.unstable_keys;
}

void world::point(std::string_view name) {
  points_.push_back(name);
  if (auto here = at_points_.extract(points_.size()))
    for (auto& action : here.mapped())
      action(*this);
  if (settings_.crash_at.contains(points_.size()))
    throw power_cut{};
}

void world::at_point(std::size_t number, std::function<void(world&)> action) {
  at_points_[number].push_back(std::move(action));
}

// ── Clients ──────────────────────────────────────────────────────────────────────────────────

std::size_t world::submit(const object_id& object, const std::string& handler, std::string body) {
  const auto number = ask(object, handler, std::move(body));
  clients_[number].one_way = true;
  return number;
}

std::size_t world::ask(const object_id& object, const std::string& handler, std::string body) {
  const auto number = clients_.size();
  client c;
  c.object = object;
  c.handler = handler;
  c.body = std::move(body);
  c.request_key = "client-" + std::to_string(number);
  clients_.push_back(std::move(c));
  ask_again(number);
  return number;
}

void world::ask_again(std::size_t number) {
  auto& c = clients_[number];
  ++c.asked;
  put("client " + std::to_string(number), time.true_ms() + latency(),
      to_object{c.object, from_client{number, invocation_id::make(time.true_ms(), random_)}, 0});
}

world::answer world::call(const object_id& object, const std::string& handler,
                          const std::string& body) {
  return wait_for(ask(object, handler, body));
}

std::size_t world::tell(const object_id& object, const std::string& handler, std::string body) {
  const auto number = ask(object, handler, std::move(body));
  clients_[number].internal = true;
  return number;
}

world::answer world::inform(const object_id& object, const std::string& handler,
                            const std::string& body) {
  return wait_for(tell(object, handler, body));
}

world::answer world::wait_for(std::size_t number) {
  const auto& c = clients_[number];
  if (!run_until([&](world&) { return c.heard.has_value(); })) {
    std::fprintf(stderr, "world: %s/%s was never answered\n", c.object.text().c_str(),
                 c.handler.c_str());
    std::abort();
  }
  return *c.heard;
}

void world::when(std::function<bool(world&)> condition, std::function<void(world&)> action) {
  watches_.emplace_back(std::move(condition), std::move(action));
}

void world::hear(std::size_t number, answer a) {
  auto& c = clients_[number];
  if (c.heard)
    return;
  c.heard = std::move(a);
  c.heard_at = time.true_ms();
}

// ── What happens next ────────────────────────────────────────────────────────────────────────

void world::put(const std::string& channel, unix_ms at, std::variant<to_object, to_vendor> what) {
  auto& parcels = channels_[channel];
  if (parcels.empty())
    fronts_.emplace(at, channel);
  parcels.push_back({at, std::move(what)});
}

std::optional<unix_ms> world::next_time() {
  std::optional<unix_ms> next;
  auto earlier = [&](unix_ms at) {
    if (!next || at < *next)
      next = at;
  };
  if (const auto places = gate_->tick())
    earlier(time.true_at(*places));
  if (!fronts_.empty())
    earlier(fronts_.begin()->first);
  if (!due_.empty())
    earlier(due_.begin()->first);
  if (const auto first = timers_.first())
    earlier(*first);
  if (auto late = mock.next_late_work())
    earlier(*late);
  return next;
}

void world::set_due(const object_id& id, active_object& object, std::optional<unix_ms> due) {
  if (object.due)
    due_.erase({*object.due, id});
  object.due = due;
  if (due)
    due_.emplace(*due, id);
}

std::optional<object_id> world::idle_object() {
  std::set<object_id> awaited; // Something is on its way to them.
  for (const auto& [name, parcels] : channels_)
    for (const auto& p : parcels)
      if (const auto* to = std::get_if<to_object>(&p.content);
          to != nullptr && p.at <= time.true_ms())
        awaited.insert(to->object);
  std::vector<const object_id*> idle;
  for (const auto& [id, o] : objects_) {
    host::memory_facts facts(*o.machine);
    facts.all_durable = o.submitted <= durable_ && o.source <= durable_;
    facts.quiet = true;
    if (o.due)
      facts.due_in_ms = *o.due - time.true_ms();
    facts.stays_ms = 1; // As early as it may be: the worst time.
    if (host::may_leave_memory(facts) && !awaited.contains(id))
      idle.push_back(&id);
  }
  if (idle.empty())
    return std::nullopt;
  return *idle[dice_.below(idle.size())];
}

std::size_t world::ready_channels(unix_ms now) const {
  std::size_t count = 0;
  for (auto it = fronts_.begin(); it != fronts_.end() && it->first <= now; ++it)
    ++count;
  return count;
}

void world::act() {
  const auto now = time.true_ms();
  mock.advance(now);
  gate_->tick();
  if (settings_.leaves_at_once) {
    leave_memory();
  } else if (dice_.below(12) == 0) {
    if (auto idle = idle_object())
      return passivate(*idle);
  }
  const auto channels = ready_channels(now);
  std::size_t due = 0;
  for (auto it = due_.begin(); it != due_.end() && it->first <= now; ++it)
    ++due;
  const auto first = timers_.first();
  const std::size_t timer = first && *first <= now ? 1 : 0;
  const std::size_t commits = queue_.empty() ? 0 : 1;
  const std::size_t slices = slice_wanted_ ? 1 : 0;
  const auto all = channels + due + timer + commits + slices;
  if (all == 0) {
    if (auto next = next_time())
      time.set(std::max(now, *next));
    return;
  }
  auto chosen = static_cast<std::size_t>(dice_.below(all));
  if (chosen < channels)
    return deliver(std::next(fronts_.begin(), static_cast<std::ptrdiff_t>(chosen))->second);
  chosen -= channels;
  if (chosen < due)
    return handle(
        {std::next(due_.begin(), static_cast<std::ptrdiff_t>(chosen))->second, wake{}, 0});
  chosen -= due;
  if (chosen < timer) {
    for (auto& object : timers_.take(now, 1))
      handle({std::move(object), wake{}, 0});
    return;
  }
  if (chosen - timer < commits)
    commit();
  else
    slice();
}

bool world::step() {
  for (std::size_t i = 0; i < watches_.size(); ++i)
    if (watches_[i].first(*this)) {
      auto action = std::move(watches_[i].second);
      watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
      action(*this);
      break;
    }
  if (channels_.empty() && queue_.empty() && !slice_wanted_ && !next_time())
    return false;
  try {
    act();
  } catch (const power_cut&) {
    restart();
  }
  return true;
}

bool world::run(std::int64_t for_ms) {
  const auto end = time.true_ms() + for_ms;
  for (std::size_t steps = 0; steps < settings_.steps_max; ++steps) {
    if (queue_.empty() && !slice_wanted_)
      if (auto next = next_time(); next && *next > end)
        return false;
    if (!step())
      return true;
  }
  ran_away_ = true;
  return false;
}

bool world::run_until(const std::function<bool(world&)>& condition) {
  for (std::size_t steps = 0; steps < settings_.steps_max; ++steps) {
    if (condition(*this))
      return true;
    if (!step())
      return condition(*this);
  }
  ran_away_ = true;
  return false;
}

// ── Power ────────────────────────────────────────────────────────────────────────────────────

void world::lose_power() {
  restart();
}

void world::restart() {
  ++crashes_;
  // Places that are given back from here on are of no process any more.
  gate_->on_offer(nullptr);
  if (crashes_ == 1) {
    time.step_wall(settings_.wall_step_at_restart_ms);
    if (settings_.orders_after_restart)
      next_orders_ = settings_.orders_after_restart;
  }
  for (;;) {
    ++incarnation_;
    gate_->on_offer(nullptr);
    objects_.clear();
    due_.clear();
    touched_.clear();
    in_commit_.clear();
    queue_.clear();
    submitted_ = durable_ = 0;
    timers_.clear();
    waiters_.clear();
    slice_wanted_ = false;
    journal_.reset();
    store.power_loss();
    // Bytes that have left reach their vendor all the same, some of them late.
    for (auto it = channels_.begin(); it != channels_.end();) {
      auto& parcels = it->second;
      std::erase_if(parcels,
                    [](const parcel& p) { return !std::holds_alternative<to_vendor>(p.content); });
      for (auto& p : parcels) {
        // Once: a later loss of power does not hold up what is in the network.
        auto& request = std::get<to_vendor>(p.content);
        request.place.release();
        const bool known = std::exchange(request.orphan, true);
        if (!known && settings_.orphan_delay_max_ms > 0 && dice_.below(3) == 0)
          p.at += static_cast<std::int64_t>(
              dice_.below(static_cast<std::uint64_t>(settings_.orphan_delay_max_ms)));
      }
      it = parcels.empty() ? channels_.erase(it) : std::next(it);
    }
    fronts_.clear();
    for (const auto& [name, parcels] : channels_)
      fronts_.emplace(parcels.front().at, name);
    time.advance(1 + static_cast<std::int64_t>(dice_.below(200)));
    if (settings_.reboots)
      boot_.reboot();
    try {
      open();
      break;
    } catch (const power_cut&) {
      ++crashes_;
    }
  }
  for (auto& id : must(journal_->resumable()))
    put("resume " + id.text(), time.true_ms() + latency(), to_object{id, wake{}, 0});
  for (auto& row : must(journal_->timers(time.true_ms() + 100LL * 365 * 24 * 3'600'000, 100'000)))
    timers_.add(time.true_at(clock_->steady_due(row.recorded_at, row.due_at)),
                std::move(row.object));
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (!clients_[i].heard)
      ask_again(i);
}

// ── Objects ──────────────────────────────────────────────────────────────────────────────────

void world::deliver(std::string channel) {
  auto it = channels_.find(channel);
  auto& parcels = it->second;
  fronts_.erase({parcels.front().at, channel});
  auto content = std::move(parcels.front().content);
  parcels.pop_front();
  if (parcels.empty())
    channels_.erase(it);
  else
    fronts_.emplace(parcels.front().at, it->first);
  if (auto* request = std::get_if<to_vendor>(&content))
    arrive(std::move(*request));
  else
    handle(std::move(std::get<to_object>(content)));
}

void world::handle(to_object event) {
  const auto id = event.object;
  auto& slot = objects_[id];
  if (!slot.machine) {
    auto state = must(journal_->load(id));
    state.id = id;
    slot.machine = std::make_unique<object_machine>(std::move(state), services_, *journal_, *env_);
    slot.machine->activate();
    active_max_ = std::max(active_max_, objects_.size());
  }
  touched_.insert(id);
  slot.source = std::max(slot.source, event.source);
  pending_output now;
  now.object = id;
  if (auto* in = std::get_if<from_client>(&event.event))
    on_client(*slot.machine, now, *in);
  else if (auto* message = std::get_if<durable::object_message>(&event.event))
    slot.machine->on_message(*message);
  else if (auto* a = std::get_if<vendor_outcome>(&event.event))
    slot.machine->on_outcome(a->ref, a->outcome);
  else if (auto* offer = std::get_if<host::place_offer>(&event.event)) {
    slot.machine->on_place(offer->who);
    gate_->not_taken(*offer);
  } else
    slot.machine->on_time();
  flush(id, std::move(now));
}

/// As the gateway and object_actor.cpp do it.
void world::on_client(object_machine& machine, pending_output& now, const from_client& from) {
  auto& c = clients_[from.number];
  const auto* handler = services_.find(c.object.service, c.handler);
  if (handler == nullptr || (handler->internal && !c.internal))
    return hear(from.number, {404, "no such handler"});
  std::string body = c.body;
  if (handler->validate) {
    auto checked = handler->validate(c.object.key, body);
    if (!checked)
      return hear(from.number, {status_of(checked.error()), checked.error().message});
    body = std::move(*checked);
  }
  journal::input_payload in;
  in.handler = c.handler;
  in.revision = handler->revision;
  in.shared = handler->mode == durable::handler_mode::shared ||
              handler->mode == durable::handler_mode::event;
  in.body = std::move(body);
  journal::request_key key;
  key.scope = host::request_scope(c.object, c.handler, c.request_key);
  key.body = host::request_content(c.handler, c.body);
  key.expires_at = clock_->now() + env_->request_retention_ms;
  in.key = key;
  using kind = durable::verdict_kind;
  const auto verdict = machine.on_input(from.invocation, std::move(in));
  if (verdict.kind != kind::accepted && verdict.kind != kind::known)
    return hear(from.number, {verdict.kind == kind::conflict ? 422 : 429, verdict.why.message});
  c.invocation = verdict.invocation;
  if (c.one_way) {
    now.accepted.push_back(from.number);
    return;
  }
  if (verdict.kind == kind::known && machine.state().find_live(verdict.invocation) == nullptr) {
    auto row = must(journal_->find_invocation(verdict.invocation));
    if (row && row->invocation.finished)
      return hear(from.number,
                  answer_of_outcome(must(journal::decode_result(row->invocation.output))));
  }
  waiters_.emplace(verdict.invocation, from.number);
}

void world::flush(const object_id& id, pending_output now) {
  auto& slot = objects_.at(id);
  auto out = slot.machine->take();
  const auto due = slot.machine->due();
  set_due(id, slot, due ? std::optional(time.true_at(*due)) : std::nullopt);
  now.calls = std::move(out.calls);
  now.finished = std::move(out.finished);
  const auto leaves =
      host::when_it_leaves(!out.turn.records.empty(), !now.empty(), slot.submitted > durable_);
  const bool queued = leaves == host::leaving::behind_turn;
  if (queued) {
    slot.submitted = ++submitted_;
    queue_.push_back({std::move(out.turn), std::exchange(now, {})});
  }
  for (auto& m : out.messages) {
    const auto target = target_of(m);
    put(id.text() + " > " + target.text(), time.true_ms(),
        to_object{target, std::move(m), slot.submitted});
  }
  if (queued)
    point("a turn is queued, not durable");
  else if (leaves == host::leaving::at_once)
    release(std::move(now));
}

void world::passivate(const object_id& id) {
  auto it = objects_.find(id);
  if (const auto due = it->second.due) {
    timers_.add(*due, id);
    due_.erase({*due, id});
  }
  objects_.erase(it);
}

void world::leave_memory() {
  for (auto it = touched_.begin(); it != touched_.end();) {
    const auto object = objects_.find(*it);
    if (object == objects_.end()) {
      it = touched_.erase(it);
      continue;
    }
    const auto& o = object->second;
    host::memory_facts facts(*o.machine);
    facts.all_durable = o.submitted <= durable_ && o.source <= durable_;
    facts.quiet = true;
    if (o.due)
      facts.due_in_ms = *o.due - time.true_ms();
    facts.stays_ms = 1;
    if (host::may_leave_memory(facts))
      passivate(object->first);
    // Whoever waits for something is touched again by it; else for a commit.
    it = facts.all_durable ? touched_.erase(it) : std::next(it);
  }
}

// ── The writer ───────────────────────────────────────────────────────────────────────────────

void world::commit() {
  if (settings_.failed_commits_per_mille > 0 &&
      dice_.below(1'000) < settings_.failed_commits_per_mille)
    store.fail_commit(1, dice_.below(2) == 0 ? error_kind::full : error_kind::unavailable);
  std::vector<journal::turn> turns;
  newest_in_commit_ = newest_time_;
  for (auto& j : queue_) {
    for (const auto& r : j.turn.records) {
      in_commit_.push_back({r.object, r.kind, name_in(r)});
      if (r.time < newest_in_commit_)
        ++times_went_back_;
      newest_in_commit_ = std::max(newest_in_commit_, r.time);
    }
    turns.push_back(std::move(j.turn));
  }
  while (!journal_->commit(turns)) {
  }
  auto done = std::move(queue_);
  queue_.clear();
  slice_wanted_ = true;
  durable_ += done.size();
  for (auto& j : done)
    release(std::move(j.after));
}

void world::note_durable() {
  newest_time_ = std::max(newest_time_, newest_in_commit_);
  for (auto& line : std::exchange(in_commit_, {}))
    log_.push_back(std::move(line));
}

void world::slice() {
  auto more = journal_->maintain(time.true_ms());
  slice_wanted_ = more ? *more : true;
  point("between two slices of a checkpoint");
}

void world::release(pending_output after) {
  for (const auto number : after.accepted) {
    hear(number, {202, clients_[number].invocation.text()});
    point("the input is acknowledged");
  }
  for (auto& call : after.calls) {
    point("the intent is durable, the call has not left");
    const auto now = time.true_ms();
    auto channel = "call " + std::to_string(++numbers_);
    auto place = gate_->leave(call.vendor, call.ref, host::kind_of(call.call_class, call.lookup));
    if (settings_.not_sent_per_mille > 0 && dice_.below(1'000) < settings_.not_sent_per_mille) {
      put(channel, now + latency(),
          to_object{after.object,
                    vendor_outcome{call.ref,
                                   {providers::outcome_kind::not_sent, {}, "no route"},
                                   std::move(place)},
                    0});
      continue;
    }
    std::string line = call.request.method + " /" + call.vendor + call.request.target;
    for (const auto& [name, value] : call.request.headers)
      if (lower(name) == "idempotency-key")
        line += ' ' + value;
    requests_.push_back(std::move(line));
    put(channel, now + latency(),
        to_vendor{std::move(call), after.object, false, incarnation_, now, std::move(place)});
    point("the call has left");
  }
  for (auto& f : after.finished) {
    const auto a = answer_of_outcome(f.outcome);
    auto [from, to] = waiters_.equal_range(f.invocation);
    for (auto it = from; it != to; ++it)
      hear(it->second, a);
    waiters_.erase(from, to);
    point("the answer has left");
  }
}

// ── Vendors ──────────────────────────────────────────────────────────────────────────────────

void world::arrive(to_vendor request) {
  const auto now = time.true_ms();
  const auto reply =
      mock.handle(request_of(vendors_, request.call.vendor, request.call.request), now);
  providers::transport_outcome outcome;
  if (reply.wire == mock::wire_action::answer || reply.wire == mock::wire_action::answer_then_reset)
    outcome = {providers::outcome_kind::response, reply.response, {}};
  else
    outcome = {providers::outcome_kind::lost, {}, "the connection was cut"};
  auto at = now + reply.delay_ms + latency();
  if (const auto cut = request.left_at + request.call.deadline_ms; at > cut) {
    outcome = {providers::outcome_kind::lost, {}, "the deadline has passed"};
    at = std::max(cut, now);
  }
  if (!request.orphan)
    put("answer " + std::to_string(++numbers_), at,
        to_object{request.from,
                  vendor_outcome{request.call.ref, std::move(outcome), std::move(request.place)},
                  0});
  point("the vendor has done its work");
}

// ── Looking at it ────────────────────────────────────────────────────────────────────────────

world::answer world::order(const std::string& key) const {
  const object_id id{"OrderOrchestrator", key};
  auto state = must(journal_->load(id));
  state.id = id;
  const std::function<result<journal::object_state>(const object_id&)> load =
      [this](const object_id& other) {
        auto found = journal_->load(other);
        if (found)
          found->id = other;
        return found;
      };
  return answer_of_outcome(services_.find(id.service, "GetOrder")->read({state, load}, {}));
}

world::answer world::enriched(const object_id& object, const std::string& handler, answer a) {
  const auto* h = services_.find(object.service, handler);
  if (a.status != 200 || h == nullptr || !h->enrich)
    return a;
  auto part = h->enrich(a.body);
  if (!part)
    return a;
  auto reply = mock.handle(request_of(vendors_, part->operation.vendor, part->operation.request),
                           time.true_ms());
  if (reply.wire == mock::wire_action::answer || reply.wire == mock::wire_action::answer_then_reset)
    a.body = part->add(std::move(a.body), reply.response);
  return a;
}

std::size_t world::effects(const std::string& order, mock::effect_kind kind,
                           std::string_view step) const {
  const auto& ledger = mock.effects();
  std::size_t count = 0;
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    const auto e = ledger.at(i);
    if (e.order_id == order && e.kind == kind && (step.empty() || e.step == step))
      ++count;
  }
  return count;
}

bool world::calling(std::string_view vendor, std::string_view path_part) const {
  for (const auto& [name, parcels] : channels_)
    for (const auto& p : parcels)
      if (const auto* request = std::get_if<to_vendor>(&p.content);
          request != nullptr && !request->orphan && request->call.vendor == vendor &&
          request->call.request.target.find(path_part) != std::string::npos)
        return true;
  return false;
}

std::vector<std::string> world::paused() const {
  std::vector<std::string> list;
  for (const auto& [id, o] : objects_)
    for (const auto& [invocation, why] : o.machine->paused())
      list.push_back(id.text() + ": " + why);
  return list;
}

std::vector<std::string> world::live() const {
  std::vector<std::string> list;
  std::set<std::string> keys;
  for (const auto& c : clients_)
    keys.insert(c.object.key);
  for (const auto& [name, service] : services_.services)
    for (const auto& key : keys) {
      const auto state = must(journal_->load({name, key}));
      for (const auto& i : state.live)
        list.push_back(name + '/' + key + ' ' + i.input.handler);
    }
  return list;
}

result<std::string> world::outcome(const invocation_id& id) const {
  auto row = must(journal_->find_invocation(id));
  if (!row)
    return fail({error_kind::not_found, "world", "no such invocation", 404});
  if (!row->invocation.finished)
    return fail({error_kind::unavailable, "world", "not finished", 470});
  return must(journal::decode_result(row->invocation.output));
}

bool world::knows(const invocation_id& id) const {
  return must(journal_->find_invocation(id)).has_value();
}

world_settings with_faults(std::string_view control) {
  world_settings s;
  s.mock.faults = must(providers::mock::parse_control(control)).faults;
  return s;
}

} // namespace orderhub::testing
