#include "providers/mock/sendgrid/sendgrid.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

constexpr std::array message_fields = {
    "personalizations"sv, "from"sv,        "subject"sv,       "content"sv,
    "custom_args"sv,      "categories"sv,  "mail_settings"sv, "respond_to"sv,
    "reply_to_list"sv,    "attachments"sv, "template_id"sv,   "headers"sv,
    "send_at"sv,          "batch_id"sv,    "asm"sv,           "ip_pool_name"sv,
    "tracking_settings"sv};
constexpr std::size_t personalizations_max = 1'000;
constexpr std::size_t recipients_max = 1'000;

bool plausible_email(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 320 &&
         text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of(" \t\r\n<>,") == std::string_view::npos;
}

/// A name goes into the header as it is: a comma or semicolon outside of quotes ends the address,
/// and the mail is dropped for an address that nobody wrote, or goes there.
bool splits_address(std::string_view name) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && is_quoted)
      ++i;
    else if (name[i] == '"')
      is_quoted = !is_quoted;
    else if (!is_quoted && (name[i] == ',' || name[i] == ';'))
      return true;
  }
  return is_quoted; // The closing quote is missing.
}

/// One `personalizations` element while it is read.
struct personalization {
  std::vector<std::string_view> recipients;
  std::string_view first_to, order_id, step, attempt;
  std::string args; ///< Its custom arguments as members of JSON, a comma before each.
  bool has_subject = false;
};

/// `personalizations.12.to.0.email` -> 12 and `to.0.email`
bool split(std::string_view name, std::size_t& index, std::string_view& rest) {
  constexpr auto prefix = "personalizations."sv;
  if (name.substr(0, prefix.size()) != prefix)
    return false;
  name.remove_prefix(prefix.size());
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (failed != std::errc())
    return false;
  rest = name.substr(static_cast<std::size_t>(end - name.data()));
  if (!rest.empty())
    rest.remove_prefix(1);
  return true;
}

std::string_view last_part(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(',');
  append_json(out, name);
  out.push_back(':');
  append_json(out, value);
}

} // namespace

