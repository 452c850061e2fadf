#include "providers/webhooks/custom.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"

#include <optional>

#include <nlohmann/json.hpp>

namespace orderhub::providers::webhooks {

namespace {

using nlohmann::json;

// -- Signatures

/// A key of Standard Webhooks: which scheme it is for follows from it, never from the delivery, so
/// that no HMAC under a public key is ever taken.
struct standard_key {
  bool is_public = false;
  std::string bytes;
};
std::optional<standard_key> standard_key_of(const custom_source& from, std::string_view text) {
  constexpr std::string_view secret_prefix = "whsec_", public_prefix = "whpk_";
  standard_key key;
  key.is_public = from.scheme == custom_scheme::standard_v1a;
  for (const auto prefix : {secret_prefix, public_prefix})
    if (text.starts_with(prefix)) {
      key.is_public = prefix == public_prefix;
      text.remove_prefix(prefix.size());
      break;
    }
  auto bytes = base64_decoded(text);
  if (!bytes || bytes->empty())
    return std::nullopt;
  key.bytes = std::move(*bytes);
  return key;
}

/// Of Standard Webhooks: `webhook-<name>`, or where nothing is signed by that name `svix-<name>`,
/// as Svix calls the same. Of two families only one counts.
header_value standard_header(const delivery& received, const char* name) {
  const bool is_svix = header_of(received, "webhook-signature").text.empty();
  return header_of(received, std::string(is_svix ? "svix-" : "webhook-") + name);
}

verification verify_standard(const custom_source& from, const delivery& received) {
  const auto id = standard_header(received, "id");
  const auto time = standard_header(received, "timestamp");
  const auto given = standard_header(received, "signature");
  if (id.text.empty() || time.text.empty() || given.text.empty())
    return {refusal::no_signature, {}};
  const auto signed_at = digits_of(time.text);
  if (!signed_at || id.is_repeated || time.is_repeated || given.is_repeated)
    return {refusal::malformed, {}};
  const signed_parts parts = {id.text, ".", time.text, ".", received.body};
  bool is_key = true;
  auto verdict = judge(from.secrets, [&](std::string_view text) {
    const auto key = standard_key_of(from, text);
    is_key = is_key && key;
    if (!key)
      return false;
    const auto verifier =
        key->is_public ? public_key::ed25519(key->bytes) : std::optional<public_key>();
    const auto digest =
        key->is_public ? std::string() : hmac(hash_algorithm::sha256, key->bytes, parts);
    const std::string_view version = key->is_public ? "v1a," : "v1,";
    std::string_view rest = given.text;
    // One for each active key, and each costs a verification.
    constexpr int signatures_max = 16;
    for (int i = 0; i < signatures_max && !rest.empty(); ++i) {
      const auto one = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      const auto signature =
          one.starts_with(version) ? base64_decoded(one.substr(version.size())) : std::nullopt;
      if (signature && (key->is_public ? verifier && verifier->verifies(parts, *signature)
                                       : are_same(digest, *signature)))
        return true;
    }
    return false;
  });
  if (verdict.why == refusal::none)
    verdict.why = age_of(*signed_at, received.now_s);
  else if (verdict.why == refusal::wrong && !is_key)
    verdict.hint = "a configured key is no base64";
  verdict.skew_s = received.now_s - *signed_at;
  return verdict;
}

verification verify_hmac(const custom_source& from, const delivery& received) {
  const auto given = header_of(received, from.header);
  if (given.text.empty())
    return {refusal::no_signature, {}};
  if (given.is_repeated || !given.text.starts_with(from.prefix))
    return {refusal::malformed, {}};
  const auto text = given.text.substr(from.prefix.size());
  const auto digest =
      from.encoding == text_encoding::hex ? hex_decoded(text) : base64_decoded(text);
  if (!digest || digest->empty())
    return {refusal::malformed, {}};
  const auto signs = [&](std::string_view key, std::string_view body) {
    return are_same(hmac(from.algorithm, key, {body}), *digest);
  };
  return judge_body(received, from.secrets, signs);
}

// -- Events

/// What a pointer points to, or null.
const json* at(const json& body, const std::string& pointer) {
  if (pointer.empty())
    return nullptr;
  const json::json_pointer where(pointer); // Was checked when the source was read.
  return body.contains(where) ? &body.at(where) : nullptr;
}

/// A text, or a whole number as one: ids are often numbers.
std::string text_at(const json& body, const std::string& pointer) {
  const json* value = at(body, pointer);
  if (value && value->is_string())
    return value->get_ref<const std::string&>();
  return value && value->is_number_integer() ? dump(*value) : std::string();
}

std::int64_t time_at(const json& body, const std::string& pointer) {
  const json* value = at(body, pointer);
  if (value && value->is_number_integer())
    return ms_of_seconds(value->is_number_unsigned() &&
                                 value->get<std::uint64_t>() > std::uint64_t{1} << 62U
                             ? std::nullopt
                             : std::optional(value->get<std::int64_t>()));
  return value && value->is_string() ? utc_ms_of(value->get_ref<const std::string&>()) : 0;
}

event_kind kind_of(const custom_source& from, std::string_view type) {
  event_kind any = event_kind::skipped;
  for (const auto& [name, kind] : from.events) {
    if (name == type)
      return kind;
    if (name == "*")
      any = kind;
  }
  return any;
}

/// Builds a whole document, with the bounds and the refusal of repeated names of `pick`.
std::optional<json> whole(std::string_view text) {
  // As the only member of an object, so that every member below is wanted.
  std::string wrapped = "{\"whole\":";
  wrapped.append(text).append("}");
  auto outer = pick<json>(wrapped, {"whole"});
  if (!outer || outer->size() != 1)
    return std::nullopt;
  return std::move((*outer)["whole"]);
}

} // namespace

verification verify_custom(const custom_source& from, const delivery& received) {
  if (!has_believed(from.secrets))
    return {refusal::no_secret, {}};
  return from.scheme == custom_scheme::hmac ? verify_hmac(from, received)
                                            : verify_standard(from, received);
}

reading read_custom(const custom_source& from, const delivery& received, const step_ref& ours) {
  const auto body = json::accept(received.body) ? whole(received.body) : std::nullopt;
  if (!body || !body->is_object())
    return unreadable("The body is not one JSON object.");
  event e;
  e.id = from.scheme == custom_scheme::hmac ? known_id(text_at(*body, from.at.id))
                                            : known_id(standard_header(received, "id").text);
  if (e.id.empty())
    return unreadable("The event has no id at " + from.at.id + ".");
  e.type = word_of(text_at(*body, from.at.type));
  e.kind = kind_of(from, e.type);
  e.at_ms = time_at(*body, from.at.at);
  if (const auto order = text_at(*body, from.at.order); !order.empty())
    if (auto ref = ref_of(ours.hub, order, {}, {}); !ref.order_id.empty())
      e.about = std::move(ref);
  e.reference = known_id(text_at(*body, from.at.reference));
  const bool is_awakeable = e.kind == event_kind::awakeable;
  if (!is_awakeable)
    add_vendor_id(e, e.reference);
  reading one = only(std::move(e));
  if (!is_awakeable)
    return one;
  event& last = one.elements.front().what;
  std::string& problem = one.elements.front().problem;
  const json* data = at(*body, from.at.data);
  last.data = data ? dump(*data) : std::string("null");
  if (last.reference.empty())
    problem = "The event has no awakeable's id at " + from.at.reference + ".";
  else if (last.data.size() > custom_data_size_max)
    problem = "What is at " + from.at.data + " is longer than 16384 bytes.";
  return one;
}

} // namespace orderhub::providers::webhooks
