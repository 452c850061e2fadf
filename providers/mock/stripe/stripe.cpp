#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

struct test_method {
  enum class result : std::uint8_t { pays, declines, asks };
  std::string_view name;
  result outcome = result::pays;
  std::string_view code = {};
  std::string_view decline_code = {};
  std::string_view message = {};
};

// docs.stripe.com/testing: payment methods that need neither customer nor card number.
constexpr std::array test_methods = {
    test_method{"pm_card_visa"},
    test_method{"pm_card_mastercard"},
    test_method{"pm_card_visa_debit"},
    test_method{"pm_card_amex"},
    test_method{"pm_card_discover"},
    test_method{"pm_card_createDispute"},
    test_method{"pm_card_chargeDeclined", test_method::result::declines, "card_declined",
                "generic_decline", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedInsufficientFunds", test_method::result::declines,
                "card_declined", "insufficient_funds", "Your card has insufficient funds."},
    test_method{"pm_card_chargeDeclinedFraudulent", test_method::result::declines, "card_declined",
                "fraudulent", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedLostCard", test_method::result::declines, "card_declined",
                "lost_card", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedStolenCard", test_method::result::declines, "card_declined",
                "stolen_card", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedExpiredCard", test_method::result::declines, "expired_card",
                "expired_card", "Your card has expired."},
    test_method{"pm_card_chargeDeclinedIncorrectCvc", test_method::result::declines,
                "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."},
    test_method{"pm_card_chargeDeclinedProcessingError", test_method::result::declines,
                "processing_error", "processing_error",
                "An error occurred while processing your card. Try again in a little bit."},
    test_method{"pm_card_authenticationRequired", test_method::result::asks,
                "authentication_required", "authentication_required",
                "Your card was declined. This transaction requires authentication."},
};

// Request parameters, from the vendor's API description (its request objects are closed); the ones
// in use first.
constexpr std::array create_parameters = {"amount"sv,
                                          "currency"sv,
                                          "payment_method"sv,
                                          "confirm"sv,
                                          "payment_method_types"sv,
                                          "off_session"sv,
                                          "metadata"sv,
                                          "automatic_payment_methods"sv,
                                          "customer"sv,
                                          "description"sv,
                                          "return_url"sv,
                                          "expand"sv,
                                          "receipt_email"sv,
                                          "capture_method"sv,
                                          "application_fee_amount"sv,
                                          "confirmation_method"sv,
                                          "error_on_requires_action"sv,
                                          "mandate"sv,
                                          "mandate_data"sv,
                                          "on_behalf_of"sv,
                                          "payment_method_data"sv,
                                          "payment_method_options"sv,
                                          "radar_options"sv,
                                          "setup_future_usage"sv,
                                          "shipping"sv,
                                          "statement_descriptor"sv,
                                          "statement_descriptor_suffix"sv,
                                          "transfer_data"sv,
                                          "transfer_group"sv,
                                          "use_stripe_sdk"sv,
                                          "allowed_payment_method_types"sv,
                                          "amount_details"sv,
                                          "confirmation_token"sv,
                                          "customer_account"sv,
                                          "excluded_payment_method_types"sv,
                                          "hooks"sv,
                                          "payment_details"sv,
                                          "payment_method_configuration"sv};
constexpr std::array confirm_parameters = {"payment_method"sv,
                                           "off_session"sv,
                                           "return_url"sv,
                                           "expand"sv,
                                           "error_on_requires_action"sv,
                                           "capture_method"sv,
                                           "client_secret"sv,
                                           "mandate"sv,
                                           "mandate_data"sv,
                                           "payment_method_data"sv,
                                           "payment_method_options"sv,
                                           "payment_method_types"sv,
                                           "radar_options"sv,
                                           "receipt_email"sv,
                                           "setup_future_usage"sv,
                                           "shipping"sv,
                                           "use_stripe_sdk"sv,
                                           "allowed_payment_method_types"sv,
                                           "amount_details"sv,
                                           "amount_to_confirm"sv,
                                           "confirmation_token"sv,
                                           "excluded_payment_method_types"sv,
                                           "hooks"sv,
                                           "payment_details"sv};
constexpr std::array cancel_parameters = {"cancellation_reason"sv, "expand"sv};
constexpr std::array refund_parameters = {"payment_intent"sv,
                                          "amount"sv,
                                          "reason"sv,
                                          "metadata"sv,
                                          "charge"sv,
                                          "expand"sv,
                                          "currency"sv,
                                          "customer"sv,
                                          "instructions_email"sv,
                                          "origin"sv,
                                          "refund_application_fee"sv,
                                          "reverse_transfer"sv};
constexpr std::array retrieve_parameters = {"expand"sv, "client_secret"sv};
constexpr std::array list_parameters = {"created"sv,        "customer"sv, "limit"sv,
                                        "starting_after"sv, "expand"sv,   "ending_before"sv};
constexpr std::array list_refund_parameters = {"payment_intent"sv, "charge"sv,         "created"sv,
                                               "limit"sv,          "starting_after"sv, "expand"sv,
                                               "ending_before"sv};

