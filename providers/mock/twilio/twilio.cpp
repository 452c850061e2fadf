#include "providers/mock/twilio/twilio.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/form.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

constexpr auto accounts = "/2010-04-01/Accounts/"sv;
constexpr std::size_t account_size = 34;
constexpr std::size_t characters_max = 1'600;
constexpr std::int64_t page_size_max = 1'000;
constexpr std::int64_t page_size_default = 50;

constexpr std::array create_fields = {"To"sv,
                                      "From"sv,
                                      "MessagingServiceSid"sv,
                                      "Body"sv,
                                      "StatusCallback"sv,
                                      "MediaUrl"sv,
                                      "ContentSid"sv,
                                      "ApplicationSid"sv,
                                      "MaxPrice"sv,
                                      "ProvideFeedback"sv,
                                      "Attempt"sv,
                                      "ValidityPeriod"sv,
                                      "ForceDelivery"sv,
                                      "SmartEncoded"sv,
                                      "ContentRetention"sv,
                                      "AddressRetention"sv,
                                      "ShortenUrls"sv,
                                      "ScheduleType"sv,
                                      "SendAt"sv,
                                      "SendAsMms"sv,
                                      "ContentVariables"sv,
                                      "RiskCheck"sv,
                                      "FallbackFrom"sv,
                                      "TrafficType"sv,
                                      "PersistentAction"sv};
constexpr std::array list_fields = {"To"sv,        "From"sv,     "DateSent"sv, "DateSent<"sv,
                                    "DateSent>"sv, "PageSize"sv, "Page"sv,     "PageToken"sv};

