#include "tests/support/sim_harness.hpp"

#include "tests/support/must.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace orderhub::testing {

using durable::object_machine;
using journal::record_kind;

sim_harness::sim_harness() {
  vendors.endpoints["shop"] = {"shop", "http://shop.test", "mock", {}, -1};
  services.services["S"];
  open();
}

durable::handler_definition&
sim_harness::handler(const std::string& name, durable::handler_mode mode,
                     durable::handler_task (*run)(durable::context, std::string)) {
  auto& h = services.services["S"].handlers[name];
  h.mode = mode;
  h.run = run;
  return h;
}

void sim_harness::open() {
  journal = must(journal::hub_journal::open(store, {}, random));
  clock_start start;
  start.last_time = journal->last_time();
  start.elapsed_ms = start.last_time == 0 ? 0 : time.true_ms() - committed_at_;
  if (std::exchange(went_back, false)) {
    start.elapsed_ms = 0;
    start.went_back = true;
  }
  journal_time.emplace(time, start);
  env.emplace(durable::environment{*journal_time, random, journal->hub(), vendors, gate, board,
                                   metrics, &vendor_clocks, time.steady_ms()});
  env->unstable_keys_for_test = unstable_keys;
}

object_machine& sim_harness::at(const object_id& id) {
  auto& slot = objects_[id];
  if (!slot) {
    auto state = must(journal->load(id));
    state.id = id;
    slot = std::make_unique<object_machine>(std::move(state), services, *journal, *env);
    slot->activate();
    release(id);
  }
  return *objects_.at(id);
}

void sim_harness::release(const object_id& id) {
  auto out = objects_.at(id)->take();
  if (!out.turn.records.empty()) {
    std::vector<journal::turn> turns;
    turns.push_back(std::move(out.turn));
    if (!journal->commit(turns))
      std::abort();
    committed_at_ = time.true_ms();
  }
  for (auto& c : out.calls) {
    ++sent;
    calls.push_back(std::move(c));
  }
  for (auto& m : out.messages) {
    const auto target = target_of(m);
    at(target).on_message(m);
    release(target);
  }
}

invocation_id sim_harness::send(const std::string& key, const std::string& handler,
                                std::string body, std::int64_t delay_ms) {
  journal::input_payload in;
  const auto* h = services.find("S", handler);
  in.handler = handler;
  in.shared = h != nullptr &&
              (h->mode == durable::handler_mode::shared || h->mode == durable::handler_mode::event);
  in.revision = h != nullptr ? h->revision : "";
  in.body = std::move(body);
  in.due_at = delay_ms > 0 ? journal_time->now() + delay_ms : 0;
  const auto id = object(key);
  auto verdict = at(id).on_input(invocation_id::make(time.true_ms(), random), std::move(in));
  release(id);
  if (verdict.kind != durable::verdict_kind::accepted)
    std::abort();
  return verdict.invocation;
}

durable::input_verdict sim_harness::input(const std::string& key, const std::string& handler,
                                          std::string body,
                                          std::optional<journal::request_key> request) {
  journal::input_payload in;
  in.handler = handler;
  in.revision = "1";
  in.body = std::move(body);
  in.key = request;
  const auto id = object(key);
  auto verdict = at(id).on_input(invocation_id::make(time.true_ms(), random), std::move(in));
  release(id);
  return verdict;
}

void sim_harness::cancel(const std::string& key, const invocation_id& id) {
  at(object(key)).on_message(durable::cancel_for{object(key), id});
  release(object(key));
}

durable::awakeable_verdict sim_harness::complete(const std::string& awakeable,
                                                 result<std::string> value) {
  const auto id = awakeable_id::parse(awakeable);
  if (!id)
    return durable::awakeable_verdict::unknown;
  auto row = must(journal->find_invocation(id->invocation));
  if (!row)
    return durable::awakeable_verdict::unknown;
  auto verdict = at(row->object).on_awakeable(*id, std::move(value));
  release(row->object);
  return verdict;
}