constexpr std::array refund_reasons = {""sv, "duplicate"sv, "fraudulent"sv,
                                       "requested_by_customer"sv};
constexpr std::array refund_statuses = {"succeeded"sv, "pending"sv, "failed"sv, "canceled"sv};
constexpr std::array cancel_reasons = {"abandoned"sv, "duplicate"sv, "fraudulent"sv,
                                       "requested_by_customer"sv};

// A choice of what Stripe settles in; an order in another currency is a client's mistake here.
constexpr std::array currencies = {"usd"sv, "eur"sv, "gbp"sv, "cad"sv, "aud"sv, "jpy"sv,
                                   "chf"sv, "sek"sv, "nok"sv, "dkk"sv, "nzd"sv, "sgd"sv,
                                   "hkd"sv, "mxn"sv, "brl"sv, "pln"sv, "czk"sv, "inr"sv};

constexpr std::int64_t amount_min = 50;         // "about 50 US cents"
constexpr std::int64_t amount_max = 99'999'999; // 8 digits
constexpr std::size_t key_size_max = 255;
constexpr std::size_t metadata_entries_max = 50;
constexpr std::size_t metadata_key_size_max = 40;
constexpr std::size_t metadata_value_size_max = 500;

std::string_view status_name(std::size_t status) {
  constexpr std::array names = {"requires_payment_method"sv, "requires_confirmation"sv,
                                "requires_action"sv, "succeeded"sv, "canceled"sv};
  return names[status];
}

/// `metadata[order_id]` -> `metadata`
std::string_view base_name(std::string_view name) {
  return name.substr(0, name.find('['));
}

bool is_true(std::string_view value) {
  return value == "true" || value == "1";
}

/// `$42.00`, as in Stripe's messages.
std::string shown_amount(std::int64_t amount, std::string_view currency) {
  std::string text = currency == "usd"   ? "$"
                     : currency == "gbp" ? "£"
                     : currency == "eur" ? "€"
                                         : "";
  const bool has_decimals = currency != "jpy";
  append_number(text, has_decimals ? amount / 100 : amount);
  if (has_decimals) {
    text.push_back('.');
    text.push_back(static_cast<char>('0' + amount / 10 % 10));
    text.push_back(static_cast<char>('0' + amount % 10));
  }
  if (text[0] >= '0' && text[0] <= '9')
    text.append(" ").append(currency);
  return text;
}

void append_text_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    append_json(out, text);
}

/// Digits in the middle of a path: `/v1/payment_intents/{id}` -> id, empty if there is none.
std::string_view tail(std::string_view path, std::string_view prefix) {
  return path.size() > prefix.size() && path.substr(0, prefix.size()) == prefix
             ? path.substr(prefix.size())
             : std::string_view();
}

constexpr auto intents_path = "/v1/payment_intents"sv;
constexpr auto intent_prefix = "/v1/payment_intents/"sv;
constexpr auto refunds_path = "/v1/refunds"sv;
constexpr auto refund_prefix = "/v1/refunds/"sv;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

} // namespace

stripe::stripe(shared_state& shared)
    : shared_(shared), intents_(shared.settings.objects_max),
      refunds_(shared.settings.objects_max) {}

call_id stripe::route(std::string_view method, std::string_view path) {
  if (method == "POST") {
    if (path == intents_path)
      return call_id::stripe_charge;
    if (path == refunds_path)
      return call_id::stripe_refund;
    if (const auto rest = tail(path, intent_prefix); !rest.empty()) {
      if (ends_with(rest, "/cancel"))
        return call_id::stripe_cancel;
      if (ends_with(rest, "/confirm"))
        return call_id::stripe_confirm;
    }
    return call_id::stripe_other;
  }
  if (method == "GET") {
    if (path == intents_path)
      return call_id::stripe_list;
    if (path == refunds_path)
      return call_id::stripe_list_refunds;
    const auto intent_id = tail(path, intent_prefix);
    if (!intent_id.empty() && intent_id != "search" &&
        intent_id.find('/') == std::string_view::npos)
      return call_id::stripe_retrieve;
    const auto refund_id = tail(path, refund_prefix);
    if (!refund_id.empty() && refund_id.find('/') == std::string_view::npos)
      return call_id::stripe_retrieve_refund;
  }
  return call_id::stripe_other;
}

// --- answers ---------------------------------------------------------------------------------

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
                           bool with_charge) {
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
  out.append(refund_statuses[r.status]).append(R"("})");
}

