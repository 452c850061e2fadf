#include "tests/actors/host/one_thread_host.hpp"

#include "actors/host/response.hpp"
#include "tests/support/must.hpp"

#include <algorithm>

namespace orderhub::testing {

struct one_thread_host::active_object final : host::object_host {
  active_object(one_thread_host& h, host::activation who) : hub(h), object(*h.shared_, *this) {
    object.begin(std::move(who));
  }

  void append(journal::turn turn, std::shared_ptr<host::pending_output> then) override {
    hub.turns.push_back({std::move(turn), std::move(then), object.who()});
  }
  void release_now(host::pending_output& what) override;
  void deliver(object_id target, durable::object_message what, host::turn_ref source) override {
    hub.messages_.push_back({std::move(target), std::move(what), std::move(source)});
  }
  void wake_at(std::optional<std::int64_t> at) override {
    if (at)
      hub.due_[object.who().object] = *at;
    else
      hub.due_.erase(object.who().object);
  }
  void read_apart(providers::answer_reader reader, host::vendor_outcome outcome) override {
    hub.read_apart.push_back({std::move(reader), std::move(outcome), object.who().object});
  }
  void failed(host::failed_activation /*what*/) override { ++hub.failures; }

  one_thread_host& hub;
  host::hosted_object object;
};

class one_thread_host::calls_out final : public host::outlet {
public:
  calls_out(one_thread_host& hub, host::activation from)
      : outlet(*hub.shared_), hub_(hub), from_(std::move(from)) {}

