#pragma once
// What the readers of webhooks share: bounded texts, times, and our metadata. The JSON library
// stays inside .cpp files.
#include "providers/codec/json_fields.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::webhooks {

inline constexpr std::size_t text_size_max = 512;
inline constexpr std::size_t vendor_ids_max = 8;

/// An id as it is kept: the text where it is printable ASCII of at most 200 bytes, else `sha256:`
/// and the digest of it, so that two ids never become one by being cut. Empty stays empty.
std::string known_id(std::string_view text);
/// An id of a delivery that has none: of its bytes.
std::string body_id(std::string_view body);
/// A vendor's word (`payment_intent.succeeded`): at most 100 letters, digits and `. _ - : /`; empty
/// where it is anything else.
std::string word_of(std::string_view text);
/// A code of letters, digits and `. _ -`, at most 64 bytes; empty where it is anything else: what
/// has a space may be a sentence, and a sentence may quote a customer.
std::string code_of(std::string_view text);
/// At most 512 bytes, cut between characters.
std::string bounded(std::string_view text);
/// `https://…` without spaces or control characters, at most 512 bytes; else empty.
std::string url_of(std::string_view text);
/// Three letters, in lower case; else empty.
std::string currency_of(std::string_view text);
/// Unix milliseconds of ISO 8601 with `Z`, an offset or (taken for UTC) neither, with or without a
/// fraction; 0 where it is none, or before 1970.
std::int64_t utc_ms_of(std::string_view text);
/// Milliseconds of positive seconds before the year 10000; 0 otherwise.
std::int64_t ms_of_seconds(std::optional<std::int64_t> seconds);

/// A vendor's word for what happened.
struct named_kind {
  std::string_view name;
  event_kind kind;
};
/// `skipped` where none of them has that name.
event_kind kind_of(std::string_view name, std::span<const named_kind> names);

/// Adds an id by which an object is found; an empty one and what is above the bound are left out.
void add_vendor_id(event& to, std::string_view id);

/// The step that the texts name; none at all where one of them cannot be of ours: an order's key
/// has at most 255 bytes and the others 64, UTF-8 without control characters. An order's key that
/// is cut would be another order's.
step_ref ref_of(std::string_view hub, std::string_view order_id, std::string_view step,
                std::string_view attempt);
/// Our metadata in an object whose members are texts.
template <class Json>
step_ref ref_in(const Json& metadata, std::string_view attempt_name = "attempt") {
  return ref_of(text_of(metadata, "hub"), text_of(metadata, "order_id"), text_of(metadata, "step"),
                text_of(metadata, attempt_name));
}
/// Digits, as requests write it; else empty.
std::string generation_of(std::string_view text);

/// The elements of a JSON list, as they stand, so that one unreadable element is no other's fault.
/// Nothing where the text is no list: brackets do not match, or it has more than `elements_max`.
inline constexpr std::size_t elements_max = 10'000;
std::optional<std::vector<std::string_view>> list_elements(std::string_view text);

/// Writes `*` over each text that JSON has for a member of that name, so that it is not kept.
void hide_member(std::string& json, std::string_view name);

/// One element that is no event, and why.
element problem(std::string sentence);
/// A body that is nothing at all.
reading unreadable(std::string sentence);
/// A delivery that is one event.
reading only(event what);

/// The JSON in a body: the body itself, or the field `payload` of a form (GitHub, Slack). By the
/// first byte and not by the content type, which nobody signs. Nothing where there is no such
/// field.
std::optional<std::string> json_in(std::string_view body);

} // namespace orderhub::providers::webhooks
