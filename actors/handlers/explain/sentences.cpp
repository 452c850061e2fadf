#include "actors/handlers/explain/sentences.hpp"

#include "journal/base/text.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <array>

namespace orderhub::handlers {

namespace {

struct row {
  sentence which;
  std::string_view name;
  std::string_view text;
};

constexpr std::array<row, sentence_count> rows = {{
    {sentence::intent, "intent",
     "At {at} {thing} was to be {done} at {vendor} ({call}{bytes}, {mode})."},
    {sentence::key, "key", "Its key is {key}; {vendor} surely remembers it until {until}."},
    {sentence::key_old, "key_old",
     "Its key is {key}; {vendor} may have forgotten it since {until}, so it is looked up."},
    {sentence::value, "value", "{vendor} answered after {took}: {what}."},
    {sentence::value_answered, "value_answered",
     "{vendor} answered {http} after {took}{request}: {what}."},
    {sentence::value_of_person, "value_of_person",
     "A person said that it happened, and it was not checked with {vendor}: {what}."},
    {sentence::value_of_event, "value_of_event",
     "A verified event of {vendor} said at {at} that it happened: {what}."},
    {sentence::refused, "refused", "{vendor} refused it after {took}: {reason}. Final."},
    {sentence::given_up, "given_up",
     "It was given up at {at}, and nothing had happened: {reason}."},
    {sentence::missed, "missed",
     "It ended at {at} without proof: {reason}; {thing} may have been {done}."},
    {sentence::cancelled, "cancelled", "It was stopped at {at}: {reason}."},
    {sentence::done_before_ended, "done_before_ended",
     "It ended at {at}: {vendor} says that it was done before, and does not show it: {reason}."},
    {sentence::again_at, "again_at",
     "At {at} {vendor} had done nothing: {reason}. It is sent again at {next}."},
    {sentence::again_same_key, "again_same_key",
     "At {at}: {reason}. The same bytes go again under the same key at {next} (rule replay_key)."},
    {sentence::limited, "limited",
     "At {at} {vendor} refused it for its limit, and had done nothing: {reason}. It is sent again "
     "at {next}."},
    {sentence::doubt, "doubt", "At {at} it became unknown whether {thing} was {done}: {reason}."},
    {sentence::unanswered, "unanswered",
     "At {at} no useful answer had come: {reason}. It changes nothing that counts, so it is asked "
     "again."},
    {sentence::look_up_at, "look_up_at",
     "At {at}: {reason}. {vendor} is asked at {next} (rule {rule})."},
    {sentence::proves_nothing, "proves_nothing",
     "An empty look-up proves nothing before {settle}: the first request may still be running."},
    {sentence::absent, "absent", "At {at} it was proven that {thing} was not {done}: {reason}."},
    {sentence::absent_unchecked, "absent_unchecked",
     "At {at} a person said that it was not {done}, and it was not checked with {vendor}: it is "
     "done "
     "anew."},
    {sentence::found, "found", "Found by look-up at {at}: {evidence}."},
    {sentence::taken_over, "taken_over", "It was {done} once, and that is taken over: {what}."},
    {sentence::new_key, "new_key", "From {at} on it has a new key, generation {generation}."},
    {sentence::again_in_doubt, "again_in_doubt", "At {at}: {reason}. It is sent again at {next}."},
    {sentence::left, "left", "It left at {at}, after it had waited: {reason}."},
    {sentence::sent_again, "sent_again", "Sent again at {at} (rule {rule}): {reason}."},
    {sentence::sent_once_more, "sent_once_more",
     "Sent again at {at}, since nothing had happened: {reason}."},
    {sentence::tolerated, "tolerated",
     "{vendor} cannot be asked what became of it, so it is sent again; {receiver} (rule "
     "may_repeat)."},
    {sentence::queued, "queued", "At {at} it could not leave: {reason}."},
    {sentence::event_wait, "event_wait",
     "At {at}: {reason}. A verified event of {vendor} is awaited until {next}, then rule {rule}."},
    {sentence::done_before, "done_before",
     "At {at} it was called done before: {reason}. It is looked up, and no new key is used."},
    {sentence::not_done_before, "not_done_before",
     "At {at} a person said that it was not done: it is looked up before that is believed."},
    {sentence::evidence, "evidence",
     "At {at} a verified event of {vendor} said that it happened, while its call was out."},
    {sentence::believed, "believed",
     "At {at} a person's word that it happened was taken as it is: not checked with {vendor}."},
    {sentence::person, "person", "At {at} a person was called: {reason}."},
    {sentence::second_provider, "second_provider",
     "At {at} {vendor} was given {thing}, because {first} had not {done} it: {reason}."},

    {sentence::waits_answer, "waits_answer",
     "{step}: the answer of {vendor} is awaited since {since}; its call has left {count}."},
    {sentence::waits_vendor, "waits_vendor",
     "{step}: begun at {since}, and {vendor} has not served it: {reason}. Next try {next}."},
    {sentence::waits_credential, "waits_credential",
     "{step}: {vendor} does not take our credential, scope or path: {reason}. One call a minute "
     "tries; correct the setting and reload."},
    {sentence::waits_redirect, "waits_redirect",
     "{step}: {vendor} answers with a {reason}. Next try {next}; correct the setting and restart."},
    {sentence::waits_breaker, "waits_breaker",
     "{step}: waits for {vendor} since {since}: {reason}. Nothing is lost; it goes on by itself "
     "when a probe is answered."},
    {sentence::waits_limiter, "waits_limiter",
     "{step}: waits for the limit of {vendor} since {since}: {reason}. Next try {next}."},
    {sentence::waits_place, "waits_place",
     "{step}: waits since {since} for a place: {reason}. It is in its queue and goes in its turn."},
    {sentence::waits_doubt, "waits_doubt",
     "{step}: it is not known whether {thing} was {done} at {vendor}: {reason}. Next move {next}."},
    {sentence::waits_running, "waits_running",
     "{step}: {vendor} works on it: {reason}. It is asked again {next}."},
    {sentence::waits_tracking, "waits_tracking",
     "{step}: the carrier has given no number yet ({reason}). {vendor} is asked again {next}."},
    {sentence::waits_bank, "waits_bank",
     "{step}: the customer's bank has not decided ({reason}). {vendor} is asked again {next}."},
    {sentence::waits_refund, "waits_refund",
     "{step}: the bank has not made the refund yet ({reason}). {vendor} is asked again {next}."},
    {sentence::waits_customer, "waits_customer",
     "{step}: the customer must authenticate the payment (3-D Secure) since {since}. Nothing runs "
     "until then; the shop sends the order again, or Stripe's event says so."},
    {sentence::waits_refusal, "waits_refusal",
     "{step}: the carrier refused the label: {reason}. It is bought anew {next}; the payment "
     "stays."},
    {sentence::waits_earlier, "waits_earlier", "{step}: waits for its turn: {reason}."},
    {sentence::waits_time, "waits_time", "{step}: {reason}: {next}."},
    {sentence::waits_hub, "waits_hub", "{step}: it goes on by itself since {since}: {reason}."},
    {sentence::waits_person, "waits_person", "{step}: waits for a person: {reason}."},
    {sentence::waits_delivery, "waits_delivery",
     "{step}: the carrier has not said whether it came ({reason}); that holds nothing up. Asked "
     "again {next}."},
    {sentence::waits_packing, "waits_packing",
     "{step}: the warehouse packs ({reason}). It is asked again {next}."},
    {sentence::waits_pickup, "waits_pickup",
     "{step}: the carrier has not picked it up ({reason}). It is asked again {next}."},
    {sentence::waits_event, "waits_event",
     "{step}: it is not known whether {thing} was {done}: {reason}. A verified event of {vendor} "
     "is "
     "awaited until {until}."},
    {sentence::vendor_open, "vendor_open",
     "{vendor}'s breaker is open since {since} ({reason}). Next probe {next}; {count} calls are "
     "queued."},
    {sentence::vendor_held_open, "vendor_held_open",
     "{vendor}'s breaker is held open by an operator since {since}: nothing leaves, and no probe, "
     "until one closes it."},
    {sentence::vendor_paused, "vendor_paused",
     "{vendor} is paused by an operator since {since}: no call leaves for it."},
    {sentence::vendor_credential, "vendor_credential",
     "{vendor} refuses our credential since {since} ({reason}). Next probe {next}; {count} calls "
     "are queued."},
    {sentence::vendor_redirect, "vendor_redirect",
     "{vendor} answers since {since} with a {reason}. Next probe {next}; {count} calls are "
     "queued."},

    {sentence::retry_out, "retry_out",
     "Its call is out, or leaves within seconds: a retry changes nothing."},
    {sentence::retry_queued, "retry_queued",
     "It stands in its queue already: a retry changes nothing."},
    {sentence::retry_sends, "retry_sends",
     "A retry sends it at once ({call}); nothing of it has happened yet."},
    {sentence::retry_asks, "retry_asks",
     "A retry asks again at once ({call}); that changes nothing that counts."},
    {sentence::retry_same_key, "retry_same_key",
     "A retry sends the same bytes under the same key at once ({call}): at {vendor} that is one "
     "{step}, however often."},
    {sentence::retry_looks_up, "retry_looks_up",
     "A retry looks it up at once ({call}); that changes nothing."},
    {sentence::retry_not_before, "retry_not_before",
     "An empty answer does not count before {settle}."},
    {sentence::retry_repeats, "retry_repeats",
     "A retry sends it again at once ({call}); {receiver}."},
    {sentence::retry_ends_wait, "retry_ends_wait",
     "A retry ends the wait for {vendor}'s event, and goes on by rule {rule}."},
    {sentence::retry_waits_on, "retry_waits_on",
     "A retry goes on waiting for {vendor}'s event: by its rule nothing is sent before."},
    {sentence::retry_gives_up, "retry_gives_up",
     "A retry ends the step without proof (rule {rule}): it can neither be repeated nor asked "
     "for."},
    {sentence::retry_held, "retry_held",
     "The object is paused by an operator: nothing is sent before it is resumed."},
    {sentence::retry_vendor_held, "retry_vendor_held",
     "{vendor} is held, so the call stands in its queue until that ends."},
    {sentence::retry_resumes, "retry_resumes",
     "A retry replays {handler} from its journal: where the reason is gone it goes on, and what is "
     "recorded is not done again."},

    {sentence::call_runs, "call_runs", "{handler} runs since {since}."},
    {sentence::call_waits_for_object, "call_waits_for_object",
     "{handler} waits since {since} for {object}."},
    {sentence::call_waits_for_turn, "call_waits_for_turn",
     "{handler} waits since {since} for its turn: {other} runs before it."},
    {sentence::call_sleeps, "call_sleeps", "{handler} waits until {until}."},
    {sentence::call_begins_later, "call_begins_later", "{handler} begins at {until}."},
    {sentence::call_awaits_decision, "call_awaits_decision",
     "{handler} waits since {since} for a word from outside."},
    {sentence::call_paused, "call_paused",
     "{handler} cannot go on: {reason}. Nothing of it is sent; others go on."},
    {sentence::call_ended, "call_ended", "{handler} began at {since} and took {took}."},
    {sentence::call_failed, "call_failed",
     "{handler} began at {since} and ended after {took} with: {reason}."},

    {sentence::money_none, "money_none", "Nothing was charged."},
    {sentence::money_free, "money_free", "Nothing was to be paid."},
    {sentence::money_unknown, "money_unknown",
     "Whether {total} were charged is not known yet; they are charged once at most."},
    {sentence::money_customer, "money_customer",
     "Nothing is charged before the customer has authenticated the payment of {total}."},
    {sentence::money_bank, "money_bank",
     "The customer's bank has not decided on the payment of {total}."},
    {sentence::money_failed, "money_failed", "Nothing was charged; the payment failed: {reason}."},
    {sentence::money_charged, "money_charged", "The card was charged {amount} once ({id})."},
    {sentence::money_given_back, "money_given_back", "{amount} were given back."},
    {sentence::money_given_back_in_part, "money_given_back_in_part",
     "A part was given back; how much in all only Stripe shows ({id})."},
    {sentence::money_on_its_way_back, "money_on_its_way_back",
     "{amount} are on their way back: asked for, and not made yet."},
    {sentence::dispute_open, "dispute_open", "The customer disputes the payment."},
    {sentence::dispute_won, "dispute_won", "A dispute was won."},
    {sentence::dispute_lost, "dispute_lost", "A dispute was lost: the money is the customer's."},
    {sentence::stock_short, "stock_short", "There is less in stock than it wants: {reason}."},
    {sentence::label_bought, "label_bought", "Its label is {label}, tracking number {tracking}."},
    {sentence::label_voided, "label_voided", "The label was given back."},
    {sentence::parcel_in_transit, "parcel_in_transit", "The carrier has the parcel."},
    {sentence::parcel_delivered, "parcel_delivered", "The parcel was delivered."},
    {sentence::parcel_returned, "parcel_returned", "The parcel came back."},
    {sentence::fulfilment_alone, "fulfilment_alone",
     "No order of this key was sent to this hub: it is the fulfilment {fulfilment} of the order "
     "{order}, and it is {status}."},
    {sentence::deployment_alone, "deployment_alone",
     "This is the deployment {deployment} of {ref} to {environment} for {order}, and it is "
     "{status}."},
    {sentence::no_order, "no_order",
     "No order of this key was accepted by this hub; others have only spoken of it."},
    {sentence::order_erased, "order_erased",
     "The customer's data were erased at {at}: what calls sent and what they came to is not "
     "shown."},
    {sentence::order_purged, "order_purged",
     "The order was purged at {at}: nothing is kept of it but that its key was used."},
    {sentence::order_cancelled, "order_cancelled", "The order was cancelled."},
    {sentence::order_cancelling, "order_cancelling", "The order is being cancelled."},
    {sentence::order_paused, "order_paused",
     "{object} was paused by an operator{until}: nothing leaves for it, look-ups go on."},
    {sentence::attention, "attention", "{step} needs a person: {reason}."},
    {sentence::doubts, "doubts", "Not known yet: whether {thing} was {done}; {next}."},
    {sentence::nothing_left, "nothing_left", "Nothing is left to do."},
    {sentence::stuck, "stuck",
     "STUCK: it is not finished, and nothing will wake it. That is a fault of orderhub; attach "
     "what `orderhub orders journal` prints."},
    {sentence::operator_acted, "operator_acted", "{who} ({via}) {did} at {at}{reason}{confirmed}."},

    {sentence::event_applied, "event_applied",
     "At {at} {vendor}'s event {id} ({type}, verified) came: {what}."},
    {sentence::event_known, "event_known",
     "At {at} {vendor}'s event {id} ({type}, verified) came; it was known already, nothing "
     "changed."},
    {sentence::event_contradicts, "event_contradicts",
     "At {at} {vendor}'s event {id} ({type}, verified) came and contradicts the order: {what}. "
     "Nothing was changed."},
    {sentence::event_on_its_way, "event_on_its_way",
     "At {at} {vendor}'s event {id} ({type}, verified) came; what became of it is not known here."},
    {sentence::event_without_effect, "event_without_effect",
     "At {at} {vendor}'s event {id} ({type}, verified) came and changed nothing: {what}."},

    {sentence::gap_not_listed, "gap_not_listed",
     "Calls that have ended are not shown: they ended within the last seconds, belong to a later "
     "request, or their retention is over. The facts remain."},
    {sentence::gap_later, "gap_later",
     "Calls of later requests that have ended are not shown; `orders journal --invocation` shows "
     "one by its id."},
    {sentence::gap_bounded, "gap_bounded",
     "Not all calls of that time were looked at, since there are very many."},
    {sentence::gap_set_aside, "gap_set_aside",
     "{object} cannot be read and is set aside: {reason}. See `orderhub journal verify`; its bytes "
     "are kept."},
    {sentence::gap_unread, "gap_unread", "{object} could not be read now: {reason}."},
    {sentence::gap_webhooks, "gap_webhooks",
     "Not all events of it are shown; `orderhub webhooks list --order` shows them a page at a "
     "time."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].which) != i)
      return false;
  return true;
}
static_assert(in_order());

std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

} // namespace

