#include "actors/handlers/explain/value_as_told.hpp"

#include "providers/codec/form.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/void_label.hpp"
#include "providers/slack/wire.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/twilio/send_sms.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace orderhub::handlers {

namespace {

namespace shippo = providers::shippo;
namespace slack = providers::slack;
namespace stripe = providers::stripe;

constexpr std::size_t id_max = 64;
constexpr std::string_view where = "resolve";

tl::unexpected<error> wrong(std::string message) {
  return fail({error_kind::invalid, std::string(where), std::move(message)});
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= id_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

/// Takes the members that an operation knows, and says what is wrong with them.
class told_reader {
public:
  explicit told_reader(const told_members& told) : told_(told), left_(told.size()) {}

  std::string needed(std::string_view name, std::string_view beginning = {}) {
    auto value = optional(name, beginning);
    if (value.empty())
      problem("value." + std::string(name) + " is needed.");
    return value;
  }
  std::string optional(std::string_view name, std::string_view beginning = {}) {
    const auto it = told_.find(name);
    if (it == told_.end())
      return {};
    --left_;
    if (!is_id(it->second) || !it->second.starts_with(beginning))
      problem("value." + std::string(name) + " must be an id" +
              (beginning.empty() ? std::string() : " that begins with " + std::string(beginning)) +
              ", of at most 64 letters, digits, '_', '-' and '.'.");
    return it->second;
  }
  void problem(std::string text) {
    if (problem_.empty())
      problem_ = std::move(text);
  }
  /// As the operation's own reader takes it.
  template <class T>
  result<std::string> value(const T& outcome) const {
    if (!problem_.empty())
      return wrong(problem_);
    if (left_ > 0)
      return wrong("value has a member that is not known of this step.");
    auto text = outcome.encode();
    if (auto read = T::decode(text); !read)
      return read.failure();
    return text;
  }

private:
  const told_members& told_;
  std::size_t left_;
  std::string problem_;
};

/// Minor units that the request named; 0: none.
std::int64_t amount_in(const journal::effect_payload& intent) {
  const auto text = providers::form_value(intent.body, "amount").value_or("");
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// `/v1/payment_intents/pi_…/cancel`
std::string intent_in_path(std::string_view path) {
  const auto at = path.find("/pi_");
  if (at == std::string_view::npos)
    return {};
  path.remove_prefix(at + 1);
  return std::string(path.substr(0, path.find('/')));
}

} // namespace

result<std::string> value_as_told(const journal::effect_payload& intent, const told_members& told) {
  told_reader r(told);
  const auto& operation = intent.operation;
  if (operation == "stripe.charge") {
    stripe::charge_outcome o;
    o.payment_intent_id = r.needed("payment_intent", "pi_");
    o.charge_id = r.optional("charge", "ch_");
    o.status = stripe::payment_status::succeeded;
    o.amount_received = amount_in(intent);
    if (o.amount_received <= 0)
      r.problem("The amount cannot be read from what was sent.");
    return r.value(o);
  }
  if (operation == "stripe.refund") {
    stripe::refund_outcome o;
    o.refund_id = r.needed("refund", "re_");
    o.status = "succeeded";
    o.refunded_minor = amount_in(intent);
    if (o.refunded_minor <= 0)
      r.problem("The amount cannot be read from what was sent.");
    return r.value(o);
  }
  if (operation == "stripe.cancel_intent") {
    stripe::cancel_intent_outcome o;
    o.payment_intent_id = intent_in_path(intent.path);
    return r.value(o);
  }
  if (operation == "shippo.buy_label") {
    shippo::label_outcome o;
    o.transaction_id = r.needed("label_id");
    o.tracking_number = r.optional("tracking_number");
    return r.value(o);
  }
  if (operation == "shippo.void_label") {
    shippo::void_outcome o;
    o.status = "SUCCESS";
    return r.value(o);
  }
  if (operation == "sendgrid.send_mail") {
    providers::sendgrid::mail_outcome o;
    o.message_id = r.optional("message_id");
    return r.value(o);
  }
  if (operation == "twilio.send_sms") {
    providers::twilio::sms_outcome o;
    o.sid = r.needed("sid", "SM");
    o.status = "sent";
    return r.value(o);
  }
  if (operation == "slack.post_message" || operation == "slack.post_webhook") {
    slack::message_outcome o;
    if (operation == "slack.post_message") {
      o.channel = r.needed("channel");
      o.ts = r.needed("ts");
    }
    return r.value(o);
  }
  return wrong("What " + operation +
               " comes to cannot be told by a person: have it read at the vendor, without "
               "unverified.");
}

std::optional<journal::effect_payload> intent_of(const order_objects& objects,
                                                 std::string_view ref) {
  const auto colon = ref.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  const auto id = ref.substr(0, colon), index = ref.substr(colon + 1);
  for (const auto& state : objects.states)
    for (const auto& i : state.live)
      if (i.id.text() == id)
        for (const auto& e : i.entries)
          if (e.kind == journal::record_kind::effect && std::to_string(e.index) == index)
            if (auto intent = journal::decode_effect(e.payload))
              return std::move(*intent);
  return std::nullopt;
}

} // namespace orderhub::handlers
