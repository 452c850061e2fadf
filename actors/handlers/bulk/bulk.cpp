#include "actors/handlers/bulk/bulk.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::string_view where = "bulk";

tl::unexpected<error> unreadable(const char* what) {
  return fail({error_kind::corrupt, std::string(where), std::string(what) + " cannot be read"});
}

void put(byte_writer& w, const bulk_person& p) {
  w.str8(p.who);
  w.str8(p.role);
  w.str8(p.via);
  w.str8(p.on_behalf);
  w.str8(p.request);
}
bulk_person person_in(byte_reader& r) {
  bulk_person p;
  p.who = r.str8();
  p.role = r.str8();
  p.via = r.str8();
  p.on_behalf = r.str8();
  p.request = r.str8();
  return p;
}

void put(byte_writer& w, const bulk_tally& t) {
  w.u32(t.done);
  w.u32(t.failed);
  w.u8(static_cast<std::uint8_t>(t.skipped.size()));
  for (const auto& [why, count] : t.skipped) {
    w.u8(static_cast<std::uint8_t>(why));
    w.u32(count);
  }
}
bulk_tally tally_in(byte_reader& r) {
  bulk_tally t;
  t.done = r.u32();
  t.failed = r.u32();
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    const auto why = static_cast<bulk_skip>(r.u8());
    t.skipped[why] = r.u32();
  }
  return t;
}

void put(byte_writer& w, const std::vector<std::string>& texts) {
  w.u32(static_cast<std::uint32_t>(texts.size()));
  for (const auto& text : texts)
    w.str16(text);
}
std::vector<std::string> texts_in(byte_reader& r) {
  std::vector<std::string> texts;
  for (auto left = r.u32(); left > 0 && r.ok(); --left)
    texts.emplace_back(r.str16());
  return texts;
}

bool is_skip(std::uint8_t n) {
  return n >= 1 && n <= bulk_skip_count;
}
bool is_action(std::uint8_t n) {
  return n >= 1 && n <= static_cast<std::uint8_t>(bulk_action::replay);
}

constexpr std::array<std::string_view, 5> action_names = {"retry", "pause", "resume", "cancel",
                                                          "replay"};
constexpr std::array<std::string_view, 5> phase_names = {"planned", "running", "paused",
                                                         "cancelled", "finished"};

struct skip_row {
  std::string_view name, sentence;
};
constexpr std::array<skip_row, bulk_skip_count> skips = {{
    {"no_such_order", "There is no such order."},
    {"unreadable", "What is stored of it cannot be read."},
    {"nothing_to_retry", "Nothing of it waits for a retry."},
    {"may_repeat", "A step of it may be done a second time, and nobody said that this is well."},
    {"finished", "Nothing is done for it any more."},
    {"already_paused", "It is paused."},
    {"not_paused", "It is not paused."},
    {"already_cancelled", "It is cancelled, or is being cancelled."},
    {"on_its_way", "Its parcel has left."},
    {"no_such_webhook", "There is no such webhook."},
    {"not_dead", "It is no dead letter."},
    {"moved_on", "What it was about had ended when its turn came."},
    {"purged", "It was purged: nothing is kept of it but that its key was used."},
}};

} // namespace

std::string_view name_of(bulk_action action) {
  return action_names.at(static_cast<std::size_t>(action) - 1);
}

std::optional<bulk_action> bulk_action_named(std::string_view name) {
  const auto it = std::find(action_names.begin(), action_names.end(), name);
  if (it == action_names.end())
    return std::nullopt;
  return static_cast<bulk_action>(it - action_names.begin() + 1);
}

journal::operator_verb verb_of(bulk_action action) {
  using journal::operator_verb;
  switch (action) {
  case bulk_action::retry:
    return operator_verb::retry;
  case bulk_action::pause:
    return operator_verb::pause;
  case bulk_action::resume:
    return operator_verb::resume;
  case bulk_action::cancel:
    return operator_verb::cancel;
  case bulk_action::replay:
    break;
  }
  return operator_verb::note;
}

std::string_view name_of(bulk_skip why) {
  return skips.at(static_cast<std::size_t>(why) - 1).name;
}
std::string_view sentence_of(bulk_skip why) {
  return skips.at(static_cast<std::size_t>(why) - 1).sentence;
}
std::string_view name_of(bulk_phase phase) {
  return phase_names.at(static_cast<std::size_t>(phase) - 1);
}

