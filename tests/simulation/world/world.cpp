#include "tests/simulation/world/world.hpp"

#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/host/enrichment.hpp"
#include "actors/host/intake.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/copied_effects.hpp"
#include "tests/simulation/world/objects.hpp"
#include "tests/simulation/world/vendors.hpp"
#include "tests/support/must.hpp"

#include <memory>
#include <set>
#include <utility>

namespace orderhub::testing {

namespace mock = providers::mock;

world::world(world_settings settings)
    : mock(settings.mock), settings_(std::move(settings)), dice_(settings_.seed * 2 + 1),
      random_(settings_.seed * 2 + 2), next_orders_(settings_.orders) {
  // Doubts and pauses are what this is about: thousands of runs would fill the log with them.
  log::set_level(log::level::off);
  if (settings_.commit_log)
    disk_ = std::make_unique<simulated_log>();
  open();
  if (disk_)
    disk_->on_change([this] { disk_changed(); });
  store.on_commit([this](std::uint64_t, bool done) {
    if (disk_) {
      point(done ? "the tables are on disk, the log does not know"
                 : "the tables' commit has begun");
    } else {
      if (done)
        note_durable();
      point(done ? "the commit is on disk, nobody knows" : "the commit has begun");
    }
    if (power_off_)
      throw power_cut{};
  });
}

world::~world() {
  if (gate_)
    gate_->on_offer(nullptr);
}

void world::open() {
  if (auto orders = std::exchange(next_orders_, std::nullopt)) {
    orders_ = std::move(*orders);
    vendors_ = mock_registry(orders_, settings_.absence_after_ms);
    for (auto& [name, endpoint] : vendors_.endpoints)
      endpoint.doubt = settings_.doubt;
  }
  board_ = std::make_shared<durable::wait_board>(orders_.call_after_ms);
  orders_.board = board_;
  orders_.knows_webhook = [this](const std::string& key) {
    return handlers::knows_webhook(*journal_, key);
  };
  services_ = handlers::all_services(
      std::make_shared<const handlers::order_settings>(orders_),
      [this](const object_id& id) { return journal_->load(id); }, time.wall_ms());
  auto journal_settings = settings_.journal;
  journal_settings.boot = &boot_;
  journal_settings.lists = &handlers::order_lists();
  if (disk_)
    commits_ = std::make_unique<journal::commit_log>(
        *disk_, journal::commit_log_options{.segment_size = 64U << 10U, .spare = 1});
  journal_ = must(journal::hub_journal::open(store, journal_settings, random_, commits_.get()));
  must(journal::start_on(store, *journal_, time.wall_ms()));
  const auto last_run =
      clock_start_of(journal_->last_stamp(), time.wall_ms(), boot_.boottime_ms(), boot_.boot_id());
  clock_.emplace(time, last_run);
  std::vector<std::string> names;
  for (const auto& [name, endpoint] : vendors_.endpoints)
    names.push_back(name);
  gate_ = std::make_shared<host::vendor_gate>(names, settings_.places, time, settings_.rates);
  host::restore_switches(*gate_, *journal_);
  gate_->on_offer([this](host::place_offer offer) {
    auto object = offer.object;
    const auto channel = "gate > " + object.text();
    put(channel, time.true_ms(),
        to_object{std::move(object), host::place_offered{std::move(offer)}});
  });
  env_.emplace(durable::environment{.time = *clock_,
                                    .random = random_,
                                    .hub = journal_->hub(),
                                    .vendors = vendors_,
                                    .gate = gate_.get(),
                                    .board = board_.get(),
                                    .vendor_clocks = &vendor_clocks_,
                                    .started_at = time.steady_ms(),
                                    .away_ms = last_run.elapsed_ms,
                                    .unstable_keys_for_test = settings_.unstable_keys});
  shared_.reset(new host::host_context{
      .journal = *journal_, .services = services_, .env = *env_, .gate = gate_});
  intake_ = std::make_unique<host::intake>(*shared_, static_cast<host::door_host&>(*this), parts());
}

std::shared_ptr<host::part_fetcher> world::parts() {
  return {std::shared_ptr<void>(), this}; // Owned by nobody: it outlives who asks.
}

void world::point(std::string_view name) {
  if (power_off_)
    return;
  points_.push_back(name);
  if (auto here = at_points_.extract(points_.size()))
    for (auto& action : here.mapped())
      action(*this);
  power_off_ = settings_.crash_at.contains(points_.size());
}

void world::at_point(std::size_t number, std::function<void(world&)> action) {
  at_points_[number].push_back(std::move(action));
}

void world::when(std::function<bool(world&)> condition, std::function<void(world&)> action) {
  watches_.emplace_back(std::move(condition), std::move(action));
}

// ── Looking at it ────────────────────────────────────────────────────────────────────────────

world::answer world::order(const std::string& key) const {
  return read({"OrderOrchestrator", key}, "GetOrder");
}

world::answer world::read(const object_id& id, const std::string& handler) const {
  const auto outcome =
      host::read_object(*journal_, *services_.find(id.service, handler), id, {}, clock_->now());
  if (outcome)
    return {200, *outcome};
  return {status_of(outcome.error()), outcome.error().message};
}

std::string world::hub_text() const {
  return hex_of(journal_->hub());
}

world::answer world::enriched(const object_id& object, const std::string& handler, answer a) {
  struct kept final : host::responder {
    void accepted(std::string_view /*id*/) override {}
    void finished(host::call_response r) override { response = std::move(r); }
    host::call_response response;
  };
  const auto* h = services_.find(object.service, handler);
  if (h == nullptr || !h->enrich)
    return a;
  auto to = std::make_shared<kept>();
  host::call_response stored;
  stored.status = static_cast<std::uint16_t>(a.status);
  stored.body = std::move(a.body);
  fetches_parts_ = true;
  host::enriching(*shared_, *h, parts(), to)->finished(std::move(stored));
  fetches_parts_ = false;
  return {to->response.status, std::move(to->response.body)};
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

std::vector<std::string> world::paused() const {
  std::vector<std::string> list;
  for (const auto& [id, o] : objects_)
    if (const auto* machine = o->object.machine())
      for (const auto& [invocation, why] : machine->paused())
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