void stripe::answer_intent(call& c, std::uint64_t number, intent_status status) {
  c.reply.status = 200;
  c.reply.body.clear();
  c.reply.body.reserve(1'024);
  append_intent(c.reply.body, number, *intents_.find(number), status);
}

void stripe::answer_refund(call& c, std::uint64_t number) {
  c.reply.status = 200;
  c.reply.body.clear();
  c.reply.body.reserve(512);
  append_refund(c.reply.body, number, *refunds_.find(number));
}

// --- the layers before execution -------------------------------------------------------------

bool stripe::admit(call& c) {
  c.json_header();
  std::string request_id = "req_";
  append_hex(request_id, c.request_number, 14);
  c.reply.headers.emplace_back("request-id", std::move(request_id));

  const auto* authorization = c.header("authorization");
  if (!authorization || authorization->empty()) {
    refuse(c, 401, "invalid_request_error", {},
           "You did not provide an API key. You need to provide your API key in the Authorization "
           "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
    return false;
  }
  const std::string_view value = *authorization;
  const bool bearer = value.substr(0, 7) == "Bearer " && value.size() > 7;
  const bool basic = value.substr(0, 6) == "Basic " && value.size() > 6;
  if ((!bearer && !basic) || value.find("invalid") != std::string_view::npos) {
    refuse(c, 401, "invalid_request_error", {}, "Invalid API Key provided.");
    return false;
  }
  return true;
}

bool stripe::read_parameters(call& c) {
  if (c.request.method == "POST" && !c.request.body.empty()) {
    const auto* type = c.header("content-type");
    if (!type || std::string_view(*type).substr(0, 33) != "application/x-www-form-urlencoded") {
      refuse(c, 400, "invalid_request_error", {},
             "Invalid request: the body must be application/x-www-form-urlencoded.");
      return false;
    }
  }
  if (!shared_.params.add_form(c.request.method == "GET" ? c.query
                                                         : std::string_view(c.request.body))) {
    refuse(c, 400, "invalid_request_error", {}, "Invalid request: broken percent-encoding.");
    return false;
  }
  return true;
}

std::uint64_t stripe::fingerprint(const call& c) const {
  // A sum, so that the order of parameters does not count. Never leaves the process.
  const std::hash<std::string_view> hash;
  std::uint64_t sum = hash(c.path);
  const auto& params = shared_.params;
  for (std::size_t i = 0; i < params.size(); ++i)
    sum += hash(params.name(i)) * 31 + hash(params.value(i));
  return sum;
}

stripe::key_record* stripe::find_key(std::string_view key, unix_ms now) {
  const auto it = key_index_.find(key);
  if (it == key_index_.end())
    return nullptr;
  auto& record = keys_[it->second - first_key_];
  const bool pruned =
      now - record.created > shared_.settings.key_life_ms ||
      (record.progress == key_record::state::intent && !intents_.find(record.object)) ||
      (record.progress == key_record::state::refund && !refunds_.find(record.object));
  if (!pruned)
    return &record;
  key_index_.erase(it);
  return nullptr;
}

void stripe::forget_oldest_key() {
  const auto it = key_index_.find(keys_.front().key);
  if (it != key_index_.end() && it->second == first_key_)
    key_index_.erase(it);
  keys_.pop_front();
  ++first_key_;
}

stripe::key_record& stripe::add_key(const std::string& key, std::uint64_t fingerprint, call& c) {
  if (shared_.settings.keys_max != 0 && keys_.size() >= shared_.settings.keys_max)
    forget_oldest_key();
  auto& record = keys_.emplace_back();
  record.key = key;
  record.fingerprint = fingerprint;
  record.created = c.now;
  record.first_request = c.request_number;
  key_index_.emplace(record.key, first_key_ + keys_.size() - 1);
  return record;
}

void stripe::replay(call& c, const key_record& record) {
  ++shared_.replays[static_cast<std::size_t>(c.what)];
  c.reply.headers.emplace_back("idempotent-replayed", "true");
  std::string original = "req_";
  append_hex(original, record.first_request, 14);
  c.reply.headers.emplace_back("original-request", std::move(original));
  switch (record.progress) {
  case key_record::state::intent:
    answer_intent(c, record.object, intents_.find(record.object)->first_status);
    return;
  case key_record::state::refund:
    answer_refund(c, record.object);
    return;
  case key_record::state::stored:
    c.reply.status = record.answer->status;
    c.reply.body = record.answer->body;
    if (record.answer->should_not_retry)
      c.reply.headers.emplace_back("stripe-should-retry", "false");
    return;
  case key_record::state::running:
    break; // answered 409 before it gets here
  }
}

void stripe::handle(call& c) {
  if (!admit(c))
    return;
  shared_.params.clear();
  if (c.what == call_id::stripe_other) {
    std::string message = "Unrecognized request URL (";
    message.append(c.request.method).append(": ").append(c.path.substr(0, 100)).append(").");
    refuse(c, 404, "invalid_request_error", {}, message);
    return;
  }
  if (!read_parameters(c))
    return;
  if (c.request.method == "GET") {
    if (c.mode() != fault_effect::none) {
      server_error(c);
      return;
    }
    const auto intent_id = tail(c.path, intent_prefix);
    if (c.what == call_id::stripe_list)
      list_intents(c);
    else if (c.what == call_id::stripe_list_refunds)
      list_refunds(c);
    else if (c.what == call_id::stripe_retrieve)
      retrieve_intent(c, intent_id);
    else
      retrieve_refund(c, tail(c.path, refund_prefix));
    return;
  }
  run(c);
}

void stripe::run(call& c) {
  const auto* key = c.header("idempotency-key");
  if (!key || key->empty()) {
    execute(c);
    return;
  }
  if (key->size() > key_size_max) {
    refuse(c, 400, "invalid_request_error", {},
           "Idempotency keys can be at most 255 characters long.");
    return;
  }
  c.reply.headers.emplace_back("idempotency-key", *key);
  const auto print = fingerprint(c);
  if (auto* record = find_key(*key, c.now)) {
    if (record->fingerprint != print) {
      refuse(c, 400, "idempotency_error", {},
             "Keys for idempotent requests can only be used with the same parameters they were "
             "first used with. Try using a key other than the one you provided if you meant to "
             "execute a different request.");
      return;
    }
    if (record->progress == key_record::state::running || c.now < record->busy_until) {
      refuse(c, 409, "invalid_request_error", "idempotency_key_in_use",
             "There is currently another in-progress request using this Idempotent Key (that "
             "probably means you submitted twice, and the other request is still going through). "
             "Please try again later.");
      c.reply.headers.emplace_back("stripe-should-retry", "true");
      return;
    }
    replay(c, *record);
    return;
  }
  const auto done = execute(c);
  if (done != outcome::refused)
    remember(c, *key, print, done);
}

void stripe::remember(call& c, const std::string& key, std::uint64_t print, outcome done) {
  auto* found = find_key(key, c.now); // noted by `begin_late`
  auto& record = found ? *found : add_key(key, print, c);
  record.busy_until = c.now + c.delay_ms;
  record.object = made_;
  switch (done) {
  case outcome::made_intent:
    record.progress = key_record::state::intent;
    return;
  case outcome::made_refund:
    record.progress = key_record::state::refund;
    return;
  case outcome::answered:
  case outcome::refused:
    record.progress = key_record::state::stored;
    record.answer = std::make_unique<stored_answer>(stored_answer{
        c.reply.status, c.reply.body, c.reply.header("stripe-should-retry") != nullptr});
    return;
  }
}

bool stripe::begin_late(call& c) {
  shared_.params.clear();
  if (c.request.method != "POST" || c.what == call_id::stripe_other || !admit(c) ||
      !read_parameters(c))
    return false;
  const auto* key = c.header("idempotency-key");
  if (!key || key->empty())
    return true;
  if (key->size() > key_size_max || find_key(*key, c.now))
    return false;
  add_key(*key, fingerprint(c), c);
  return true;
}

void stripe::finish_late(call& c) {
  shared_.params.clear();
  // Both passed when the request came in.
  if (!admit(c) || !read_parameters(c))
    return;
  const auto* key = c.header("idempotency-key");
  const auto done = execute(c);
  if (!key || key->empty())
    return;
  if (done != outcome::refused)
    remember(c, *key, fingerprint(c), done);
  else
    key_index_.erase(*key); // a refusal is not stored, and the key is free again
}

// --- execution -------------------------------------------------------------------------------

stripe::outcome stripe::execute(call& c) {
  made_ = 0;
  const auto intent_id = tail(c.path, intent_prefix);
  outcome done = outcome::refused;
  switch (c.what) {
  case call_id::stripe_charge:
    done = create_intent(c);
    break;
  case call_id::stripe_confirm:
    done = confirm_intent(c, intent_id.substr(0, intent_id.size() - "/confirm"sv.size()));
    break;
  case call_id::stripe_cancel:
    done = cancel_intent(c, intent_id.substr(0, intent_id.size() - "/cancel"sv.size()));
    break;
  default:
    done = create_refund(c);
    break;
  }
  if (c.mode() == fault_effect::stored_500_done && done != outcome::refused)
    return server_error(c);
  return done;
}

bool stripe::check_known(call& c, std::span<const std::string_view> allowed, const fields& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto name = base_name(given.name(i));
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      std::string message = "Received unknown parameter: ";
      message.append(name.substr(0, 100));
      refuse(c, 400, "invalid_request_error", "parameter_unknown", message, name.substr(0, 100));
      return false;
    }
  }
  return true;
}