void sim_harness::answer(const providers::transport_outcome& outcome) {
  if (calls.empty())
    std::abort();
  auto call = std::move(calls.front());
  calls.pop_front();
  answer(call, outcome);
}

void sim_harness::answer(const durable::vendor_call& call,
                         const providers::transport_outcome& outcome) {
  auto row = must(journal->find_invocation(call.ref.invocation));
  if (!row)
    std::abort();
  at(row->object).on_outcome(call.ref, outcome);
  release(row->object);
}

void sim_harness::advance(std::int64_t ms) {
  const auto end = time.steady_ms() + ms;
  for (int steps = 0; steps < 10'000; ++steps) {
    std::optional<std::pair<std::int64_t, object_id>> first;
    for (const auto& [id, o] : objects_)
      if (auto due = o->due(); due && *due <= end && (!first || *due < first->first))
        first = {*due, id};
    if (!first) {
      time.set(time.true_at(end));
      return;
    }
    time.set(std::max(time.true_ms(), time.true_at(first->first)));
    at(first->second).on_time();
    release(first->second);
  }
  std::abort(); // Something is due for ever.
}

void sim_harness::restart() {
  objects_.clear();
  calls.clear();
  journal.reset();
  store.crash();
  open();
  for (const auto& id : must(journal->resumable()))
    at(id);
  // Whoever has a time is active here, so that `advance` sees it.
  for (const auto& row : must(journal->timers(time.true_ms() + 1'000'000'000, 1'000))) {
    at(row.object).on_time();
    release(row.object);
  }
}

bool sim_harness::operate(const std::string& key, const invocation_id& invocation,
                          const journal::operator_payload& action) {
  const bool taken = at(object(key)).on_operator(invocation, action);
  release(object(key));
  return taken;
}

void sim_harness::place(const std::string& key, const durable::call_ref& ref) {
  at(object(key)).on_place(ref);
  release(object(key));
}

void sim_harness::passivate(const std::string& key) {
  const auto id = object(key);
  if (auto it = objects_.find(id); it != objects_.end()) {
    if (!it->second->suspendable())
      std::abort();
    objects_.erase(it);
  }
}

void sim_harness::reactivate(const std::string& key) {
  passivate(key);
  at(object(key));
}

std::optional<result<std::string>> sim_harness::outcome(const invocation_id& id) const {
  auto row = must(journal->find_invocation(id));
  if (!row || !row->invocation.finished)
    return std::nullopt;
  return must(journal::decode_result(row->invocation.output));
}

std::vector<journal::entry> sim_harness::entries(const invocation_id& id) const {
  auto row = must(journal->find_invocation(id));
  return row ? row->invocation.entries : std::vector<journal::entry>();
}

std::string sim_harness::kinds(const invocation_id& id) const {
  std::string text;
  for (const auto& e : entries(id))
    text += (text.empty() ? "" : " ") + std::string(journal::name_of(e.kind));
  return text;
}

std::string sim_harness::notes(const invocation_id& id) const {
  std::string text;
  for (const auto& e : entries(id))
    if (e.kind == record_kind::effect_note)
      if (const auto kind = must(journal::decode_note(e.payload)).kind;
          kind != journal::note_kind::answered)
        text += (text.empty() ? "" : " ") + std::string(journal::name_of(kind));
  return text;
}

std::string sim_harness::paused(const invocation_id& id) const {
  auto row = must(journal->find_invocation(id));
  return row ? row->invocation.paused_text : std::string();
}

std::string sim_harness::value(const std::string& key, const std::string& name) const {
  const auto state = must(journal->load(object(key)));
  const auto* v = state.value(name);
  return v != nullptr ? *v : std::string();
}

std::string key_of(const durable::vendor_call& call) {
  for (const auto& [name, value] : call.request.headers)
    if (name == "idempotency-key")
      return value;
  return {};
}

} // namespace orderhub::testing
