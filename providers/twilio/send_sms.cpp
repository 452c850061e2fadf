#include "providers/twilio/send_sms.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/twilio/wire.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::twilio {

namespace {

using nlohmann::json;
constexpr std::string_view where = "twilio.send_sms";
constexpr std::string_view lookup_where = "twilio.send_sms.lookup";

bool is_number(std::string_view sender) {
  return sender.starts_with('+');
}

error failed(const json& message, const http_response& response) {
  return refusal(error_kind::rejected, where,
                 wire::failure_text(text_of(message, "status"), integer_of(message, "error_code")),
                 response);
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200 && response.status != 201)
    return fail(wire::classify_write(response, where));
  const auto message = pick<json>(response.body, {"sid", "status", "error_code"});
  const sms_outcome outcome =
      message ? sms_outcome{text_of(*message, "sid"), text_of(*message, "status")} : sms_outcome();
  if (!wire::is_message_sid(outcome.sid) || code_or_empty(outcome.status).empty())
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  if (wire::has_failed(outcome.status))
    return fail(failed(*message, response));
  return outcome.encode();
}

/// What was sent, as a message of Twilio's says it.
struct sent_sms {
  std::string to, from, text;
};

sent_sms sms_of(const http_request& request) {
  const auto value = [&](std::string_view name) {
    return form_value(request.body, name).value_or("");
  };
  return {value("To"), value("From"), value("Body")};
}

std::string letters_and_digits(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return kept;
}

/// A trial account's messages carry a sentence in front; and "smart encoding" writes plain quotes
/// and dashes for what is not in the SMS alphabet, so of such a text letters and digits are
/// compared.
bool is_text_of(std::string_view shown, const std::string& sent) {
  const bool is_ascii = std::all_of(sent.begin(), sent.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return is_ascii ? shown.ends_with(sent)
                  : letters_and_digits(shown).ends_with(letters_and_digits(sent));
}

/// A messaging service chooses the sender, perhaps later.
bool is_message_of(const json& message, const sent_sms& sms) {
  return text_of(message, "to") == sms.to && is_text_of(text_of(message, "body"), sms.text) &&
         (!is_number(sms.from) || text_of(message, "from") == sms.from);
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto message = pick<json>(response.body, {"to", "from", "body"});
  return message && is_message_of(*message, sms_of(sent.request));
}

/// Not by date: `DateSent` leaves out what is still queued.
http_request lookup(const sent_request& sent) {
  const auto sms = sms_of(sent.request);
  form query;
  query.add("To", sms.to);
  if (is_number(sms.from))
    query.add("From", sms.from);
  query.add("PageSize", std::int64_t{100});
  return {"GET", std::string(wire::messages) + '?' + query.text(), {}, {}};
}

/// What the next page's link says behind our base; empty where it is no link of this list.
std::string page_behind(std::string_view link) {
  const auto at = link.find(wire::messages);
  const auto query = at == std::string_view::npos ? link.size() : at + wire::messages.size();
  return query < link.size() && link[query] == '?' ? std::string(link.substr(at)) : std::string();
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  const auto says_nothing = [&](std::string text) {
    return unknown(refusal(error_kind::unavailable, lookup_where, std::move(text), response));
  };
  if (response.status != 200)
    return unknown(wire::classify_read(response, lookup_where));
  const auto list = pick<json>(response.body, {"messages", "next_page_uri"});
  const json* entries = list ? member(*list, "messages") : nullptr;
  const json* more = list ? member(*list, "next_page_uri") : nullptr;
  if (!entries || !entries->is_array() || !more || !(more->is_null() || more->is_string()))
    return says_nothing("unreadable list");

  const auto sms = sms_of(sent.request);
  const auto begin = window_begin(sent);
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no such message to this number";
  std::vector<unix_ms> times;
  bool is_unreadable = false;
  for (const json& entry : *entries) {
    const auto at = wire::time_of(text_of(entry, "date_created"));
    const auto sid = text_of(entry, "sid");
    const auto status = text_of(entry, "status");
    if (!at || !wire::is_message_sid(sid) || code_or_empty(status).empty()) {
      is_unreadable = true;
      continue;
    }
    times.push_back(*at);
    if (*at + wire::date_step_ms <= begin || !is_message_of(entry, sms))
      continue;
    answer.evidence = sid + ' ' + status;
    if (wire::has_failed(status)) {
      answer.kind = kind::refused;
      answer.failure = failed(entry, response);
      continue; // An older one may have been sent.
    }
    answer.kind = kind::found;
    answer.failure = {};
    answer.value = sms_outcome{sid, status}.encode();
    return answer;
  }
  if (is_unreadable)
    return says_nothing("a message of the list is not readable");
  if (const auto next = text_of(*list, "next_page_uri"); !next.empty()) {
    const auto target = page_behind(next);
    if (target.empty())
      return says_nothing("the next page is not readable");
    if (!ends_before(times, begin, wire::date_step_ms))
      answer.next = http_request{"GET", target, {}, {}};
  }
  return answer;
}

/// At most so many characters, cut between two.
std::string bounded_text(std::string text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U &&
        ++characters > sms_characters_max) {
      text.resize(i);
      break;
    }
  return text;
}

std::string callback_of(const sms_request& request) {
  form query;
  query.add("hub", request.ref.hub);
  query.add("order_id", request.ref.order_id);
  query.add("step", request.ref.step);
  query.add("attempt", request.ref.attempt);
  return request.public_url + "/webhooks/twilio?" + query.text();
}

} // namespace

std::string sms_outcome::encode() const {
  return dump(json{{"sid", sid}, {"status", status}});
}

result<sms_outcome> sms_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  sms_outcome outcome{text_of(object, "sid"), text_of(object, "status")};
  if (outcome.sid.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

bool is_fault_of_sms(const error& why) {
  // twilio.com/docs/api/errors: no such number, no mobile, unsubscribed, no or too long a text; of
  // one that was taken: unreachable, blocked, unknown, a landline, filtered.
  constexpr std::array<std::string_view, 15> own = {"21211", "21214", "21217", "21265", "21421",
                                                    "21602", "21604", "21610", "21614", "21617",
                                                    "30003", "30004", "30005", "30006", "30007"};
  const auto colon = why.message.rfind(": ");
  const auto code = colon == std::string::npos ? std::string_view()
                                               : std::string_view(why.message).substr(colon + 2);
  return std::find(own.begin(), own.end(), code) != own.end();
}

operation<sms_outcome> send_sms(const sms_request& request) {
  form body;
  body.add("To", request.to);
  body.add(request.from.starts_with("MG") ? "MessagingServiceSid" : "From", request.from);
  body.add("Body", bounded_text(request.text));
  if (!request.public_url.empty())
    body.add("StatusCallback", callback_of(request));
  raw_operation raw;
  raw.name = where;
  raw.vendor = "twilio";
  raw.call_class = "write";
  raw.limit_key = request.from;
  raw.ref = request.ref;
  raw.request = {"POST",
                 std::string(wire::messages),
                 {{"Content-Type", "application/x-www-form-urlencoded"}},
                 body.text()};
  raw.deadline_ms = 15'000;
  raw.doubt = doubt_policy::lookup;
  raw.absence_after_ms = 10'000;
  raw.parse = &parse;
  raw.is_about = &is_about;
  raw.lookup = &lookup;
  raw.read_lookup = &read_lookup;
  return {std::move(raw)};
}

} // namespace orderhub::providers::twilio
