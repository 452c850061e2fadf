#include "actors/runtime/reply.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::runtime {

std::string error_body(std::uint16_t status, std::string_view message) {
  return "{\"code\":" + std::to_string(status) + ",\"message\":" +
         nlohmann::json(message).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         '}';
}

std::uint16_t status_of(const error& e) {
  if (e.status >= 400 && e.status <= 599)
    return e.status;
  switch (e.kind) {
  case error_kind::invalid:
    return 400;
  case error_kind::rejected:
  case error_kind::cancelled:
    return 409;
  case error_kind::not_found:
    return 404;
  case error_kind::full:
  case error_kind::unavailable:
    return 503;
  default:
    return 500;
  }
}

call_reply reply_of(const result<std::string>& outcome, const invocation_id& id) {
  call_reply reply;
  reply.invocation_id = id.text();
  if (outcome) {
    reply.body = *outcome;
    return reply;
  }
  reply.status = status_of(outcome.error());
  reply.body = error_body(reply.status, outcome.error().message);
  return reply;
}

call_reply failure(std::uint16_t status, std::string_view message) {
  call_reply reply;
  reply.status = status;
  reply.body = error_body(status, message);
  if (status == 429 || status == 503)
    reply.retry_after_s = 1;
  return reply;
}

call_reply not_stored(std::string_view reason) {
  return failure(
      503, "The journal takes no writes: " + std::string(reason) +
               " The call is not known to be stored and may still be carried out; send it again "
               "with the same key or idempotency-key.");
}

call_reply accepted(const invocation_id& id, bool previously) {
  call_reply reply;
  reply.status = 202;
  reply.invocation_id = id.text();
  reply.body = "{\"invocationId\":\"" + reply.invocation_id + "\",\"status\":\"" +
               (previously ? "PreviouslyAccepted" : "Accepted") + "\"}";
  return reply;
}

} // namespace orderhub::runtime
