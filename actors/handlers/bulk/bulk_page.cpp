// What a page of a bulk does: its items, one after the other.
#include "actors/handlers/bulk/bulk.hpp"
#include "actors/handlers/bulk/bulk_check.hpp"
#include "actors/handlers/bulk/bulk_service.hpp"
#include "actors/handlers/bulk/operate.hpp"
#include "actors/handlers/objects.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::event_outcome;
using durable::handler_task;
using durable::task;
using journal::object_state;

namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::size_t text_max = 200;
/// More objects than an order has.
constexpr std::size_t objects_max = 12;
constexpr std::uint8_t version = 1;

/// Where an item is looked at.
struct surroundings {
  settings_ptr settings;
  object_loader load;
  unix_ms started_at = 0;
};

std::int64_t number_in(std::string_view text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// Which page of which bulk a key names.
struct page_name {
  std::string bulk;
  std::uint32_t page = 0;
};
page_name name_in(const std::string& key) {
  const auto colon = key.rfind(':');
  if (colon == std::string::npos)
    return {key, 0};
  return {key.substr(0, colon),
          static_cast<std::uint32_t>(number_in(std::string_view(key).substr(colon + 1)))};
}

// ── An item is looked at ─────────────────────────────────────────────────────────────────────

std::string encode(const bulk_check& check) {
  byte_writer w(64);
  w.u8(version);
  w.u8(check.skipped ? static_cast<std::uint8_t>(*check.skipped) : 0);
  w.u8(static_cast<std::uint8_t>(check.objects.size()));
  for (const auto& object : check.objects) {
    w.str8(object.service);
    w.str8(object.key);
  }
  return w.take();
}

result<bulk_check> decode_check(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8(), why = r.u8();
  bulk_check check;
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    object_id object;
    object.service = r.str8();
    object.key = r.str8();
    check.objects.push_back(std::move(object));
  }
  if (v != version || why > bulk_skip_count || !r.done())
    return fail({error_kind::corrupt, "bulk", "what an item was found to be cannot be read"});
  if (why > 0)
    check.skipped = static_cast<bulk_skip>(why);
  return check;
}

result<std::string> looked_at(surroundings with, std::string key, bulk_action action,
                              bool accepts_repeat, unix_ms now) {
  if (!with.load)
    return fail({error_kind::unavailable, "bulk", "this program cannot look at orders"});
  if (action == bulk_action::replay)
    return encode(check_webhook(key, with.load));
  explain_now moment;
  moment.at = now;
  moment.started_at = with.started_at;
  moment.call_after_ms = with.settings->call_after_ms;
  return encode(check_order(action, key, accepts_repeat, with.load, moment));
}

// ── An item is done ──────────────────────────────────────────────────────────────────────────

bulk_outcome failed(const error& why) {
  bulk_outcome o;
  o.what = bulk_outcome::kind::failed;
  o.text = cut_text(std::string_view(why.message), text_max);
  return o;
}

journal::operator_payload record_of(const bulk_turn& turn, const std::string& bulk,
                                    std::string id) {
  journal::operator_payload p;
  p.verb = verb_of(turn.action);
  p.who = turn.by.who;
  p.role = turn.by.role;
  p.via = turn.by.via;
  p.on_behalf = turn.by.on_behalf;
  p.request = turn.by.request;
  p.reason = turn.reason;
  p.evidence = "bulk " + bulk;
  p.id = std::move(id);
  return p;
}

/// Each of its objects is told; what a pause finds begun meanwhile, too.
task<bulk_outcome> tell(context ctx, std::vector<object_id> objects,
                        journal::operator_payload record, std::string key, bool is_pause) {
  bulk_outcome became;
  bool is_done = false;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    record.target = is_done ? key : ""; // The first stands for all.
    auto call = ctx.call(objects[i], operate_handler, encode(record));
    auto answer = co_await call;
    if (!answer)
      co_return failed(answer.error());
    auto said = operated::decode(*answer);
    if (!said)
      co_return failed(said.error());
    is_done = is_done || said->what != operated::kind::nothing;
    for (auto& object : said->called)
      if (is_pause && objects.size() < objects_max &&
          std::find(objects.begin(), objects.end(), object) == objects.end())
        objects.push_back(std::move(object));
  }
  if (!is_done)
    became.what = bulk_outcome::kind::skipped;
  co_return became;
}

task<bulk_outcome> do_item(context ctx, surroundings with, bulk_turn turn, std::string key,
                           std::string id) {
  auto time = co_await ctx.time();
  const unix_ms now = time ? number_in(*time) : ctx.accepted_at();
  auto looked = co_await ctx.run("look", &looked_at, std::move(with), key, turn.action,
                                 turn.accepts_repeat, now);
  auto check = looked ? decode_check(*looked) : result<bulk_check>(looked.failure());
  bulk_outcome became;
  if (!check) {
    became = failed(check.error());
  } else if (check->skipped) {
    became.what = bulk_outcome::kind::skipped;
    became.why = *check->skipped;
  } else if (turn.action == bulk_action::replay) {
    auto call = ctx.call(webhook_object(key), "Replay", {});
    auto answer = co_await call;
    if (!answer)
      became = failed(answer.error());
  } else {
    auto record = record_of(turn, name_in(ctx.key()).bulk, std::move(id));
    const bool is_pause = turn.action == bulk_action::pause;
    auto telling = tell(ctx, std::move(check->objects), std::move(record), key, is_pause);
    became = co_await telling;
  }
  became.at = now;
  co_return became;
}