// ── Counts ───────────────────────────────────────────────────────────────────────────────────

std::uint32_t bulk_tally::skipped_count() const {
  return std::accumulate(skipped.begin(), skipped.end(), std::uint32_t{0},
                         [](auto sum, const auto& s) { return sum + s.second; });
}

void bulk_tally::add(const bulk_outcome& one) {
  switch (one.what) {
  case bulk_outcome::kind::done:
    ++done;
    return;
  case bulk_outcome::kind::skipped:
    ++skipped[one.why];
    return;
  case bulk_outcome::kind::failed:
    ++failed;
    return;
  }
}

void bulk_tally::add(const bulk_tally& others) {
  done += others.done;
  failed += others.failed;
  for (const auto& [why, count] : others.skipped)
    skipped[why] += count;
}

bulk_tally bulk_standing::tally() const {
  auto all = ended;
  all.add(here);
  return all;
}

// ── Bytes ────────────────────────────────────────────────────────────────────────────────────

std::string bulk_outcome::encode() const {
  byte_writer w(16 + text.size());
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(what));
  w.u8(static_cast<std::uint8_t>(why));
  w.str8(text);
  w.i64(at);
  return w.take();
}

result<bulk_outcome> bulk_outcome::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  const auto what = r.u8(), why = r.u8();
  bulk_outcome o;
  o.text = r.str8();
  o.at = r.i64();
  if (v != version || what < 1 || what > 3 || !is_skip(why) || !r.done())
    return unreadable("an outcome");
  o.what = static_cast<kind>(what);
  o.why = static_cast<bulk_skip>(why);
  return o;
}

std::string bulk_plan::encode() const {
  byte_writer w(512);
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(action));
  w.str16(reason);
  w.str32(filter);
  w.u8(accepts_repeat ? 1 : 0);
  w.u32(rate_per_s);
  w.u32(count);
  w.u64(as_of);
  w.str8(action_id);
  put(w, by);
  w.i64(at);
  w.u8(static_cast<std::uint8_t>(excluded.size()));
  for (const auto& e : excluded) {
    w.u8(static_cast<std::uint8_t>(e.why));
    w.u32(e.count);
    put(w, e.keys);
  }
  put(w, samples);
  return w.take();
}

result<bulk_plan> bulk_plan::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8(), action = r.u8();
  bulk_plan p;
  p.reason = r.str16();
  p.filter = r.str32();
  p.accepts_repeat = r.u8() != 0;
  p.rate_per_s = r.u32();
  p.count = r.u32();
  p.as_of = r.u64();
  p.action_id = r.str8();
  p.by = person_in(r);
  p.at = r.i64();
  bool is_sound = v == version && is_action(action);
  for (auto left = r.u8(); left > 0 && r.ok(); --left) {
    const auto why = r.u8();
    is_sound = is_sound && is_skip(why);
    bulk_excluded e{static_cast<bulk_skip>(why), r.u32(), {}};
    e.keys = texts_in(r);
    p.excluded.push_back(std::move(e));
  }
  p.samples = texts_in(r);
  if (!is_sound || p.rate_per_s == 0 || !r.done())
    return unreadable("the plan");
  p.action = static_cast<bulk_action>(action);
  return p;
}

std::string bulk_standing::encode() const {
  byte_writer w(256);
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(phase));
  w.u32(epoch);
  w.u32(page);
  put(w, ended);
  put(w, here);
  put(w, started_by);
  put(w, changed_by);
  w.i64(started_at);
  w.i64(changed_at);
  w.i64(ended_at);
  return w.take();
}

result<bulk_standing> bulk_standing::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8(), phase = r.u8();
  bulk_standing s;
  s.epoch = r.u32();
  s.page = r.u32();
  s.ended = tally_in(r);
  s.here = tally_in(r);
  s.started_by = person_in(r);
  s.changed_by = person_in(r);
  s.started_at = r.i64();
  s.changed_at = r.i64();
  s.ended_at = r.i64();
  if (v != version || phase < 1 || phase > phase_names.size() || !r.done())
    return unreadable("how far it is");
  s.phase = static_cast<bulk_phase>(phase);
  return s;
}