void sendgrid::tell(std::uint64_t number, std::string_view to, const std::string& args,
                    unix_ms at) {
  constexpr std::int64_t delivery_ms = 500;
  if (!shared_.told.is_on())
    return;
  for (const auto& [event, after_ms] :
       {std::pair("processed"sv, std::int64_t{0}), std::pair("delivered"sv, delivery_ms)}) {
    notice n;
    n.vendor = vendor_id::sendgrid;
    n.at = at + after_ms;
    n.target = "/webhooks/sendgrid";
    n.headers = json_content();
    auto& out = n.body;
    out.append(R"({"email":)");
    append_json(out, to);
    out.append(R"(,"timestamp":)");
    append_number(out, n.at / 1'000);
    out.append(R"(,"event":")").append(event).append(R"(","sg_event_id":"mock-)");
    append_number(out, static_cast<std::int64_t>(shared_.told.next_number()));
    out.push_back('-');
    shared_.names.append_mail(out, number);
    out.append(R"(","sg_message_id":")");
    shared_.names.append_mail(out, number);
    out.append(R"(.filter0001.1.1.0")").append(args);
    if (event == "delivered")
      out.append(R"(,"response":"250 OK")");
    out.push_back('}');
    shared_.told.add(std::move(n));
  }
}

call_id sendgrid::route(std::string_view method, std::string_view path) {
  if (method == "GET" && path == "/v3/scopes")
    return call_id::sendgrid_scopes;
  return method == "POST" && path == "/v3/mail/send" ? call_id::sendgrid_mail
                                                     : call_id::sendgrid_other;
}

void sendgrid::refuse(call& c, int status, std::string_view field, std::string_view message) {
  c.json_header();
  c.reply.status = status;
  auto& out = c.reply.body;
  out.assign(R"({"errors":[{"message":)");
  append_json(out, message);
  out.append(R"(,"field":)");
  if (field.empty())
    out.append("null");
  else
    append_json(out, field);
  out.append(R"(,"help":null}]})");
}

void sendgrid::handle(call& c) {
  const auto* authorization = c.header("authorization");
  const std::string_view value = authorization ? std::string_view(*authorization) : "";
  if (value.substr(0, 7) != "Bearer " || value.size() == 7 ||
      value.find("invalid") != std::string_view::npos)
    return refuse(c, 401, {}, "The provided authorization grant is invalid, expired, or revoked");
  if (c.what == call_id::sendgrid_other) {
    if (c.path == "/v3/mail/send")
      return refuse(c, 405, {}, "method not allowed");
    return refuse(c, 404, {}, "resource not found");
  }
  if (c.mode() == fault_effect::refuse)
    return refuse(c, 400, {}, c.hit->text.empty() ? "Bad Request"sv : c.hit->text);
  if (c.what == call_id::sendgrid_scopes) {
    c.json_header();
    c.reply.status = 200;
    // A key of few scopes says so in its name.
    c.reply.body = value.find("readonly") == std::string_view::npos
                       ? R"({"scopes":["mail.send","2fa_required","sender_verification_eligible"]})"
                       : R"({"scopes":["2fa_required","sender_verification_eligible"]})";
    return;
  }
  const auto* type = c.header("content-type");
  if (!type || std::string_view(*type).substr(0, 16) != "application/json")
    return refuse(c, 415, {}, "Content-Type should be application/json.");
  auto& params = shared_.params;
  params.clear();
  if (!params.add_json(c.request.body) || params.kind_of(0) != fields::kind::object)
    return refuse(c, 400, {}, "Bad Request");
  validate(c);
}

bool sendgrid::validate(call& c) {
  const auto& params = shared_.params;
  const auto no = [&](std::string_view field, std::string_view message) {
    refuse(c, 400, field, message);
    return false;
  };
  std::vector<personalization> mails;
  std::string_view order_id;
  std::string_view step;
  std::string_view attempt;
  std::string args; // Of the message: for a personalization that has none of its own.
  for (std::size_t i = 1; i < params.size(); ++i) {
    const auto name = params.name(i);
    const auto kind = params.kind_of(i);
    const bool is_text = kind == fields::kind::text;
    std::size_t index = 0;
    std::string_view rest;
    if (split(name, index, rest)) {
      if (index >= personalizations_max)
        return no("personalizations",
                  "The personalizations field must have at most 1000 elements.");
      if (index >= mails.size())
        mails.resize(index + 1);
      auto& mail = mails[index];
      if (rest == "subject")
        mail.has_subject = is_text && !params.value(i).empty();
      if (rest.substr(0, 12) == "custom_args.") {
        if (!is_text)
          return no(name, "Custom args must be strings.");
        const auto key = rest.substr(12);
        append_member(mail.args, key, params.value(i));
        if (key == "order_id")
          mail.order_id = params.value(i);
        else if (key == "step")
          mail.step = params.value(i);
        else if (key == "step_attempt")
          mail.attempt = params.value(i);
      }
      const auto list = rest.substr(0, rest.find('.'));
      if ((list == "to" || list == "cc" || list == "bcc") && last_part(rest) == "email") {
        if (!is_text || !plausible_email(params.value(i)))
          return no(name, "Does not contain a valid address.");
        if (mail.recipients.size() >= recipients_max)
          return no(name, "There can be at most 1000 recipients.");
        if (list == "to" && mail.first_to.empty())
          mail.first_to = params.value(i);
        mail.recipients.push_back(params.value(i));
      }
      if ((list == "to" || list == "cc" || list == "bcc") && last_part(rest) == "name" &&
          splits_address(params.value(i)))
        return no(name, "Does not contain a valid address.");
      continue;
    }
    if (name.substr(0, 12) == "custom_args.") {
      if (!is_text)
        return no(name, "Custom args must be strings.");
      const auto key = name.substr(12);
      append_member(args, key, params.value(i));
      if (key == "order_id")
        order_id = params.value(i);
      else if (key == "step")
        step = params.value(i);
      else if (key == "step_attempt")
        attempt = params.value(i);
      continue;
    }
    if (name.find('.') == std::string_view::npos &&
        std::find(message_fields.begin(), message_fields.end(), name) == message_fields.end()) {
      std::string message = "Additional property ";
      message.append(name.substr(0, 100)).append(" is not allowed");
      return no(name.substr(0, 100), message);
    }
  }
  if (mails.empty())
    return no("personalizations",
              "The personalizations field is required and must have at least one personalization.");
  const bool has_template = !params.get("template_id").empty();
  const bool has_subject = !params.get("subject").empty();
  for (auto& mail : mails) {
    if (mail.first_to.empty())
      return no("personalizations.0.to",
                "The to array is required for all personalization objects, and must have at least "
                "one email object with a valid email address.");
    if (!has_subject && !mail.has_subject && !has_template)
      return no("subject", "The subject is required. You can get around this requirement if you "
                           "use a template with a subject defined or if every personalization has "
                           "a subject defined.");
    std::sort(mail.recipients.begin(), mail.recipients.end());
    if (std::adjacent_find(mail.recipients.begin(), mail.recipients.end()) != mail.recipients.end())
      return no("personalizations", "Each email address in the personalization block should be "
                                    "unique between to, cc, and bcc.");
  }
  if (!plausible_email(params.get("from.email")))
    return no("from.email", "The from email does not contain a valid address.");
  if (params.get("subject").find_first_of("\r\n") != std::string_view::npos)
    return no("subject", "The subject must not contain line breaks.");
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto name = params.name(i);
    if (name.starts_with("content.") && last_part(name) == "value" && params.value(i).empty())
      return no(name, "The content value must be a string at least one character in length.");
    if (name == "content.1.type" && params.value(i) == "text/plain")
      return no("content", "If present, text/plain must be first, followed by text/html, followed "
                           "by any other content.");
  }
  if (!has_template &&
      (params.get("content.0.type").empty() || params.get("content.0.value").empty()))
    return no("content", "Unless a valid template_id is provided, the content parameter is "
                         "required. There must be at least one defined content block.");

  if (params.get("mail_settings.sandbox_mode.enable") == "true") {
    c.reply.status = 200; // checked, not sent
    return true;
  }
  const auto first = mails_ + 1;
  for (const auto& mail : mails) {
    tell(mails_ + 1, mail.first_to, mail.args.empty() ? args : mail.args, c.now);
    shared_.effects.add({.kind = effect_kind::mail,
                         .number = ++mails_,
                         .order_id = mail.order_id.empty() ? order_id : mail.order_id,
                         .step = mail.step.empty() ? step : mail.step,
                         .to = mail.first_to,
                         .attempt = attempt_of(mail.attempt.empty() ? attempt : mail.attempt),
                         .at_ms = c.now,
                         .request_number = c.request_number});
  }
  c.reply.status = 202;
  std::string id;
  shared_.names.append_mail(id, first);
  c.reply.headers.emplace_back("x-message-id", std::move(id));
  return true;
}

} // namespace orderhub::providers::mock