bool stripe::read_metadata(call& c, std::string& json) {
  const auto& params = shared_.params;
  json.assign("{");
  std::size_t count = 0;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto name = params.name(i);
    if (name.substr(0, 9) != "metadata[" || name.back() != ']')
      continue;
    const auto key = name.substr(9, name.size() - 10);
    if (++count > metadata_entries_max || key.empty() || key.size() > metadata_key_size_max ||
        params.value(i).size() > metadata_value_size_max) {
      refuse(c, 400, "invalid_request_error", {},
             "Metadata can have up to 50 keys, with key names up to 40 characters long and values "
             "up to 500 characters long.",
             "metadata");
      return false;
    }
    if (count > 1)
      json.push_back(',');
    append_json(json, key);
    json.push_back(':');
    append_json(json, params.value(i));
  }
  json.push_back('}');
  return true;
}

std::int64_t stripe::created_s(unix_ms now) {
  // Lists walk numbers and stop at a time, so time must not run backwards.
  last_created_s_ = std::max(last_created_s_, now / 1'000);
  return last_created_s_;
}

void stripe::note(const call& c, effect_kind kind, std::uint64_t number, std::int64_t amount,
                  const intent& pi) {
  const auto& params = shared_.params;
  effect e{.kind = kind,
           .number = number,
           .order_id = params.get("metadata[order_id]"),
           .step = params.get("metadata[step]"),
           .attempt = attempt_of(params.get("metadata[attempt]")),
           .amount = amount,
           .at_ms = c.now,
           .request_number = c.request_number};
  if (e.order_id.empty()) {
    // Refunds and cancellations may say nothing themselves; the order is then the intent's.
    shared_.query.clear();
    if (shared_.query.add_json(pi.metadata)) {
      e.order_id = shared_.query.get("order_id");
      if (kind == effect_kind::charge) {
        e.step = shared_.query.get("step");
        e.attempt = attempt_of(shared_.query.get("attempt"));
      }
    }
  }
  shared_.effects.add(e);
}

stripe::outcome stripe::create_intent(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, create_parameters, params))
    return outcome::refused;
  constexpr auto type = "invalid_request_error"sv;

  intent pi;
  const auto amount = params.find("amount");
  if (amount == fields::npos)
    return refuse(c, 400, type, "parameter_missing", "Missing required param: amount.", "amount");
  if (!read_integer(params.value(amount), pi.amount)) {
    std::string message = "Invalid integer: ";
    message.append(params.value(amount).substr(0, 40));
    return refuse(c, 400, type, "parameter_invalid_integer", message, "amount");
  }
  if (pi.amount < 1)
    return refuse(c, 400, type, "parameter_invalid_integer",
                  "This value must be greater than or equal to 1.", "amount");
  const auto currency = params.get("currency");
  if (currency.empty())
    return refuse(c, 400, type, "parameter_missing", "Missing required param: currency.",
                  "currency");
  if (std::find(currencies.begin(), currencies.end(), currency) == currencies.end()) {
    std::string message = "Invalid currency: ";
    message.append(currency.substr(0, 40)).append(".");
    return refuse(c, 400, type, {}, message, "currency");
  }
  std::copy(currency.begin(), currency.end(), pi.currency);
  if (pi.amount < amount_min)
    return refuse(c, 400, type, "amount_too_small",
                  "The amount must be greater than or equal to the minimum charge amount allowed "
                  "for your account and the currency set.",
                  "amount");
  if (pi.amount > amount_max)
    return refuse(c, 400, type, "amount_too_large", "Amount must be no more than $999,999.99",
                  "amount");

  if (!read_metadata(c, pi.metadata))
    return outcome::refused;
  pi.customer = params.get("customer");
  pi.description = params.get("description");
  pi.redirects = params.has("return_url");
  pi.automatic = is_true(params.get("automatic_payment_methods[enabled]"));

  const auto method = params.get("payment_method");
  if (!method.empty()) {
    const auto it = std::find_if(test_methods.begin(), test_methods.end(),
                                 [&](const test_method& m) { return m.name == method; });
    if (it == test_methods.end())
      return refuse_missing(c, "PaymentMethod", method, "payment_method");
    pi.method = static_cast<std::int16_t>(it - test_methods.begin());
    pi.status = intent_status::requires_confirmation;
  }

  const bool confirm = is_true(params.get("confirm"));
  const bool off_session = params.has("off_session") && !is_true(params.get("off_session"))
                               ? false
                               : params.has("off_session");
  if (params.has("off_session") && !confirm)
    return refuse(c, 400, type, {},
                  "The parameter `off_session` cannot be passed when creating a PaymentIntent "
                  "unless `confirm` is set to true.",
                  "off_session");
  if (confirm) {
    if (pi.method < 0)
      return refuse(c, 400, type, "payment_intent_unexpected_state",
                    "You cannot confirm this PaymentIntent because it's missing a payment method.");
    const bool typed =
        params.has("payment_method_types[]") || params.has("payment_method_types[0]");
    if (!typed && !pi.redirects &&
        !(pi.automatic && params.get("automatic_payment_methods[allow_redirects]") == "never"))
      return refuse(c, 400, type, {},
                    "This PaymentIntent is configured to accept payment methods enabled in your "
                    "Dashboard. Because some of these payment methods might redirect your customer "
                    "off of your page, you must provide a `return_url`.");
  }

  // Execution begins.
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  pi.created_s = created_s(c.now);
  pi.first_status = pi.status;
  const auto number = intents_.add(std::move(pi));
  if (confirm)
    return run_confirmation(c, number, off_session,
                            is_true(params.get("error_on_requires_action")));
  made_ = number;
  answer_intent(c, number, intents_.find(number)->status);
  return outcome::made_intent;
}