  void call_vendor(durable::vendor_call call) override {
    auto place =
        shared_.gate->leave(call.vendor, call.ref, host::kind_of(call.call_class, call.lookup));
    hub_.calls.push_back({std::move(call), from_, std::move(place)});
  }
  void build_anew(std::string_view why) override {
    hub_.give(from_.object, host::activation_failed{from_.incarnation, std::string(why)});
  }
  void tell_durable() override {}

private:
  one_thread_host& hub_;
  host::activation from_;
};

void one_thread_host::active_object::release_now(host::pending_output& what) {
  calls_out out(hub, object.who());
  host::release(*hub.shared_, what, out);
}

// ── The process ──────────────────────────────────────────────────────────────────────────────

one_thread_host::one_thread_host() {
  vendors_.endpoints["shop"] = {"shop", "http://shop.test", "mock", {}, -1};
}

one_thread_host::~one_thread_host() {
  close();
}

void one_thread_host::open() {
  if (journal_)
    return;
  journal_ = must(journal::hub_journal::open(store_, {}, random_));
  clock_.emplace(time, clock_start_of(journal_->last_stamp(), time.wall_ms(), 0, {}));
  auto gate =
      std::make_shared<host::vendor_gate>(std::vector<std::string>{"shop"}, places, time, rates);
  gate->on_offer([this](host::place_offer o) { offers_.push_back(std::move(o)); });
  host::restore_switches(*gate, *journal_);
  env_.emplace(durable::environment{.time = *clock_,
                                    .random = random_,
                                    .hub = journal_->hub(),
                                    .vendors = vendors_,
                                    .gate = gate.get(),
                                    .started_at = time.steady_ms()});
  shared_.reset(new host::host_context{
      .journal = *journal_, .services = services, .env = *env_, .gate = std::move(gate)});
  intake_ = std::make_unique<host::intake>(
      *shared_, static_cast<host::door_host&>(*this),
      std::shared_ptr<host::part_fetcher>(std::shared_ptr<void>(), this));
  for (const auto& id : must(journal_->resumable()))
    give(id, host::wake{});
}

void one_thread_host::close() {
  if (shared_)
    shared_->gate->on_offer(nullptr); // What is given back from here on is of no process any more.
  objects_.clear();
  turns.clear();
  calls.clear();
  read_apart.clear();
  messages_.clear();
  offers_.clear();
  due_.clear();
  intake_.reset();
  shared_.reset();
  journal_.reset();
}

void one_thread_host::restart() {
  close();
  store_.crash();
  open();
}

// ── The door ─────────────────────────────────────────────────────────────────────────────────

invocation_id one_thread_host::new_invocation() {
  return invocation_id::make(clock_->now(), random_);
}

void one_thread_host::route(object_id object, host::object_event event) {
  give(object, std::move(event));
}

void one_thread_host::fetch(durable::vendor_call /*call*/, host::place_lease /*place*/,
                            callback done) {
  done({providers::outcome_kind::response, {200, {}, "part"}, {}});
}

one_thread_host::caller one_thread_host::call(const std::string& key, const std::string& handler,
                                              const std::string& body,
                                              const std::string& request_key, bool one_way) {
  open();
  host::call_request request{.service = "Shop",
                             .key = key,
                             .handler = handler,
                             .body = body,
                             .idempotency_key = request_key,
                             .one_way = one_way};
  request.held = std::exchange(held, nullptr);
  auto to = std::make_shared<kept_responder>();
  intake_->call(request, to);
  return to;
}

one_thread_host::caller one_thread_host::attach_workflow(const std::string& key, bool wait) {
  open();
  auto to = std::make_shared<kept_responder>();
  intake_->attach(host::by_workflow{"Shop", key}, wait, to);
  return to;
}

one_thread_host::caller one_thread_host::attach(const std::string& invocation, bool wait) {
  open();
  auto to = std::make_shared<kept_responder>();
  intake_->attach(host::by_invocation_id{invocation}, wait, to);
  return to;
}

one_thread_host::caller one_thread_host::complete_awakeable(const std::string& id,
                                                            const std::string& value) {
  open();
  auto to = std::make_shared<kept_responder>();
  host::awakeable_input in{{}, value, to};
  intake_->complete_awakeable(id, in);
  return to;
}

one_thread_host::caller one_thread_host::operate_vendor(host::vendor_verb verb,
                                                        host::operator_note by) {
  open();
  auto to = std::make_shared<kept_responder>();
  auto record = host::record_of("shop", verb, std::move(by));
  if (!record) {
    to->finished(host::failure(400, record.error().message));
    return to;
  }
  give(record->object,
       host::operator_input{.invocation = {},
                            .action = record->action,
                            .to = host::switching(shared_->gate, "shop", *record, to)});
  return to;
}

one_thread_host::caller one_thread_host::operate(const std::string& key, const std::string& id,
                                                 std::vector<host::seen_object> unchanged) {
  open();
  auto to = std::make_shared<kept_responder>();
  host::operator_input input{.invocation = {}, .action = {}, .to = to};
  input.action.verb = journal::operator_verb::ack;
  input.action.who = "ada";
  input.action.id = id;
  input.unchanged = std::move(unchanged);
  give({"Shop", key}, std::move(input));
  return to;
}

host::seen_object one_thread_host::seen(const std::string& key) const {
  return {{"Shop", key}, must(journal_->load({"Shop", key})).folded_to};
}

host::vendor_places one_thread_host::vendor() {
  open();
  return shared_->gate->snapshot().front();
}

// ── Objects ──────────────────────────────────────────────────────────────────────────────────

void one_thread_host::give(const object_id& id, host::object_event event, host::turn_ref source) {
  auto& slot = objects_[id];
  if (!slot || !slot->object.in_memory())
    slot = std::make_unique<active_object>(*this, host::activation{id, ++activations});
  slot->object.handle(event, std::move(source));
  deliver_all();
}

void one_thread_host::deliver_all() {
  while (!messages_.empty()) {
    auto m = std::move(messages_.front());
    messages_.pop_front();
    give(m.to, std::move(m.what), std::move(m.source));
  }
  while (!offers_.empty()) {
    auto o = std::move(offers_.front());
    offers_.pop_front();
    auto object = o.object;
    give(object, host::place_offered{std::move(o)});
  }
}

void one_thread_host::commit_one() {
  auto next = std::move(turns.front());
  turns.pop_front();
  std::vector<journal::turn> one;
  one.push_back(std::move(next.turn));
  if (!journal_->commit(one))
    std::abort();
  calls_out out(*this, std::move(next.from));
  host::release(*shared_, *next.then, out);
  deliver_all();
}

void one_thread_host::commit() {
  while (!turns.empty())
    commit_one();
}

void one_thread_host::answer(providers::transport_outcome outcome) {
  auto c = std::move(calls.front());
  calls.pop_front();
  give(c.from.object, host::vendor_outcome{c.call.ref, c.from.incarnation, std::move(outcome),
                                           std::move(c.place)});
  deliver_all(); // What its place was offered to.
}

void one_thread_host::read_one() {
  auto next = std::move(read_apart.front());
  read_apart.pop_front();
  next.outcome.reading = next.reader.read(next.outcome.outcome.response);
  give(next.object, std::move(next.outcome));
}

void one_thread_host::pass(std::int64_t ms) {
  time.advance(ms);
  std::vector<object_id> rung;
  for (const auto& [id, at] : due_)
    if (at <= time.steady_ms())
      rung.push_back(id);
  for (const auto& id : rung) {
    due_.erase(id);
    give(id, host::tick{});
  }
  if (shared_)
    shared_->gate->tick();
  deliver_all();
}

std::size_t one_thread_host::leave_memory() {
  return std::erase_if(
      objects_, [](auto& o) { return o.second->object.may_leave({.quiet = true, .stays_ms = 1}); });
}

void one_thread_host::break_down(const std::string& key) {
  const object_id id{"Shop", key};
  const auto incarnation = objects_.at(id)->object.who().incarnation;
  give(id, host::activation_failed{incarnation, "the test says so"});
}

std::string one_thread_host::value(const std::string& key, const std::string& entry) const {
  const auto state = must(journal_->load({"Shop", key}));
  const auto* v = state.value(entry);
  return v != nullptr ? *v : std::string();
}

std::size_t one_thread_host::places_taken() const {
  return shared_->gate->snapshot().front().in_flight.front();
}

} // namespace orderhub::testing
