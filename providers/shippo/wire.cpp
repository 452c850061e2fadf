#include "providers/shippo/wire.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/reasons.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo::wire {

namespace {

using nlohmann::json;

constexpr const char* version_header = "SHIPPO-API-VERSION";

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

/// Of a refusal that is about the request, what is wrong with it.
std::string describe(const http_response& response) {
  const int status = response.status;
  const bool is_about_request = status == 400 || status == 409 || status == 422;
  return is_about_request ? refusal_reason(response) : std::to_string(status);
}

std::string detail_of(const http_response& response) {
  const auto body = pick<json>(response.body, {"detail"});
  return body ? text_of(*body, "detail") : std::string();
}

} // namespace

http_request post(std::string target, std::string body) {
  return {"POST",
          std::move(target),
          {{"Content-Type", "application/json"}, {version_header, std::string(api_version)}},
          std::move(body)};
}

http_request get(std::string target) {
  return {"GET", std::move(target), {{version_header, std::string(api_version)}}, {}};
}

raw_operation reading(std::string_view name, std::string_view call_class, const step_ref& ref,
                      std::string target) {
  raw_operation raw;
  raw.name = name;
  raw.vendor = "shippo";
  raw.call_class = call_class;
  raw.ref = ref;
  raw.request = get(std::move(target));
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  return raw;
}

namespace {
constexpr std::string_view digest_prefix = "oh:";
constexpr std::size_t digest_size = 16;
} // namespace

std::string metadata(const step_ref& ref, std::uint32_t generation) {
  byte_writer w(128);
  for (const std::string* part : {&ref.hub, &ref.order_id, &ref.step, &ref.attempt}) {
    w.u32(static_cast<std::uint32_t>(part->size()));
    w.raw(*part);
  }
  const auto digest = sha256_of(w.view());
  std::string text(digest_prefix);
  text += hex_of(std::span(digest).first(digest_size / 2));
  text += " gen:" + std::to_string(generation);
  text.append(" order_id:").append(ref.order_id).append(" step:").append(ref.step);
  return std::string(cut_text(std::string_view(text), metadata_size_max));
}

std::string digest_in(std::string_view metadata) {
  const auto size = digest_prefix.size() + digest_size;
  const bool has_one =
      metadata.starts_with(digest_prefix) && metadata.size() >= size &&
      metadata.substr(digest_prefix.size(), digest_size).find_first_not_of("0123456789abcdef") ==
          std::string_view::npos;
  return has_one ? std::string(metadata.substr(0, size)) : std::string();
}

bool is_about_step(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"metadata"});
  const auto asked = pick<json>(sent.request.body, {"metadata"});
  const auto ours = asked ? digest_in(text_of(*asked, "metadata")) : std::string();
  const auto theirs = object ? digest_in(text_of(*object, "metadata")) : std::string();
  return theirs.empty() || theirs == ours;
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  auto body = json::parse(request.body, nullptr, false);
  const std::string text = text_of(body, "metadata");
  constexpr std::string_view mark = " gen:";
  const auto at = digest_in(text).size();
  if (at == 0 || text.compare(at, mark.size(), mark) != 0)
    return next;
  const auto rest = std::min(text.find(' ', at + mark.size()), text.size());
  const std::string said =
      text.substr(0, at) + std::string(mark) + std::to_string(generation) + text.substr(rest);
  body["metadata"] = std::string(cut_text(said, metadata_size_max));
  next.body = dump(body);
  return next;
}

error classify_write(const http_response& response, std::string_view where) {
  return refusal(is_missing(response) ? error_kind::invalid : kind_of_write(response), where,
                 describe(response), response);
}

error classify_read(const http_response& response, std::string_view where) {
  error_kind kind = kind_of_read(response);
  // Entries have moved since the page before: from the first page again.
  if (response.status == 404 && detail_of(response) == "Invalid page.")
    kind = error_kind::unavailable;
  return refusal(kind, where, describe(response), response);
}

bool is_missing(const http_response& response) {
  return response.status == 404 && lower_of(detail_of(response)).starts_with("not found");
}

error classify_read_of_one(const http_response& response, std::string_view where,
                           std::string_view missing) {
  if (is_missing(response))
    return refusal(error_kind::rejected, where, std::string(missing), response);
  auto why = classify_read(response, where);
  if (why.kind == error_kind::misconfigured && response.status != 401)
    why.kind = error_kind::invalid;
  return why;
}

bool says_done_before(std::string_view text, std::initializer_list<std::string_view> deeds) {
  const std::string lower = lower_of(text.substr(0, 4'096));
  const auto says = [&](std::string_view words) { return lower.find(words) != std::string::npos; };
  return says("already") && std::any_of(deeds.begin(), deeds.end(), says) && !says("used") &&
         !says("scanned") && !says("transit");
}

bool is_carrier_silent(std::string_view text) {
  std::string lower = lower_of(text);
  std::replace_if(lower.begin(), lower.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
  // `rate expired, time out of range` and the like must not match: whole phrases only.
  constexpr std::array<std::string_view, 9> phrases = {"timeout",
                                                       "timed out",
                                                       "time out ",
                                                       "carrier unavailable",
                                                       "service unavailable",
                                                       "temporarily unavailable",
                                                       "did not respond",
                                                       "no response",
                                                       "try again later"};
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return lower.find(phrase) != std::string::npos;
  });
}

} // namespace orderhub::providers::shippo::wire