stripe::outcome stripe::run_confirmation(call& c, std::uint64_t number, bool off_session,
                                         bool error_on_action) {
  auto& pi = *intents_.find(number);
  const auto& method = test_methods[static_cast<std::size_t>(pi.method)];
  const bool asks = method.outcome == test_method::result::asks;
  if (c.mode() == fault_effect::refuse) {
    pi.status = intent_status::requires_payment_method;
    const std::string_view code = c.hit->code.empty() ? "card_declined"sv : c.hit->code;
    return decline(c, number, code, code == "card_declined" ? "generic_decline"sv : code,
                   c.hit->text.empty() ? "Your card was declined."sv : c.hit->text);
  }
  if (method.outcome == test_method::result::declines ||
      (asks && (off_session || error_on_action))) {
    pi.failed_method = pi.method;
    pi.status = intent_status::requires_payment_method;
    return decline(c, number, method.code, method.decline_code, method.message);
  }
  if (asks) {
    pi.status = intent_status::requires_action;
  } else {
    pi.status = intent_status::succeeded;
    note(c, effect_kind::charge, number, pi.amount, pi);
  }
  answer_intent(c, number, pi.status);
  if (c.what != call_id::stripe_charge)
    return outcome::answered;
  pi.first_status = pi.status;
  made_ = number;
  return outcome::made_intent;
}

