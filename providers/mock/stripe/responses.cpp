// How the mock Stripe answers: objects, refusals, declines.
#include "providers/mock/stripe/parameters.hpp"
#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

stripe::outcome stripe::refuse(call& c, int status, std::string_view type, std::string_view code,
                               std::string_view message, std::string_view param) {
  c.reply.status = status;
  auto& out = c.reply.body;
  out.assign(R"({"error":{)");
  if (!code.empty())
    out.append(R"("code":")").append(code).append(R"(",)");
  out.append(R"("message":)");
  append_json(out, message);
  if (!param.empty()) {
    out.append(R"(,"param":)");
    append_json(out, param);
  }
  out.append(R"(,"type":")").append(type).append(R"("}})");
  return outcome::refused;
}

stripe::outcome stripe::refuse_missing(call& c, std::string_view what, std::string_view id,
                                       std::string_view param) {
  std::string message = "No such ";
  message.append(what).append(": '").append(id.substr(0, 100)).append("'");
  return refuse(c,
                c.what == call_id::stripe_retrieve || c.what == call_id::stripe_cancel ||
                        c.what == call_id::stripe_confirm ||
                        c.what == call_id::stripe_retrieve_refund
                    ? 404
                    : 400,
                "invalid_request_error", "resource_missing", message, param);
}

stripe::outcome stripe::server_error(call& c) {
  refuse(c, 500, "api_error", {}, "An unknown error occurred.");
  c.reply.headers.emplace_back("stripe-should-retry", "false");
  return outcome::answered;
}

stripe::outcome stripe::decline(call& c, std::uint64_t number, std::string_view code,
                                std::string_view decline_code, std::string_view message) {
  const auto& pi = *intents_.find(number);
  c.reply.status = 402;
  auto& out = c.reply.body;
  out.assign(R"({"error":{"charge":")");
  shared_.names.append_stripe(out, "ch_", number);
  out.append(R"(","code":)");
  append_json(out, code);
  out.append(R"(,"decline_code":)");
  append_json(out, decline_code);
  out.append(R"(,"doc_url":"https://stripe.com/docs/error-codes","message":)");
  append_json(out, message);
  out.append(R"(,"payment_intent":)");
  append_intent(out, number, pi, pi.status);
  out.append(R"(,"type":"card_error"}})");
  return outcome::answered;
}

stripe::outcome stripe::unexpected_state(call& c, std::uint64_t number, std::string_view verb) {
  const auto& pi = *intents_.find(number);
  c.reply.status = 400;
  auto& out = c.reply.body;
  out.assign(R"({"error":{"code":"payment_intent_unexpected_state","message":"You cannot )");
  out.append(verb).append(" this PaymentIntent because it has a status of ");
  out.append(status_name(static_cast<std::size_t>(pi.status)));
  out.append(R"(.","payment_intent":)");
  append_intent(out, number, pi, pi.status);
  out.append(R"(,"type":"invalid_request_error"}})");
  return outcome::answered;
}

void stripe::append_intent(std::string& out, std::uint64_t number, const intent& pi,
                           intent_status status) const {
  const bool paid = status == intent_status::succeeded;
  const bool asks = status == intent_status::requires_action;
  out.append(R"({"id":")");
  shared_.names.append_stripe(out, "pi_", number);
  out.append(R"(","object":"payment_intent","amount":)");
  append_number(out, pi.amount);
  out.append(R"(,"amount_capturable":0,"amount_received":)");
  append_number(out, paid ? pi.amount : 0);
  out.append(R"(,"automatic_payment_methods":)");
  out.append(pi.automatic ? R"({"allow_redirects":"never","enabled":true})" : "null");
  out.append(R"(,"canceled_at":)");
  if (status == intent_status::canceled)
    append_number(out, pi.canceled_at_s);
  else
    out.append("null");
  out.append(R"(,"capture_method":"automatic","client_secret":")");
  shared_.names.append_stripe(out, "pi_", number);
  out.append(R"(_secret_mock","confirmation_method":"automatic","created":)");
  append_number(out, pi.created_s);
  out.append(R"(,"currency":")").append(pi.currency).append(R"(","customer":)");
  append_text_or_null(out, pi.customer);
  out.append(R"(,"description":)");
  append_text_or_null(out, pi.description);
  out.append(R"(,"last_payment_error":)");
  if (pi.failed_method >= 0 && status == intent_status::requires_payment_method) {
    const auto& method = test_methods[static_cast<std::size_t>(pi.failed_method)];
    out.append(R"({"code":")").append(method.code);
    out.append(R"(","decline_code":")").append(method.decline_code);
    out.append(R"(","message":")").append(method.message).append(R"(","type":"card_error"})");
  } else if (pi.not_authenticated && status == intent_status::requires_payment_method) {
    out.append(R"({"code":"payment_intent_authentication_failure","message":)"
               R"("The provided PaymentMethod has failed authentication.",)"
               R"("type":"invalid_request_error"})");
  } else {
    out.append("null");
  }
  out.append(R"(,"latest_charge":)");
  if (paid || pi.failed_method >= 0) {
    out.push_back('"');
    shared_.names.append_stripe(out, "ch_", number);
    out.push_back('"');
  } else {
    out.append("null");
  }
  out.append(R"(,"livemode":false,"metadata":)").append(pi.metadata);
  out.append(R"(,"next_action":)");
  if (asks && pi.redirects)
    out.append(R"({"redirect_to_url":{"return_url":null,"url":"https://hooks.stripe.com/mock"},)"
               R"("type":"redirect_to_url"})");
  else if (asks)
    out.append(R"({"type":"use_stripe_sdk","use_stripe_sdk":{"type":"three_d_secure_redirect"}})");
  else
    out.append("null");
  out.append(R"(,"payment_method":)");
  if (pi.method >= 0 && status != intent_status::requires_payment_method) {
    out.push_back('"');
    shared_.names.append_stripe(out, "pm_", number);
    out.push_back('"');
  } else {
    out.append("null");
  }
  out.append(R"(,"payment_method_types":["card"],"processing":null,"status":")");
  out.append(status_name(static_cast<std::size_t>(status))).append(R"("})");
}