result<bulk> bulk_in(const journal::object_state& state) {
  const auto* plan = state.value("plan");
  const auto* standing = state.value("standing");
  if (plan == nullptr || standing == nullptr)
    return fail({error_kind::not_found, std::string(where), "There is no such bulk."});
  auto p = bulk_plan::decode(*plan);
  if (!p)
    return p.failure();
  auto s = bulk_standing::decode(*standing);
  if (!s)
    return s.failure();
  return bulk{std::move(*p), std::move(*s)};
}

std::string make_bulk_id(unix_ms now, random_source& random) {
  constexpr std::uint64_t last = (std::uint64_t{1} << 48U) - 1;
  const auto left = last - std::min(static_cast<std::uint64_t>(std::max<unix_ms>(now, 0)), last);
  std::array<std::uint8_t, 10> bytes{};
  random.fill(bytes);
  for (std::size_t i = 0; i < 6; ++i)
    bytes.at(i) = static_cast<std::uint8_t>(left >> (8 * (5 - i)));
  return "bulk_" + hex_of(bytes);
}

std::string bulk_action_id(std::string_view bulk, std::uint32_t item, std::string_view key) {
  constexpr std::size_t size = 16;
  const auto number = std::to_string(item);
  const auto hash = sha256_of({bulk, "\n", number, "\n", key});
  return "act_" + hex_of({reinterpret_cast<const char*>(hash.data()), size});
}

std::string bulk_key_entry(std::uint32_t place) {
  return "k" + std::to_string(place);
}
std::string bulk_outcome_entry(std::uint32_t place) {
  return "o" + std::to_string(place);
}

std::string bulk_place::encode() const {
  byte_writer w(64);
  w.u8(version);
  w.u32(count);
  w.u32(next);
  put(w, tally);
  return w.take();
}

result<bulk_place> bulk_place::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  bulk_place p;
  p.count = r.u32();
  p.next = r.u32();
  p.tally = tally_in(r);
  if (v != version || p.next > p.count || !r.done())
    return unreadable("how far a page is");
  return p;
}

std::string encode_keys(const std::vector<std::string>& keys) {
  byte_writer w(64 * keys.size() + 8);
  w.u8(version);
  put(w, keys);
  return w.take();
}

result<std::vector<std::string>> decode_keys(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  auto keys = texts_in(r);
  if (v != version || keys.empty() || keys.size() > bulk_page_keys || !r.done())
    return unreadable("the keys of a page");
  return keys;
}

std::string bulk_order::encode() const {
  byte_writer w(128);
  w.u8(version);
  w.u32(count);
  w.str8(action_id);
  w.str16(reason);
  put(w, by);
  w.i64(at);
  return w.take();
}

result<bulk_order> bulk_order::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  bulk_order o;
  o.count = r.u32();
  o.action_id = r.str8();
  o.reason = r.str16();
  o.by = person_in(r);
  o.at = r.i64();
  if (v != version || !r.done())
    return unreadable("what is wanted");
  return o;
}

std::string bulk_report::encode() const {
  byte_writer w(64);
  w.u8(version);
  w.u32(epoch);
  w.u32(page);
  w.u8(is_done ? 1 : 0);
  put(w, tally);
  w.i64(at);
  return w.take();
}

result<bulk_report> bulk_report::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  bulk_report b;
  b.epoch = r.u32();
  b.page = r.u32();
  b.is_done = r.u8() != 0;
  b.tally = tally_in(r);
  b.at = r.i64();
  if (v != version || !r.done())
    return unreadable("a report");
  return b;
}

std::string bulk_turn::encode() const {
  byte_writer w(128);
  w.u8(version);
  w.u8(goes_on ? 1 : 0);
  w.u8(static_cast<std::uint8_t>(action));
  w.str16(reason);
  w.u8(accepts_repeat ? 1 : 0);
  w.u32(rate_per_s);
  put(w, by);
  return w.take();
}

result<bulk_turn> bulk_turn::decode(std::string_view bytes) {
  byte_reader r(bytes);
  const auto v = r.u8();
  bulk_turn t;
  t.goes_on = r.u8() != 0;
  const auto action = r.u8();
  t.reason = r.str16();
  t.accepts_repeat = r.u8() != 0;
  t.rate_per_s = r.u32();
  t.by = person_in(r);
  if (v != version || !is_action(action) || t.rate_per_s == 0 || !r.done())
    return unreadable("whether it goes on");
  t.action = static_cast<bulk_action>(action);
  return t;
}

} // namespace orderhub::handlers