// ── The page ─────────────────────────────────────────────────────────────────────────────────

task<result<bulk_turn>> ask(context ctx, std::uint32_t epoch, bulk_place place, bool is_done) {
  auto time = co_await ctx.time();
  const auto name = name_in(ctx.key());
  bulk_report report;
  report.epoch = epoch;
  report.page = name.page;
  report.is_done = is_done;
  report.tally = std::move(place.tally);
  report.at = time ? number_in(*time) : ctx.accepted_at();
  auto call = ctx.call(bulk_object(name.bulk), "Report", report.encode());
  auto answer = co_await call;
  if (!answer)
    co_return answer.failure();
  co_return bulk_turn::decode(*answer);
}

handler_task work(context ctx, std::string body, surroundings with) {
  const auto epoch = static_cast<std::uint32_t>(number_in(body));
  const auto name = name_in(ctx.key());

  // 1. May it go on?
  auto stored = co_await ctx.get(bulk_place_entry);
  auto place = bulk_place::decode(stored ? *stored : std::string());
  if (!place)
    co_return place.failure();
  auto asking = ask(ctx, epoch, *place, place->next == place->count);
  auto turn = co_await asking;
  if (!turn)
    co_return turn.failure();
  if (!turn->goes_on)
    co_return std::string("null");

  // 2. Some items, each with an outcome of its own.
  const auto batch =
      std::max(static_cast<std::uint32_t>(turn->rate_per_s * bulk_batch_ms / second_ms), 1U);
  const auto end = std::min(place->next + batch, place->count);
  const auto begun_at = place->next;
  auto first_time = co_await ctx.time();
  for (auto at = begun_at; at < end; ++at) {
    auto key = co_await ctx.get(bulk_key_entry(at));
    if (!key)
      co_return fail({error_kind::corrupt, "bulk", "a key of the page is not there"});
    const auto number = static_cast<std::uint32_t>(name.page * bulk_page_keys + at);
    auto doing = do_item(ctx, with, *turn, *key, bulk_action_id(name.bulk, number, *key));
    auto became = co_await doing;
    ctx.set(bulk_outcome_entry(at), became.encode());
    place->tally.add(became);
  }
  place->next = end;
  ctx.set(bulk_place_entry, place->encode());

  // 3. The next of them, no sooner than the rate allows; the last ones are reported at once.
  if (end == place->count) {
    auto reporting = ask(ctx, epoch, *place, true);
    auto heard = co_await reporting;
    if (!heard)
      co_return heard.failure();
    co_return std::string("null");
  }
  auto last_time = co_await ctx.time();
  const auto took_ms = first_time && last_time ? number_in(*last_time) - number_in(*first_time) : 0;
  const auto wanted_ms = second_ms * (end - begun_at) / turn->rate_per_s;
  const auto pause_ms = std::max<std::int64_t>(wanted_ms - std::max<std::int64_t>(took_ms, 0), 1);
  ctx.send(ctx.object(), "Work", body, pause_ms);
  co_return std::string("null");
}

result<event_outcome> freeze(const object_state& state, std::string_view body) {
  auto keys = decode_keys(body);
  if (!keys)
    return keys.failure();
  event_outcome outcome;
  outcome.name = "frozen";
  if (state.value(bulk_place_entry) != nullptr)
    return outcome; // A set that is frozen stays as it is.
  bulk_place place;
  place.count = static_cast<std::uint32_t>(keys->size());
  outcome.merges.emplace_back(bulk_place_entry, place.encode());
  for (std::uint32_t i = 0; i < place.count; ++i)
    outcome.merges.emplace_back(bulk_key_entry(i), std::move((*keys)[i]));
  return outcome;
}

} // namespace

durable::service_definition bulk_page_service(settings_ptr settings, object_loader load,
                                              unix_ms started_at) {
  const surroundings with{std::move(settings), std::move(load), started_at};
  durable::service_definition service;
  service.merge = [](std::string_view, const std::string*, std::string_view delta) {
    return std::string(delta);
  };
  durable::handler_definition h;
  h.internal = true;
  h.ephemeral = true;
  h.cancellable = false; // It stops where its bulk says so, between two items.
  h.run = [with](context ctx, std::string body) { return work(ctx, std::move(body), with); };
  service.handlers.emplace("Work", std::move(h));
  durable::handler_definition frozen;
  frozen.mode = durable::handler_mode::event;
  frozen.internal = true;
  frozen.ephemeral = true;
  frozen.event = &freeze;
  service.handlers.emplace("Freeze", std::move(frozen));
  return service;
}

} // namespace orderhub::handlers