stripe::outcome stripe::confirm_intent(call& c, std::string_view id) {
  const auto& params = shared_.params;
  if (!check_known(c, confirm_parameters, params))
    return outcome::refused;
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    return refuse_missing(c, "payment_intent", id, "intent");
  std::int16_t method = pi->method;
  if (const auto name = params.get("payment_method"); !name.empty()) {
    const auto it = std::find_if(test_methods.begin(), test_methods.end(),
                                 [&](const test_method& m) { return m.name == name; });
    if (it == test_methods.end()) {
      refuse_missing(c, "PaymentMethod", name, "payment_method");
      c.reply.status = 400;
      return outcome::refused;
    }
    method = static_cast<std::int16_t>(it - test_methods.begin());
  } else if (pi->status == intent_status::requires_payment_method) {
    method = -1; // a declined method is taken off the intent
  }
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (pi->status == intent_status::succeeded || pi->status == intent_status::canceled)
    return unexpected_state(c, *number, "confirm");
  if (method < 0) {
    refuse(c, 400, "invalid_request_error", "payment_intent_unexpected_state",
           "You cannot confirm this PaymentIntent because it's missing a payment method.");
    return outcome::answered;
  }
  pi->method = method;
  pi->redirects = pi->redirects || params.has("return_url");
  return run_confirmation(c, *number, is_true(params.get("off_session")),
                          is_true(params.get("error_on_requires_action")));
}

stripe::outcome stripe::cancel_intent(call& c, std::string_view id) {
  const auto& params = shared_.params;
  if (!check_known(c, cancel_parameters, params))
    return outcome::refused;
  if (const auto reason = params.get("cancellation_reason");
      !reason.empty() &&
      std::find(cancel_reasons.begin(), cancel_reasons.end(), reason) == cancel_reasons.end())
    return refuse(c, 400, "invalid_request_error", {}, "Invalid cancellation_reason.",
                  "cancellation_reason");
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    return refuse_missing(c, "payment_intent", id, "intent");
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (c.mode() == fault_effect::refuse || pi->status == intent_status::succeeded ||
      pi->status == intent_status::canceled)
    return unexpected_state(c, *number, "cancel");
  pi->status = intent_status::canceled;
  pi->canceled_at_s = created_s(c.now);
  note(c, effect_kind::cancel_intent, *number, -1, *pi);
  answer_intent(c, *number, pi->status);
  return outcome::answered;
}

stripe::outcome stripe::create_refund(call& c) {
  const auto& params = shared_.params;
  constexpr auto type = "invalid_request_error"sv;
  if (!check_known(c, refund_parameters, params))
    return outcome::refused;
  refund r;
  if (!read_metadata(c, r.metadata))
    return outcome::refused;
  const auto by_intent = params.get("payment_intent");
  const auto by_charge = params.get("charge");
  if (by_intent.empty() && by_charge.empty())
    return refuse(c, 400, type, "parameter_missing",
                  "One of the following params should be provided for this request: "
                  "payment_intent or charge.");
  const auto reason = params.get("reason");
  const auto known = std::find(refund_reasons.begin(), refund_reasons.end(), reason);
  if (known == refund_reasons.end())
    return refuse(c, 400, type, {},
                  "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer",
                  "reason");
  r.reason = static_cast<std::uint8_t>(known - refund_reasons.begin());
  std::int64_t amount = -1;
  if (params.has("amount") && !read_integer(params.get("amount"), amount))
    return refuse(c, 400, type, "parameter_invalid_integer", "Invalid integer", "amount");
  if (params.has("amount") && amount < 1)
    return refuse(c, 400, type, "parameter_invalid_integer",
                  "This value must be greater than or equal to 1.", "amount");

  const auto number = by_intent.empty() ? shared_.names.read_stripe("ch_", by_charge)
                                        : shared_.names.read_stripe("pi_", by_intent);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi) {
    refuse_missing(c, by_intent.empty() ? "charge" : "payment_intent",
                   by_intent.empty() ? by_charge : by_intent,
                   by_intent.empty() ? "charge" : "payment_intent");
    c.reply.status = 404;
    return outcome::refused;
  }

  // Execution begins.
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (c.mode() == fault_effect::refuse) {
    refuse(c, 400, type, c.hit->code, c.hit->text.empty() ? "The refund failed."sv : c.hit->text);
    return outcome::answered;
  }
  std::string id;
  if (pi->status != intent_status::succeeded) {
    shared_.names.append_stripe(id, "pi_", *number);
    refuse(c, 400, type, {},
           "This PaymentIntent (" + id + ") does not have a successful charge to refund.");
    return outcome::answered;
  }
  const auto left = pi->amount - pi->refunded;
  if (left == 0) {
    shared_.names.append_stripe(id, "ch_", *number);
    refuse(c, 400, type, "charge_already_refunded", "Charge " + id + " has already been refunded.");
    return outcome::answered;
  }
  if (amount < 0)
    amount = left;
  if (amount > left) {
    // No code, as reported of the real one.
    refuse(c, 400, type, {},
           "Refund amount (" + shown_amount(amount, pi->currency) +
               ") is greater than unrefunded amount on charge (" +
               shown_amount(left, pi->currency) + ")",
           "amount");
    return outcome::answered;
  }
  pi->refunded += amount;
  r.intent = *number;
  r.amount = amount;
  r.created_s = created_s(c.now);
  r.previous_of_intent = pi->last_refund;
  std::copy(std::begin(pi->currency), std::end(pi->currency), r.currency);
  pi->last_refund = refunds_.add(std::move(r));
  note(c, effect_kind::refund, pi->last_refund, amount, *pi);
  made_ = pi->last_refund;
  answer_refund(c, made_);
  return outcome::made_refund;
}

