#include "providers/sendgrid/send_mail.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/policy/wait_hint.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

namespace orderhub::providers::sendgrid {

namespace {

using nlohmann::json;
constexpr std::string_view where = "sendgrid.send_mail";

/// A header's text is one line: whatever would break it is a space.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_break = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!is_break)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

/// SendGrid puts names into the header as they are: a comma or a semicolon in one ends the address,
/// and the mail goes to another or to nobody. Its own libraries wrap such a name, and only such a
/// one, in quotes, with quotes inside escaped (sendgrid/sendgrid-php lib/mail/EmailAddress.php
/// @021df5b, issue 368; sendgrid/sendgrid-nodejs email-address.js). A backslash is escaped too, or
/// one at the end would take the closing quote (RFC 5322, 3.2.4).
std::string header_name(std::string_view name) {
  std::string line = one_line(name);
  if (line.find_first_of(",;") == std::string::npos)
    return line;
  std::string quoted = "\"";
  for (const char c : line) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

json person(const std::string& email, const std::string& name) {
  json object = {{"email", email}};
  if (!name.empty())
    object["name"] = header_name(name);
  return object;
}

/// `personalizations.0.to.0.email`: parts that requests have, and indexes. Any other text could be
/// an echo of what was sent.
bool is_field(std::string_view path) {
  constexpr std::array<std::string_view, 21> members = {"personalizations",
                                                        "to",
                                                        "cc",
                                                        "bcc",
                                                        "from",
                                                        "reply_to",
                                                        "email",
                                                        "name",
                                                        "subject",
                                                        "content",
                                                        "type",
                                                        "value",
                                                        "custom_args",
                                                        "categories",
                                                        "headers",
                                                        "hub",
                                                        "order_id",
                                                        "step",
                                                        "step_attempt",
                                                        "generation",
                                                        "message"};
  if (path.empty() || path.size() > 64)
    return false;
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    const bool is_index = !part.empty() && part.size() <= 3 &&
                          part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_index && std::find(members.begin(), members.end(), part) == members.end())
      return false;
  }
  return true;
}

/// Where an error names no field, its help may: `…/errors.html#message.personalizations.to`.
std::string field_of(const json& entry) {
  if (std::string field = text_of(entry, "field"); is_field(field))
    return field;
  const std::string help = text_of(entry, "help");
  const auto anchor = help.find('#');
  std::string field = anchor == std::string::npos ? std::string() : help.substr(anchor + 1);
  if (field.starts_with("message."))
    field.erase(0, 8);
  return is_field(field) ? field : std::string();
}

/// What kind of fault a message speaks of. It may quote the address, so no word of it is taken.
/// Only a 4xx about the request has more to say than its status and these.
std::string_view code_of(std::string_view message, bool is_about_request) {
  struct row {
    std::string_view phrase, code;
  };
  constexpr std::array<row, 3> rows = {{{"verified Sender Identity", "sender_not_verified"},
                                        {"Maximum credits exceeded", "credits_exceeded"},
                                        {"expired, or revoked", "key_revoked"}}};
  for (const auto& [phrase, code] : rows)
    if (message.substr(0, 512).find(phrase) != std::string_view::npos)
      return code;
  return is_about_request && !message.empty() ? class_of(message) : std::string_view();
}

field_reasons reasons_in(const http_response& response) {
  constexpr std::size_t refusal_size_max = std::size_t{64} * 1'024;
  field_reasons reasons;
  const auto body = response.body.size() <= refusal_size_max ? pick<json>(response.body, {"errors"})
                                                             : std::nullopt;
  const json* errors = body ? member(*body, "errors") : nullptr;
  if (!errors || !errors->is_array())
    return reasons;
  const bool is_about_request = response.status == 400 || response.status == 422;
  for (const json& entry : *errors)
    reasons.add(field_of(entry), code_of(text_of(entry, "message"), is_about_request));
  return reasons;
}

/// 202, nothing in it, and the id that the mail has in its events. An empty body alone is what any
/// box on the way may answer; and a body is what SendGrid never answers to a mail it took. (200 is
/// its answer in sandbox mode, which we do not ask for.)
bool is_accepted(const http_response& response, const std::string* id) {
  constexpr std::size_t id_size_max = 256;
  return response.status == 202 && id && !id->empty() && id->size() <= id_size_max &&
         std::all_of(id->begin(), id->end(), [](char c) { return c > 0x20 && c < 0x7f; }) &&
         response.body.find_first_not_of(" \r\n\t") == std::string::npos;
}

result<std::string> parse(const http_response& response) {
  const int status = response.status;
  const std::string* id = response.header("x-message-id");
  if (is_accepted(response, id))
    return mail_outcome{*id}.encode();
  if (status == 200 || status == 202)
    return fail(refusal(error_kind::in_doubt, where, "unreadable success answer", response));
  error e =
      refusal(kind_of_write(response), where, described(status, reasons_in(response)), response);
  // Every answer says when the limit is full again; it is a wish only where nothing is left of it.
  if (status == 429 || limits(response))
    e.retry_after_ms = std::max(e.retry_after_ms, reset_wait_ms(response, "x-ratelimit-reset"));
  return fail(std::move(e));
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  auto body = json::parse(request.body, nullptr, false);
  const json* mails = member(body, "personalizations");
  if (!mails || !mails->is_array())
    return next;
  for (json& mail : body["personalizations"])
    if (member(mail, "custom_args") != nullptr)
      mail["custom_args"]["generation"] = std::to_string(generation);
  next.body = dump(body);
  return next;
}

} // namespace

std::string mail_outcome::encode() const {
  return dump(json{{"message_id", message_id}});
}

result<mail_outcome> mail_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!member(object, "message_id"))
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return mail_outcome{text_of(object, "message_id")};
}

bool is_fault_of_mail(const error& why) {
  constexpr std::string_view too_large = "413";
  constexpr std::array<std::string_view, 3> own = {"personalizations", "subject", "content"};
  if (why.message.starts_with(too_large))
    return true;
  // `400: personalizations.0.to.0.email: invalid, from.email: invalid`
  std::string_view rest = why.message;
  while (!rest.empty()) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word.find("custom_args") == std::string_view::npos &&
        std::any_of(own.begin(), own.end(),
                    [word](std::string_view field) { return word.starts_with(field); }))
      return true;
  }
  return false;
}

operation<mail_outcome> send_mail(const mail_request& request) {
  json content = json::array(); // Plain text stands first, SendGrid insists.
  if (!request.text.empty())
    content.push_back({{"type", "text/plain"}, {"value", request.text}});
  if (!request.html.empty())
    content.push_back({{"type", "text/html"}, {"value", request.html}});
  const json custom_args = {{"hub", request.ref.hub},
                            {"order_id", request.ref.order_id},
                            {"step", request.ref.step},
                            {"step_attempt", request.ref.attempt},
                            {"generation", "1"}};
  const json to = json::array({person(request.to_email, request.to_name)});
  const json body = {
      {"personalizations", json::array({json{{"to", to}, {"custom_args", custom_args}}})},
      {"from", person(request.from_email, request.from_name)},
      {"subject", one_line(request.subject)},
      {"content", std::move(content)},
      {"categories", json::array({"order"})}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "sendgrid";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = {"POST", "/v3/mail/send", {{"Content-Type", "application/json"}}, dump(body)};
  raw.deadline_ms = 30'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.parse = &parse;
  raw.regenerate = &regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::sendgrid
