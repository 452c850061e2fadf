#include "providers/shippo/webhook.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/shippo/wire.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::refusal;
using webhooks::verification;

/// Two more tries within minutes; and what an operator sends again by hand.
constexpr std::int64_t retry_window_ms = std::int64_t{24} * 3'600'000;

struct signature_header {
  std::string_view time, digest;
};

std::optional<signature_header> read_header(std::string_view text) {
  signature_header header;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(equals + 1, part.size()));
    const auto name = part.substr(0, equals);
    if (name != "t" && name != "v1")
      continue; // Another scheme.
    auto& place = name == "t" ? header.time : header.digest;
    if (!place.empty() || value.empty())
      return std::nullopt;
    place = value;
  }
  const bool is_whole = webhooks::digits_of(header.time) && !header.digest.empty();
  return is_whole ? std::optional(header) : std::nullopt;
}

verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view /*public_url*/) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  const auto token = webhooks::parameter_of(webhooks::query_of(received.target), "token");
  const auto given = webhooks::header_of(received, "shippo-auth-signature");
  verification by_token{refusal::no_signature, {}};
  if (token && !token->empty())
    by_token = webhooks::judge(
        secrets, [&](std::string_view one) { return webhooks::are_same(one, *token); });
  if (by_token.why == refusal::none || given.text.empty())
    return by_token;
  const auto header = given.is_repeated ? std::nullopt : read_header(given.text);
  if (!header)
    return {refusal::malformed, {}};
  const auto signs = [&](std::string_view key, std::string_view body) {
    return webhooks::are_same(
        webhooks::hmac_hex(webhooks::hash_algorithm::sha256, key, {header->time, ".", body}),
        header->digest);
  };
  return webhooks::judge_body(received, secrets, signs, webhooks::digits_of(header->time));
}

// -- The event

constexpr std::array<webhooks::named_kind, 7> transaction_rows = {{
    {"SUCCESS", event_kind::label_bought},
    {"ERROR", event_kind::label_failed},
    {"REFUNDED", event_kind::label_refunded},
    {"REFUNDPENDING", event_kind::label_refund_pending},
    {"REFUNDREJECTED", event_kind::label_refund_failed},
    {"QUEUED", event_kind::skipped},
    {"WAITING", event_kind::skipped},
}};
constexpr std::array<webhooks::named_kind, 6> tracking_rows = {{
    {"UNKNOWN", event_kind::tracking_unknown},
    {"PRE_TRANSIT", event_kind::tracking_unknown},
    {"TRANSIT", event_kind::in_transit},
    {"DELIVERED", event_kind::delivered},
    {"RETURNED", event_kind::returned},
    {"FAILURE", event_kind::delivery_failed},
}};

/// What stands between ` order_id:` and ` step:` of our metadata, and behind; nothing where the
/// text was cut within the order's key. Only labels bear metadata, so a step that was cut is known.
struct named_step {
  std::string_view order_id, step, generation;
};
std::optional<named_step> step_in(std::string_view metadata) {
  constexpr std::string_view generation_mark = " gen:", order_mark = " order_id:",
                             step_mark = " step:";
  const auto generation = metadata.find(generation_mark);
  const auto order = metadata.find(order_mark);
  const auto step = metadata.rfind(step_mark); // A key may have the words in it; a step has not.
  if (generation == std::string_view::npos || order == std::string_view::npos ||
      step == std::string_view::npos || order < generation || step < order)
    return std::nullopt;
  constexpr std::string_view label_step = "label";
  auto step_name = metadata.substr(step + step_mark.size());
  if (metadata.size() == metadata_size_max && label_step.starts_with(step_name))
    step_name = label_step;
  const auto generation_begin = generation + generation_mark.size();
  const auto order_begin = order + order_mark.size();
  return named_step{metadata.substr(order_begin, step - order_begin), step_name,
                    metadata.substr(generation_begin, order - generation_begin)};
}

/// The attempts that a label's step may have: `1`, and `1.1` after a change of the delivery.
constexpr int attempts_max = 20;
constexpr int changes_max = 5;

/// Whose step the metadata is of, by its digest; see `event::about`.
void read_metadata(event& e, const std::string& metadata, const step_ref& ours) {
  const auto digest = wire::digest_in(metadata);
  if (digest.empty())
    return;
  webhooks::add_vendor_id(e, digest);
  const auto named = step_in(metadata);
  if (!named)
    return; // Found by its ids.
  e.generation = webhooks::generation_of(named->generation);
  auto ref = webhooks::ref_of(ours.hub, named->order_id, named->step, {});
  if (ref.order_id.empty())
    return;
  for (int attempt = 1; attempt <= attempts_max; ++attempt)
    for (int change = 0; change <= changes_max; ++change) {
      ref.attempt = std::to_string(attempt);
      if (change > 0)
        ref.attempt += '.' + std::to_string(change);
      if (wire::digest_in(wire::metadata(ref)) == digest) {
        e.about = ref;
        return;
      }
    }
  e.about = webhooks::ref_of(digest, ref.order_id, ref.step, {});
}

