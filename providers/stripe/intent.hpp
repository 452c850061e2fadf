#pragma once
// A PaymentIntent as Stripe writes it, read once for every call that returns one. Internal to this
// folder; a template over the JSON type, so that the library stays inside .cpp files.
#include "providers/codec/json_fields.hpp"
#include "providers/policy/answer.hpp"
#include "providers/policy/reason.hpp"
#include "providers/stripe/wire.hpp"

namespace orderhub::providers::stripe::wire {

struct intent {
  std::string id;
  payment_status status = payment_status::processing;
  std::optional<std::int64_t> amount; ///< Minor units.
  std::optional<std::int64_t> amount_received;
  std::string currency; ///< Lower case.
  std::string charge_id;
  bool has_error = false;   ///< `last_payment_error` is set.
  std::string code;         ///< Of the last failed try.
  std::string decline_code; ///< Likewise.
  std::string client_secret;
  step_ref ref;
  std::optional<bool> is_live;

  /// An intent that succeeded has received its amount: parts are never captured.
  [[nodiscard]] bool is_whole() const {
    return status != payment_status::succeeded || !amount_received || amount_received == amount;
  }
};

/// Who made an object, by its metadata; empty texts where it says nothing.
template <class Json>
step_ref ref_of(const Json& object) {
  const Json* metadata = member(object, "metadata");
  if (!metadata)
    return {{}, {}, {}, {}};
  return {text_of(*metadata, "hub"), text_of(*metadata, "order_id"), text_of(*metadata, "step"),
          text_of(*metadata, "attempt")};
}

/// Whether an object is of that kind. Stripe's objects say what they are; one that says nothing is
/// judged by its fields.
template <class Json>
bool is_kind(const Json& object, std::string_view kind) {
  const Json* said = member(object, "object");
  return object.is_object() && (!said || (said->is_string() && *said == kind));
}

/// The integer of that name; nothing where there is none. `is_readable` becomes false where there
/// is something else of that name.
template <class Json>
std::optional<std::int64_t> optional_integer(const Json& object, std::string_view name,
                                             bool& is_readable) {
  const auto value = integer_of(object, name);
  is_readable = is_readable && (value || !member(object, name));
  return value;
}

/// Nothing where the object is of another kind, lacks an id, has a status we do not know, or an
/// amount that is no integer.
template <class Json>
std::optional<intent> read_intent(const Json& object) {
  const auto status = payment_status_of(text_of(object, "status"));
  intent read;
  read.id = text_of(object, "id");
  bool is_readable = status && !read.id.empty() && is_kind(object, "payment_intent");
  read.amount = optional_integer(object, "amount", is_readable);
  read.amount_received = optional_integer(object, "amount_received", is_readable);
  if (!is_readable)
    return std::nullopt;
  read.status = *status;
  read.currency = text_of(object, "currency");
  read.charge_id = id_of(object, "latest_charge");
  read.client_secret = text_of(object, "client_secret");
  if (const Json* failure = member(object, "last_payment_error"); failure && failure->is_object()) {
    read.has_error = true;
    read.code = code_or_empty(text_of(*failure, "code"));
    read.decline_code = code_or_empty(text_of(*failure, "decline_code"));
  }
  read.ref = ref_of(object);
  if (const Json* live = member(object, "livemode"); live && live->is_boolean())
    read.is_live = live->template get<bool>();
  return read;
}

/// Reads an answer's body; nothing where it is unreadable.
template <class Json>
std::optional<intent> read_intent_text(std::string_view body) {
  const auto object = pick<Json>(body, {"object", "id", "status", "amount", "amount_received",
                                        "currency", "latest_charge", "client_secret",
                                        "last_payment_error", "metadata", "livemode"});
  return object ? read_intent(*object) : std::nullopt;
}

/// Whether what was read can be of the account that the request went to.
inline bool is_of_account(const sent_request& sent, std::optional<bool> is_live) {
  return !is_live || !is_of_another_account(sent.target, *is_live);
}

/// Whether an answer is about the intent that the path names, `/v1/payment_intents/{id}` and what
/// may follow.
template <class Json>
bool is_about_named(const sent_request& sent, const http_response& response) {
  const auto read = read_intent_text<Json>(response.body);
  return read && names_intent(sent.request.target, read->id) && is_of_account(sent, read->is_live);
}

/// A page of one of Stripe's lists.
template <class Json>
struct page {
  Json data; ///< An array.
  bool has_more = false;
};

/// Nothing where the body is no list of `resource` (`payment_intents`), or does not say whether
/// there is more: such a page proves neither presence nor absence.
template <class Json>
std::optional<page<Json>> read_page(const http_response& response, std::string_view resource) {
  auto list = pick<Json>(response.body, {"object", "url", "data", "has_more"});
  if (!list || !is_kind(*list, "list"))
    return std::nullopt;
  const Json* data = member(*list, "data");
  const Json* more = member(*list, "has_more");
  const std::string url = text_of(*list, "url");
  if (!data || !data->is_array() || !more || !more->is_boolean())
    return std::nullopt;
  // What there is says what it is.
  if (data->empty() && !url.empty() && url.find(resource) == std::string::npos)
    return std::nullopt;
  return page<Json>{std::move((*list)["data"]), more->template get<bool>()};
}

} // namespace orderhub::providers::stripe::wire
