#pragma once
// A PaymentIntent as Stripe writes it, read once for every call that returns one. Internal to this
// folder; a template over the JSON type, so that the library stays inside .cpp files.
#include "providers/codec/json_fields.hpp"
#include "providers/stripe/wire.hpp"

namespace orderhub::providers::stripe::wire {

struct intent {
  std::string id;
  payment_status status = payment_status::processing;
  std::int64_t amount = 0;
  std::int64_t amount_received = 0;
  std::string currency;
  std::string charge_id;
  bool has_error = false;   ///< `last_payment_error` is set.
  std::string code;         ///< Of the last failed try.
  std::string decline_code; ///< Likewise.
  std::string client_secret;
  step_ref ref;
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

/// Nothing where the object lacks an id or has a status we do not know.
template <class Json>
std::optional<intent> read_intent(const Json& object) {
  const auto status = payment_status_of(text_of(object, "status"));
  intent read;
  read.id = text_of(object, "id");
  if (!status || read.id.empty())
    return std::nullopt;
  read.status = *status;
  read.amount = integer_of(object, "amount").value_or(0);
  read.amount_received = integer_of(object, "amount_received").value_or(0);
  read.currency = text_of(object, "currency");
  read.charge_id = id_of(object, "latest_charge");
  read.client_secret = text_of(object, "client_secret");
  if (const Json* failure = member(object, "last_payment_error"); failure && failure->is_object()) {
    read.has_error = true;
    read.code = code_or_empty(text_of(*failure, "code"));
    read.decline_code = code_or_empty(text_of(*failure, "decline_code"));
  }
  read.ref = ref_of(object);
  return read;
}

/// Reads an answer's body; nothing where it is unreadable.
template <class Json>
std::optional<intent> read_intent_text(std::string_view body) {
  const auto object =
      pick<Json>(body, {"id", "status", "amount", "amount_received", "currency", "latest_charge",
                        "client_secret", "last_payment_error", "metadata"});
  return object ? read_intent(*object) : std::nullopt;
}

} // namespace orderhub::providers::stripe::wire