/// Of an id that was given alone or as the object.
std::string object_id_of(const json& object, std::string_view name) {
  return id_of(object, name, "object_id");
}

void read_transaction(event& e, const json& data, const step_ref& ours) {
  const auto id = text_of(data, "object_id");
  const auto status = text_of(data, "status");
  const auto updated = text_of(data, "object_updated");
  e.kind = webhooks::kind_of(status, transaction_rows);
  e.at_ms = webhooks::utc_ms_of(updated);
  if (!id.empty())
    e.id = webhooks::known_id("transaction:" + id + ':' + status + ':' + updated);
  webhooks::add_vendor_id(e, id);
  const auto number = text_of(data, "tracking_number");
  webhooks::add_vendor_id(e, number);
  webhooks::add_vendor_id(e, object_id_of(data, "rate"));
  e.reference = webhooks::known_id(number);
  if (e.kind == event_kind::label_failed) {
    const json* messages = member(data, "messages");
    if (messages && messages->is_array() && !messages->empty())
      e.code = webhooks::code_of(text_of(messages->front(), "code"));
  }
  read_metadata(e, text_of(data, "metadata"), ours);
}

/// A number of Shippo's own for trying webhooks (`SHIPPO_TRANSIT`), registered by hand, or the
/// example that its dashboard sends.
bool is_trial(const json& data) {
  return text_of(data, "metadata").starts_with("Shippo test") ||
         (text_of(data, "carrier") == "shippo" && object_id_of(data, "transaction").empty() &&
          text_of(data, "tracking_number").starts_with("SHIPPO_"));
}

void read_track(event& e, const json& data, const step_ref& ours) {
  const auto number = text_of(data, "tracking_number");
  const json* now = member(data, "tracking_status");
  const auto status = now ? text_of(*now, "status") : std::string();
  const auto date = now ? text_of(*now, "status_date") : std::string();
  auto which = now ? text_of(*now, "object_id") : std::string();
  if (which.empty())
    which = status + ':' + date;
  e.kind = is_trial(data) && !e.is_live ? event_kind::handshake
                                        : webhooks::kind_of(status, tracking_rows);
  e.at_ms = webhooks::utc_ms_of(date);
  if (!number.empty())
    e.id = webhooks::known_id("track:" + text_of(data, "carrier") + ':' + number + ':' + which);
  webhooks::add_vendor_id(e, number);
  webhooks::add_vendor_id(e, object_id_of(data, "transaction"));
  e.reference = webhooks::known_id(number);
  const json* substatus = now ? member(*now, "substatus") : nullptr;
  if (substatus)
    e.code = webhooks::code_of(text_of(*substatus, "code"));
  read_metadata(e, text_of(data, "metadata"), ours);
}

webhooks::reading read(const delivery& received, const step_ref& ours) {
  const auto body = pick<json>(received.body, {"event", "test", "data"});
  if (!body)
    return webhooks::unreadable("The body is not one JSON object.");
  event e;
  e.type = webhooks::word_of(text_of(*body, "event"));
  if (e.type.empty())
    return webhooks::unreadable("The body names no event.");
  const json* test = member(*body, "test");
  e.is_live = !test || *test != json(true);
  const json* data = member(*body, "data");
  if (data && data->is_object()) {
    if (e.type == "track_updated")
      read_track(e, *data, ours);
    else if (e.type == "transaction_created" || e.type == "transaction_updated")
      read_transaction(e, *data, ours);
  }
  if (e.id.empty()) {
    e.kind = e.is_live ? event_kind::skipped : event_kind::handshake;
    e.id = webhooks::body_id(received.body);
  }
  return webhooks::only(std::move(e));
}

} // namespace

webhooks::source webhook_source() {
  return {"shippo", "shippo.webhook_secret", verify, read, retry_window_ms};
}

std::optional<event> event_of_answer(std::string_view name, std::string_view data) {
  std::string body = R"({"data":)";
  body.append(data).append(R"(,"event":")").append(name).append(R"(","test":false})");
  auto told = read({body, "/webhooks/shippo", nullptr, 0}, {});
  if (told.elements.size() != 1 || !told.elements.front().problem.empty())
    return std::nullopt;
  auto what = std::move(told.elements.front().what);
  what.about = {{}, {}, {}, {}};
  what.generation.clear();
  return what;
}

} // namespace orderhub::providers::shippo
