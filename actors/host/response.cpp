#include "actors/host/response.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::host {

std::string error_body(std::uint16_t status, std::string_view message) {
  return "{\"code\":" + std::to_string(status) + ",\"message\":" +
         nlohmann::json(message).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         '}';
}

call_response response_of(const result<std::string>& outcome, const invocation_id& id) {
  call_response reply;
  reply.invocation_id = id.text();
  if (outcome) {
    reply.body = *outcome;
    return reply;
  }
  reply.status = status_of(outcome.error());
  reply.body = error_body(reply.status, outcome.error().message);
  return reply;
}

call_response response_of_ended(const journal::invocation_state& ended) {
  auto outcome = journal::decode_result(ended.output);
  return outcome ? response_of(*outcome, ended.id) : failure(500, outcome.error().message);
}

call_response failure(std::uint16_t status, std::string_view message) {
  call_response reply;
  reply.status = status;
  reply.body = error_body(status, message);
  if (status == 429 || status == 503)
    reply.retry_after_s = 1;
  return reply;
}

call_response not_stored(std::string_view reason) {
  return failure(
      503, "The journal takes no writes: " + std::string(reason) +
               " The call is not known to be stored and may still be carried out; send it again "
               "with the same key or idempotency-key.");
}

call_response accepted(const invocation_id& id, bool previously) {
  call_response reply;
  reply.status = 202;
  reply.invocation_id = id.text();
  reply.body = "{\"invocationId\":\"" + reply.invocation_id + "\",\"status\":\"" +
               (previously ? "PreviouslyAccepted" : "Accepted") + "\"}";
  return reply;
}

} // namespace orderhub::host