void stripe::append_charge(std::string& out, std::uint64_t number, const intent& pi) const {
  out.append(R"({"id":")");
  shared_.names.append_stripe(out, "ch_", number);
  out.append(R"(","object":"charge","amount":)");
  append_number(out, pi.amount);
  out.append(R"(,"amount_captured":)");
  append_number(out, pi.amount);
  out.append(R"(,"amount_refunded":)");
  append_number(out, pi.refunded);
  out.append(R"(,"currency":")").append(pi.currency);
  out.append(R"(","paid":true,"refunded":)").append(pi.refunded == pi.amount ? "true" : "false");
  out.append(R"(,"status":"succeeded"})");
}

void stripe::append_refund(std::string& out, std::uint64_t number, const refund& r,
                           std::uint8_t status, bool with_charge) {
  out.append(R"({"id":")");
  shared_.names.append_stripe(out, "re_", number);
  out.append(R"(","object":"refund","amount":)");
  append_number(out, r.amount);
  out.append(R"(,"balance_transaction":null,"charge":)");
  const auto* pi = with_charge ? intents_.find(r.intent) : nullptr;
  if (pi) {
    append_charge(out, r.intent, *pi);
  } else {
    out.push_back('"');
    shared_.names.append_stripe(out, "ch_", r.intent);
    out.push_back('"');
  }
  out.append(R"(,"created":)");
  append_number(out, r.created_s);
  out.append(R"(,"currency":")").append(r.currency).append(R"(","metadata":)").append(r.metadata);
  out.append(R"(,"payment_intent":")");
  shared_.names.append_stripe(out, "pi_", r.intent);
  out.append(R"(","reason":)");
  append_text_or_null(out, refund_reasons[r.reason]);
  out.append(R"(,"receipt_number":null,"status":")");
  out.append(refund_statuses[status]).append(R"("})");
}

void stripe::answer_intent(call& c, std::uint64_t number, intent_status status) {
  c.reply.status = 200;
  c.reply.body.clear();
  c.reply.body.reserve(1'024);
  append_intent(c.reply.body, number, *intents_.find(number), status);
}

void stripe::answer_refund(call& c, std::uint64_t number, std::uint8_t status) {
  c.reply.status = 200;
  c.reply.body.clear();
  c.reply.body.reserve(512);
  append_refund(c.reply.body, number, *refunds_.find(number), status);
}

} // namespace orderhub::providers::mock