std::string_view name_of(sentence which) {
  return rows.at(static_cast<std::size_t>(which)).name;
}

std::string_view template_of(sentence which) {
  return rows.at(static_cast<std::size_t>(which)).text;
}

said say(sentence which, std::initializer_list<said_value> values) {
  said out{which, {}};
  auto rest = template_of(which);
  while (!rest.empty()) {
    const auto open = std::min(rest.find('{'), rest.size());
    // A reason may end with a full stop of its own.
    if (!out.text.empty() && out.text.back() == '.' && rest.starts_with('.'))
      out.text.pop_back();
    out.text += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty())
      break;
    const auto name = rest.substr(1, rest.find('}') - 1);
    const auto value = std::find_if(values.begin(), values.end(),
                                    [&](const said_value& v) { return v.first == name; });
    out.text += value != values.end() ? printable(value->second) : "…";
    rest.remove_prefix(name.size() + 2);
  }
  return out;
}

std::string moment_text(unix_ms at, unix_ms now) {
  const auto text = utc_text(std::max<unix_ms>(at, 0));
  constexpr std::size_t day_size = 10;
  const auto today = utc_text(std::max<unix_ms>(now, 0)).substr(0, day_size);
  const auto time = text.substr(day_size + 1);
  return text.starts_with(today) ? time : text.substr(0, day_size) + ' ' + time;
}

std::string span_text(std::int64_t ms) {
  constexpr std::int64_t second = 1'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
  ms = std::max<std::int64_t>(ms, 0);
  const auto both = [](std::int64_t a, const char* unit_a, std::int64_t b, const char* unit_b) {
    auto text = std::to_string(a) + unit_a;
    return b == 0 ? text : text + ' ' + std::to_string(b) + unit_b;
  };
  if (ms < second)
    return std::to_string(ms) + " ms";
  if (ms < minute)
    return std::to_string(ms / second) + '.' + std::to_string(ms % second / 100) + " s";
  if (ms < hour)
    return both(ms / minute, " min", ms % minute / second, " s");
  if (ms < day)
    return both(ms / hour, " h", ms % hour / minute, " min");
  return both(ms / day, " d", ms % day / hour, " h");
}

} // namespace orderhub::handlers