// --- reading ---------------------------------------------------------------------------------

void stripe::retrieve_intent(call& c, std::string_view id) {
  if (!check_known(c, retrieve_parameters, shared_.params))
    return;
  const auto number = shared_.names.read_stripe("pi_", id);
  const auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    refuse_missing(c, "payment_intent", id, "intent");
  else
    answer_intent(c, *number, pi->status);
}

void stripe::retrieve_refund(call& c, std::string_view id) {
  if (!check_known(c, retrieve_parameters, shared_.params))
    return;
  const auto number = shared_.names.read_stripe("re_", id);
  if (!number || !refunds_.find(*number))
    refuse_missing(c, "refund", id, "refund");
  else
    answer_refund(c, *number);
}

namespace {

/// `created`, `limit` and the cursor of a list request.
struct list_bounds {
  std::int64_t limit = 10;
  std::int64_t from_s = 0; // inclusive
  std::int64_t to_s = INT64_MAX;
  std::string_view starting_after, ending_before;
  std::string_view wrong; // name of a malformed parameter
};

list_bounds read_bounds(const fields& params) {
  list_bounds b;
  const auto read = [&](std::string_view name, std::int64_t& to, std::int64_t plus) {
    const auto i = params.find(name);
    if (i == fields::npos)
      return;
    std::int64_t value = 0;
    if (!read_integer(params.value(i), value) || value < 0 || value > INT64_MAX - 1) {
      b.wrong = name;
      return;
    }
    to = value + plus;
  };
  read("limit", b.limit, 0);
  if (b.limit < 1 || b.limit > 100)
    b.wrong = "limit";
  read("created[gte]", b.from_s, 0);
  read("created[gt]", b.from_s, 1);
  read("created[lte]", b.to_s, 0);
  read("created[lt]", b.to_s, -1);
  if (params.has("created")) {
    read("created", b.from_s, 0);
    b.to_s = b.from_s;
  }
  b.starting_after = params.get("starting_after");
  b.ending_before = params.get("ending_before");
  if (!b.starting_after.empty() && !b.ending_before.empty())
    b.wrong = "ending_before";
  return b;
}

} // namespace

void stripe::list_intents(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, list_parameters, params))
    return;
  const auto bounds = read_bounds(params);
  if (!bounds.wrong.empty()) {
    refuse(c, 400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer",
           bounds.wrong);
    return;
  }
  const auto cursor = bounds.starting_after.empty() ? bounds.ending_before : bounds.starting_after;
  const auto at = shared_.names.read_stripe("pi_", cursor);
  if (!cursor.empty() && (!at || !intents_.find(*at))) {
    refuse_missing(c, "payment_intent", cursor,
                   bounds.starting_after.empty() ? "ending_before" : "starting_after");
    return;
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)];
  const auto customer = params.get("customer");
  const auto matches = [&](const intent& pi) {
    return manner.ignores_filter || (pi.created_s >= bounds.from_s && pi.created_s <= bounds.to_s &&
                                     (customer.empty() || pi.customer == customer));
  };
  // Newest first; `ending_before` walks from its cursor towards newer ones.
  std::vector<std::uint64_t> page;
  bool has_more = false;
  const bool backwards = !bounds.ending_before.empty();
  const bool upwards = backwards != manner.oldest_first;
  const auto begin = upwards ? intents_.first() : intents_.last();
  auto number = at ? (upwards ? *at + 1 : *at - 1) : begin;
  for (; number >= intents_.first() && number <= intents_.last(); upwards ? ++number : --number) {
    const auto& pi = *intents_.find(number);
    if (!upwards && pi.created_s < bounds.from_s && !manner.ignores_filter)
      break;
    if (upwards && pi.created_s > bounds.to_s && !manner.ignores_filter)
      break;
    if (!matches(pi))
      continue;
    if (page.size() == page_size_of(bounds.limit)) {
      has_more = true;
      break;
    }
    page.push_back(number);
  }
  if (backwards)
    std::reverse(page.begin(), page.end());
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"object":"list","data":[)");
  for (const auto n : page) {
    if (n != page.front())
      out.push_back(',');
    const auto& pi = *intents_.find(n);
    append_intent(out, n, pi, pi.status);
  }
  out.append(R"(],"has_more":)").append(has_more ? "true" : "false");
  out.append(R"(,"url":"/v1/payment_intents"})");
}