/// What Twilio's test credentials answer to these numbers.
struct magic_number {
  std::string_view number;
  std::int64_t code;
};
constexpr std::array magic_recipients = {
    magic_number{"+15005550001", 21'211}, magic_number{"+15005550002", 21'612},
    magic_number{"+15005550003", 21'408}, magic_number{"+15005550004", 21'610},
    magic_number{"+15005550009", 21'614}};
constexpr std::array magic_senders = {magic_number{"+15005550001", 21'212},
                                      magic_number{"+15005550007", 21'606},
                                      magic_number{"+15005550008", 21'611}};

template <std::size_t N>
std::int64_t code_of(std::string_view number, const std::array<magic_number, N>& magic) {
  const auto it = std::find_if(magic.begin(), magic.end(),
                               [&](const magic_number& m) { return m.number == number; });
  return it == magic.end() ? 0 : it->code;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_sid(std::string_view text, std::string_view prefix) {
  return text.size() == account_size && text.starts_with(prefix) && is_hex(text.substr(2));
}

bool is_e164(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text.front() == '+' && text[1] != '0' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

bool is_sender(std::string_view text) {
  return is_e164(text) ||
         (!text.empty() && text.size() <= 11 && text.find('+') == std::string_view::npos);
}

/// An http or https URL with a host, and no underscore in that.
bool is_callback(std::string_view url) {
  const auto scheme = url.starts_with("https://") ? 8U : url.starts_with("http://") ? 7U : 0U;
  const auto host = url.substr(scheme, url.find_first_of("/?#:", scheme) - scheme);
  return scheme != 0 && !host.empty() && host.find('_') == std::string_view::npos;
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// `Mon, 21 Sep 2026 10:00:00 +0000`
void append_date(std::string& out, unix_ms at) {
  append_http_date(out, at);
  out.replace(out.size() - 3, 3, "+0000");
}

/// `AC…` and what follows it, of `/2010-04-01/Accounts/AC…/Messages.json`.
bool split(std::string_view path, std::string_view& account, std::string_view& rest) {
  if (!path.starts_with(accounts))
    return false;
  path.remove_prefix(accounts.size());
  account = path.substr(0, path.find('/'));
  rest = path.substr(account.size());
  return true;
}

template <std::size_t N>
std::string_view unknown_in(const fields& given, const std::array<std::string_view, N>& known) {
  for (std::size_t i = 0; i < given.size(); ++i)
    if (std::find(known.begin(), known.end(), given.name(i)) == known.end())
      return given.name(i);
  return {};
}

} // namespace

call_id twilio::route(std::string_view method, std::string_view path) {
  constexpr auto one = "/Messages/"sv;
  std::string_view account;
  std::string_view rest;
  if (!split(path, account, rest))
    return call_id::twilio_other;
  if (rest == "/Messages.json")
    return method == "POST"  ? call_id::twilio_sms
           : method == "GET" ? call_id::twilio_list
                             : call_id::twilio_other;
  return method == "GET" && rest.starts_with(one) && rest.ends_with(".json")
             ? call_id::twilio_retrieve
             : call_id::twilio_other;
}

void twilio::refuse(call& c, int status, std::int64_t code, std::string_view text) {
  c.reply.status = status;
  auto& out = c.reply.body;
  out.assign(R"({"code":)");
  append_number(out, code);
  out.append(R"(,"message":)");
  append_json(out, text);
  out.append(R"(,"more_info":"https://www.twilio.com/docs/errors/)");
  append_number(out, code);
  out.append(R"(","status":)");
  append_number(out, status);
  out.push_back('}');
}

bool twilio::is_let_in(call& c, std::string_view& account) {
  std::string_view rest;
  if (!split(c.path, account, rest)) {
    refuse(c, 404, 20'404, "The requested resource was not found");
    return false;
  }
  const auto* authorization = c.header("authorization");
  const std::string_view value = authorization ? std::string_view(*authorization) : "";
  std::string pair;
  std::string encoded = value.starts_with("Basic ") ? std::string(value.substr(6)) : std::string();
  while (!encoded.empty() && encoded.back() == '=')
    encoded.pop_back();
  std::replace(encoded.begin(), encoded.end(), '+', '-');
  std::replace(encoded.begin(), encoded.end(), '/', '_');
  const bool is_read = !encoded.empty() && from_base64url(encoded, pair);
  const auto colon = pair.find(':');
  const auto user = std::string_view(pair).substr(0, colon);
  const bool has_password = colon != std::string::npos && colon + 1 < pair.size();
  const bool is_account = is_sid(user, "AC") && user == account;
  if (!is_read || !has_password || !(is_account || is_sid(user, "SK")) ||
      pair.find("invalid") != std::string::npos) {
    refuse(c, 401, 20'003, "Authenticate");
    return false;
  }
  if (!is_sid(account, "AC")) {
    refuse(c, 404, 20'404, "The requested resource was not found");
    return false;
  }
  return true;
}

void twilio::handle(call& c) {
  c.json_header();
  shared_.query.clear();
  shared_.params.clear();
  std::string_view account;
  if (!is_let_in(c, account))
    return;
  switch (c.what) {
  case call_id::twilio_sms:
    return create(c, account);
  case call_id::twilio_list:
    return list(c, account);
  case call_id::twilio_retrieve:
    return fetch(c, account);
  default:
    refuse(c, 404, 20'404, "The requested resource was not found");
  }
}

bool twilio::is_sound(call& c) {
  const auto& params = shared_.params;
  const auto no = [&](std::int64_t code, std::string_view text) {
    refuse(c, 400, code, text);
    return false;
  };
  if (!unknown_in(params, create_fields).empty())
    return no(20'001, "Unknown parameter");
  const auto to = params.get("To");
  const auto from = params.get("From");
  const auto service = params.get("MessagingServiceSid");
  const auto body = params.get("Body");
  if (to.empty())
    return no(21'604, "A 'To' phone number is required.");
  if (!is_e164(to))
    return no(21'211, "The 'To' number is not a valid phone number.");
  if (const auto code = code_of(to, magic_recipients); code != 0)
    return no(code, "The 'To' number cannot be reached.");
  if (from.empty() && service.empty())
    return no(21'603, "A 'From' phone number is required.");
  if (!service.empty() && !is_sid(service, "MG"))
    return no(21'701, "The Messaging Service does not exist.");
  if (!from.empty() && !is_sender(from))
    return no(21'212, "The 'From' number is not a valid phone number.");
  if (const auto code = code_of(from, magic_senders); code != 0)
    return no(code, "The 'From' number cannot send.");
  if (body.empty() && !params.has("MediaUrl") && !params.has("ContentSid"))
    return no(21'602, "Message body is required.");
  if (characters_of(body) > characters_max)
    return no(21'617, "The concatenated message body exceeds the 1600 character limit.");
  if (params.has("StatusCallback") && !is_callback(params.get("StatusCallback")))
    return no(21'609, "The StatusCallback URL is not valid.");
  return true;
}

void twilio::create(call& c, std::string_view account) {
  const auto* type = c.header("content-type");
  if (!type || !std::string_view(*type).starts_with("application/x-www-form-urlencoded"))
    return refuse(c, 415, 20'415, "Unsupported Media Type");
  auto& params = shared_.params;
  if (!params.add_form(c.request.body))
    return refuse(c, 400, 20'001, "The form cannot be read");
  if (!is_sound(c))
    return;
  if (c.mode() == fault_effect::refuse) {
    std::int64_t code = 0;
    return refuse(c, 400, read_integer(c.hit->code, code) ? code : 21'610,
                  c.hit->text.empty() ? "Attempt to send to unsubscribed recipient"sv
                                      : c.hit->text);
  }

  message m;
  m.account = account;
  m.to = params.get("To");
  m.from = params.get("From");
  m.service = params.get("MessagingServiceSid");
  m.body = params.get("Body");
  m.created_at = c.now;
  m.decided_at = c.now + 1;
  if (c.mode() == fault_effect::queued) {
    m.decided_at =
        c.hit->outcome == queued_outcome::never ? 0 : c.now + std::max<unix_ms>(1, c.hit->late_ms);
    if (c.hit->outcome == queued_outcome::error && !read_integer(c.hit->code, m.failed))
      m.failed = 30'007;
  }
  // There is no metadata: what it was sent for stands in the callback's query.
  const auto callback = params.get("StatusCallback");
  const auto question = callback.find('?');
  if (question != std::string_view::npos)
    shared_.query.add_form(callback.substr(question + 1));
  const auto number = messages_.add(m);
  tell(number, m, callback);
  shared_.effects.add({.kind = effect_kind::sms,
                       .number = number,
                       .order_id = shared_.query.get("order_id"),
                       .step = shared_.query.get("step"),
                       .to = m.to,
                       .attempt = attempt_of(shared_.query.get("attempt")),
                       .at_ms = c.now,
                       .request_number = c.request_number});
  c.reply.status = 201;
  append(c.reply.body, number, m, c.now);
}

void twilio::append(std::string& out, std::uint64_t number, const message& m, unix_ms now) const {
  const bool is_decided = m.decided_at != 0 && m.decided_at <= now;
  const auto status = !is_decided     ? m.service.empty() ? "queued"sv : "accepted"sv
                      : m.failed != 0 ? "undelivered"sv
                                      : "delivered"sv;
  const auto text_or_null = [&](std::string_view text) {
    if (text.empty())
      out.append("null");
    else
      append_json(out, text);
  };
  out.append(R"({"account_sid":)");
  append_json(out, m.account);
  out.append(R"(,"api_version":"2010-04-01","body":)");
  append_json(out, m.body);
  out.append(R"(,"date_created":")");
  append_date(out, m.created_at);
  out.append(R"(","date_sent":)");
  if (is_decided) {
    out.push_back('"');
    append_date(out, m.decided_at);
    out.push_back('"');
  } else {
    out.append("null");
  }
  out.append(R"(,"date_updated":")");
  append_date(out, is_decided ? m.decided_at : m.created_at);
  out.append(R"(","direction":"outbound-api","error_code":)");
  if (is_decided && m.failed != 0)
    append_number(out, m.failed);
  else
    out.append("null");
  out.append(R"(,"error_message":null,"from":)");
  text_or_null(!m.from.empty() ? std::string_view(m.from) : is_decided ? "+15005550006"sv : ""sv);
  out.append(R"(,"messaging_service_sid":)");
  text_or_null(m.service);
  out.append(R"(,"num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":")");
  shared_.names.append_message(out, number);
  out.append(R"(","status":")").append(status).append(R"(","to":)");
  append_json(out, m.to);
  out.append(R"(,"uri":"/2010-04-01/Accounts/)").append(m.account).append("/Messages/");
  shared_.names.append_message(out, number);
  out.append(R"(.json"})");
}

void twilio::tell(std::uint64_t number, const message& m, std::string_view callback) {
  const auto path = callback.find('/', std::min(callback.find("://") + 3, callback.size()));
  if (!shared_.told.is_on() || path == std::string_view::npos)
    return;
  const auto tell_status = [&](std::string_view status, unix_ms at) {
    notice n;
    n.vendor = vendor_id::twilio;
    n.at = at;
    n.url = callback.substr(0, callback.find('#'));
    n.target = n.url.substr(path);
    n.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    std::string sid;
    shared_.names.append_message(sid, number);
    form body;
    body.add("SmsSid", sid).add("SmsStatus", status).add("MessageStatus", status).add("To", m.to);
    body.add("MessageSid", sid).add("AccountSid", m.account);
    body.add("From", m.from.empty() ? "+15005550006"sv : std::string_view(m.from));
    body.add("ApiVersion", "2010-04-01");
    if (status == "undelivered")
      body.add("ErrorCode", m.failed);
    n.body = body.text();
    shared_.told.add(std::move(n));
  };
  tell_status("queued", m.created_at);
  if (m.decided_at == 0)
    return;
  tell_status("sent", m.decided_at);
  tell_status(m.failed != 0 ? "undelivered" : "delivered", m.decided_at);
}

void twilio::list(call& c, std::string_view account) {
  auto& query = shared_.query;
  if (!query.add_form(c.query) || !unknown_in(query, list_fields).empty())
    return refuse(c, 400, 20'001, "Unknown parameter");
  std::int64_t size = page_size_default;
  if (query.has("PageSize") &&
      (!read_integer(query.get("PageSize"), size) || size < 1 || size > page_size_max))
    return refuse(c, 400, 20'006, "Page size must be between 1 and 1000");
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::twilio)];
  if (manner.page_size_max > 0)
    size = std::min(size, manner.page_size_max);
  std::uint64_t from_number = manner.oldest_first ? messages_.first() : messages_.last();
  if (const auto token = query.get("PageToken"); !token.empty()) {
    const auto number = token.starts_with("PA") ? shared_.names.read_message(token.substr(2))
                                                : std::optional<std::uint64_t>();
    if (!number)
      return refuse(c, 400, 20'006, "Page token is invalid");
    from_number = *number;
  }
  const auto to = query.get("To");
  const auto from = query.get("From");
  const bool by_date = query.has("DateSent") || query.has("DateSent<") || query.has("DateSent>");
  const auto is_wanted = [&](const message& m) {
    if (m.account != account)
      return false;
    if (manner.ignores_filter)
      return true;
    // One that is queued has no date sent. Dates themselves are not read.
    return (to.empty() || m.to == to) && (from.empty() || m.from == from) &&
           (!by_date || (m.decided_at != 0 && m.decided_at <= c.now));
  };
  auto& out = c.reply.body;
  c.reply.status = 200;
  out.assign(R"({"messages":[)");
  std::int64_t count = 0;
  std::uint64_t next = 0;
  for (auto number = from_number; number >= messages_.first() && number <= messages_.last();
       number += manner.oldest_first ? 1 : static_cast<std::uint64_t>(-1)) {
    const auto& m = *messages_.find(number);
    if (!is_wanted(m))
      continue;
    if (count == size) {
      next = number;
      break;
    }
    if (count++ > 0)
      out.push_back(',');
    append(out, number, m, c.now);
  }
  std::int64_t page = 0;
  static_cast<void>(read_integer(query.get("Page"), page)); // 0 where there is none.
  out.append(R"(],"page":)");
  append_number(out, page);
  out.append(R"(,"page_size":)");
  append_number(out, size);
  out.append(R"(,"next_page_uri":)");
  if (next == 0) {
    out.append("null}");
    return;
  }
  std::string link = std::string(accounts) + std::string(account) + "/Messages.json?";
  for (const auto name : {"To"sv, "From"sv})
    if (query.has(name))
      link.append(name).append("=").append(percent_encode(query.get(name))).append("&");
  link.append("PageSize=");
  append_number(link, size);
  link.append("&Page=");
  append_number(link, page + 1);
  link.append("&PageToken=PA");
  shared_.names.append_message(link, next);
  append_json(out, link);
  out.push_back('}');
}

void twilio::fetch(call& c, std::string_view account) {
  constexpr auto end = ".json"sv;
  auto sid = c.path.substr(c.path.rfind('/') + 1);
  sid.remove_suffix(end.size());
  const auto number = shared_.names.read_message(sid);
  const auto* m = number ? messages_.find(*number) : nullptr;
  if (!m || m->account != account)
    return refuse(c, 404, 20'404, "The requested resource was not found");
  c.reply.status = 200;
  append(c.reply.body, *number, *m, c.now);
}

} // namespace orderhub::providers::mock
