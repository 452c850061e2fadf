#include "providers/mock/stripe/stripe.hpp"

#include "providers/mock/stripe/parameters.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

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
    if (path == events_path)
      return call_id::stripe_list_events;
    if (path == balance_path)
      return call_id::stripe_balance;
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
    else if (c.what == call_id::stripe_list_events)
      list_events(c);
    else if (c.what == call_id::stripe_balance)
      read_balance(c);
    else if (c.what == call_id::stripe_retrieve)
      retrieve_intent(c, intent_id);
    else
      retrieve_refund(c, tail(c.path, refund_prefix));
    return;
  }
  run(c);
}

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

stripe::outcome stripe::run_confirmation(call& c, std::uint64_t number, bool off_session,
                                         bool error_on_action) {
  auto& pi = *intents_.find(number);
  const auto& method = test_methods[static_cast<std::size_t>(pi.method)];
  const bool asks = method.outcome == test_method::result::asks;
  if (c.mode() == fault_effect::refuse) {
    pi.status = intent_status::requires_payment_method;
    tell_intent(number, c.now, c.key());
    const std::string_view code = c.hit->code.empty() ? "card_declined"sv : c.hit->code;
    return decline(c, number, code, code == "card_declined" ? "generic_decline"sv : code,
                   c.hit->text.empty() ? "Your card was declined."sv : c.hit->text);
  }
  if (method.outcome == test_method::result::declines ||
      (asks && (off_session || error_on_action))) {
    pi.failed_method = pi.method;
    pi.status = intent_status::requires_payment_method;
    tell_intent(number, c.now, c.key());
    return decline(c, number, method.code, method.decline_code, method.message);
  }
  if (asks) {
    pi.status = intent_status::requires_action;
  } else if (c.mode() == fault_effect::processing) {
    pi.status = intent_status::processing;
    if (c.hit->outcome != queued_outcome::never)
      undecided_.emplace(c.now + c.hit->late_ms,
                         undecided{false, number, c.hit->outcome == queued_outcome::success});
  } else {
    pi.status = intent_status::succeeded;
    note(c, effect_kind::charge, number, pi.amount, pi);
  }
  tell_intent(number, c.now, c.key());
  answer_intent(c, number, pi.status);
  if (c.what != call_id::stripe_charge)
    return outcome::answered;
  pi.first_status = pi.status;
  made_ = number;
  return outcome::made_intent;
}

void stripe::settle_intent(std::uint64_t number, bool succeeds, unix_ms at) {
  auto* pi = intents_.find(number);
  if (!pi || pi->status != intent_status::processing)
    return;
  if (!succeeds) {
    const auto declined =
        std::find_if(test_methods.begin(), test_methods.end(),
                     [](const test_method& m) { return m.name == "pm_card_chargeDeclined"; });
    pi->failed_method = static_cast<std::int16_t>(declined - test_methods.begin());
    pi->status = intent_status::requires_payment_method;
    tell_intent(number, at, {});
    return;
  }
  pi->status = intent_status::succeeded;
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_charge, {}, {}, at, 0, nullptr, 0, unused};
  note(c, effect_kind::charge, number, pi->amount, *pi);
  tell_intent(number, at, {});
}

void stripe::settle(unix_ms now) {
  while (!undecided_.empty() && undecided_.begin()->first <= now) {
    const auto [at, what] = *undecided_.begin();
    undecided_.erase(undecided_.begin());
    if (what.is_refund)
      settle_refund(what.number, what.succeeds, at);
    else
      settle_intent(what.number, what.succeeds, at);
  }
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
  // What failed or was canceled moved nothing.
  const bool stands = r.status != refund_failed && r.status != refund_canceled;
  r.first_status = r.status;
  pi->last_refund = refunds_.add(std::move(r));
  if (stands)
    pi->refunded += amount;
  tell_refund("refund.created", pi->last_refund, now, {});
  if (!stands)
    return true;
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_refund, {}, {}, now, request_number, nullptr, 0, unused};
  note(c, effect_kind::refund, pi->last_refund, amount, *pi);
  return true;
}

} // namespace orderhub::providers::mock