void stripe::list_refunds(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, list_refund_parameters, params))
    return;
  const auto bounds = read_bounds(params);
  if (!bounds.wrong.empty()) {
    refuse(c, 400, "invalid_request_error", "parameter_invalid_integer", "Invalid integer",
           bounds.wrong);
    return;
  }
  const auto by_intent = params.get("payment_intent");
  const auto by_charge = params.get("charge");
  std::optional<std::uint64_t> of;
  if (!by_intent.empty() || !by_charge.empty()) {
    of = by_intent.empty() ? shared_.names.read_stripe("ch_", by_charge)
                           : shared_.names.read_stripe("pi_", by_intent);
    if (!of || !intents_.find(*of)) {
      refuse_missing(c, by_intent.empty() ? "charge" : "payment_intent",
                     by_intent.empty() ? by_charge : by_intent,
                     by_intent.empty() ? "charge" : "payment_intent");
      return;
    }
  }
  const auto after = shared_.names.read_stripe("re_", bounds.starting_after);
  if (!bounds.ending_before.empty() || (!bounds.starting_after.empty() && !after)) {
    refuse_missing(c, "refund",
                   bounds.ending_before.empty() ? bounds.starting_after : bounds.ending_before,
                   "starting_after");
    return;
  }
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)];
  if (manner.ignores_filter)
    of.reset();
  // With an intent its own chain, else all, newest first.
  std::vector<std::uint64_t> found;
  auto number = of ? intents_.find(*of)->last_refund : refunds_.last();
  while (const auto* r = refunds_.find(number)) {
    if (manner.ignores_filter || (r->created_s >= bounds.from_s && r->created_s <= bounds.to_s))
      found.push_back(number);
    number = of ? r->previous_of_intent : number - 1;
  }
  if (manner.oldest_first)
    std::reverse(found.begin(), found.end());
  auto at = found.begin();
  while (after && at != found.end() && (manner.oldest_first ? *at <= *after : *at >= *after))
    ++at;
  bool with_charge = false;
  for (std::size_t i = 0; i < params.size(); ++i)
    with_charge =
        with_charge || (base_name(params.name(i)) == "expand" && params.value(i) == "data.charge");
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"object":"list","data":[)");
  for (std::size_t count = 0; at != found.end() && count < page_size_of(bounds.limit);
       ++at, ++count) {
    if (count != 0)
      out.push_back(',');
    append_refund(out, *at, *refunds_.find(*at), with_charge);
  }
  const bool has_more = at != found.end();
  out.append(R"(],"has_more":)").append(has_more ? "true" : "false");
  out.append(R"(,"url":"/v1/refunds"})");
}

bool stripe::refund_by_hand(const dashboard_refund& wanted, unix_ms now,
                            std::uint64_t request_number) {
  const auto number = shared_.names.read_stripe("pi_", wanted.payment_intent);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::succeeded)
    return false;
  const auto left = pi->amount - pi->refunded;
  const auto amount = wanted.amount == 0 ? left : wanted.amount;
  if (amount < 1 || amount > left)
    return false;
  refund r;
  r.intent = *number;
  r.amount = amount;
  r.created_s = created_s(now);
  r.metadata = "{}";
  r.previous_of_intent = pi->last_refund;
  std::copy(std::begin(pi->currency), std::end(pi->currency), r.currency);
  const auto known = std::find(refund_statuses.begin(), refund_statuses.end(), wanted.status);
  r.status = static_cast<std::uint8_t>(known - refund_statuses.begin());
  const bool stands = r.status < 2; // What failed or was canceled moved nothing.
  pi->last_refund = refunds_.add(std::move(r));
  if (!stands)
    return true;
  pi->refunded += amount;
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_refund, {}, {}, now, request_number, nullptr, 0, unused};
  note(c, effect_kind::refund, pi->last_refund, amount, *pi);
  return true;
}

std::size_t stripe::page_size_of(std::int64_t limit) const {
  const auto most = shared_.lists[static_cast<std::size_t>(vendor_id::stripe)].page_size_max;
  return static_cast<std::size_t>(most > 0 ? std::min(limit, most) : limit);
}

bool stripe::fail_authentication(std::string_view id) {
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::requires_action)
    return false;
  pi->status = intent_status::requires_payment_method;
  pi->not_authenticated = true;
  return true;
}

bool stripe::authenticate(std::string_view id, unix_ms now, std::uint64_t request_number) {
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::requires_action)
    return false;
  pi->status = intent_status::succeeded;
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_confirm, {}, {}, now, request_number, nullptr, 0, unused};
  note(c, effect_kind::charge, *number, pi->amount, *pi);
  return true;
}

} // namespace orderhub::providers::mock
