#include "http_gateway/settings/custom_from.hpp"

#include "http_gateway/settings/values.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/rate_limiter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using nlohmann::json;
namespace custom = providers::custom;

constexpr std::size_t name_size_max = 24;
constexpr std::size_t text_size_max = 64 * 1024;
constexpr std::int64_t deadline_min_ms = 100;
constexpr std::int64_t deadline_max_ms = 120'000;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_size_max && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool is_printable(std::string_view text, char from) {
  return std::all_of(text.begin(), text.end(), [from](char c) { return c >= from && c <= '~'; });
}

/// RFC 9110, 5.6.2.
bool is_header_name(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

/// What the transport says of a request, and what we say of its body.
bool is_our_header(std::string_view name) {
  constexpr std::array<std::string_view, 7> ours = {
      "host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "te"};
  return std::any_of(ours.begin(), ours.end(),
                     [name](std::string_view own) { return equal_ignoring_case(name, own); });
}

/// What is in `headers` stands in every intent, so no secret may.
bool is_of_credentials(std::string_view name) {
  constexpr std::array<std::string_view, 3> known = {"authorization", "proxy-authorization",
                                                     "cookie"};
  return std::any_of(known.begin(), known.end(),
                     [name](std::string_view own) { return equal_ignoring_case(name, own); });
}

/// RFC 6901.
bool is_pointer(std::string_view text) {
  if (!text.starts_with('/') || !is_utf8(text))
    return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return false;
  return true;
}

bool is_variable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

/// The settings of one section as they are read. The first that is wrong is kept.
class section {
public:
  section(json object, std::string name) : object_(std::move(object)), name_(std::move(name)) {}

  [[nodiscard]] bool is_sound() const { return !wrong_; }
  [[nodiscard]] error why() const { return {error_kind::invalid, "settings", *wrong_}; }
  void refuse(std::string_view setting, const std::string& message) {
    if (!wrong_)
      wrong_ = name_ + '.' + std::string(setting) + ' ' + message;
  }
  [[nodiscard]] bool has(std::string_view setting) const { return object_.contains(setting); }
  [[nodiscard]] const json& at(std::string_view setting) const { return *object_.find(setting); }

  /// Its text, or nothing where it is not set or not one.
  std::optional<std::string> text(std::string_view setting) {
    if (!has(setting))
      return std::nullopt;
    const auto& value = at(setting);
    if (!value.is_string() || value.get_ref<const std::string&>().size() > text_size_max) {
      refuse(setting, "must be text");
      return std::nullopt;
    }
    return value.get<std::string>();
  }
  /// The same, as a function reads it that fails with what it must be.
  template <class Read>
  auto read(std::string_view setting, const Read& how)
      -> std::optional<typename decltype(how(std::string()))::value_type> {
    const auto given = text(setting);
    if (!given)
      return std::nullopt;
    auto value = how(*given);
    if (value)
      return std::move(*value);
    refuse(setting, value.error().message);
    return std::nullopt;
  }
  std::string required_text(std::string_view setting) {
    auto given = text(setting);
    if (!has(setting))
      refuse(setting, "must be set");
    return given.value_or(std::string());
  }
  std::string pointer(std::string_view setting) {
    const auto given = text(setting);
    if (given && !is_pointer(*given))
      refuse(setting, "must be a JSON pointer, such as /data/id");
    return given.value_or(std::string());
  }
  std::string variable(std::string_view setting) {
    const auto given = text(setting);
    if (given && !is_variable(*given))
      refuse(setting, "must be the name of an environment variable");
    return given.value_or(std::string());
  }
  /// One that stands in the file itself, or in the environment variable that `as_variable` names;
  /// both are too many.
  secret own_secret(std::string_view setting, std::string_view as_variable) {
    secret value;
    const auto given = text(setting);
    if (given && given->empty())
      refuse(setting, "must not be empty");
    else if (given)
      if (auto set = set_secret(value, *given); !set)
        refuse(setting, set.error().message);
    if (given && has(as_variable))
      refuse(setting, "must not be set beside " + std::string(as_variable));
    return value;
  }
  std::int64_t duration(std::string_view setting, std::int64_t fallback, std::int64_t min_ms,
                        std::int64_t max_ms) {
    const auto given = text(setting);
    auto ms = fallback;
    if (!given)
      return ms;
    if (auto set = set_duration(ms, *given, min_ms); !set)
      refuse(setting, set.error().message);
    else if (ms > max_ms)
      refuse(setting, "must be at most " + std::to_string(max_ms) + "ms");
    return ms;
  }
  /// A section below it; of nothing where it is not set.
  section below(std::string_view setting) {
    const bool is_object = has(setting) && at(setting).is_object();
    if (has(setting) && !is_object)
      refuse(setting, "must be a table");
    return {is_object ? at(setting) : json::object(), name_ + '.' + std::string(setting)};
  }
  void take_wrong_of(const section& other) {
    if (!wrong_)
      wrong_ = other.wrong_;
  }

private:
  json object_;
  std::string name_;
  std::optional<std::string> wrong_;
};

result<custom::text_template> path_from(std::string_view text,
                                        const std::vector<std::string_view>& more = {}) {
  if (!text.starts_with('/') || text.starts_with("//") || !is_printable(text, ' ') ||
      text.find('#') != std::string_view::npos)
    return refuse("must begin with one / and be printable ASCII: /v1/orders/{{order_id}}");
  auto parsed = custom::text_template::parse(text, more);
  if (parsed && parsed->filled_path({}).find(' ') != std::string::npos)
    return refuse("must have no spaces outside of {{…}}");
  return parsed;
}

void read_hooks(section& from, custom::description& to) {
  if (const auto other = from.text("instead_of")) {
    const auto& known = custom::replaceable;
    if (std::find(known.begin(), known.end(), *other) == known.end())
      from.refuse("instead_of",
                  "must be sendgrid.send_mail, twilio.send_sms, slack.post_message or "
                  "slack.post_webhook");
    for (const auto* of_hooks : {"after", "on_refusal"})
      if (from.has(of_hooks))
        from.refuse(of_hooks, "must not be set beside instead_of");
    to.instead_of = *other;
    return;
  }
  if (!from.has("after")) { // A fallback's, or nobody's: `name_fallbacks` looks.
    if (from.has("on_refusal"))
      from.refuse("on_refusal", "must not be set without after");
    return;
  }
  std::vector<std::string> names;
  if (from.at("after").is_array()) {
    for (const auto& name : from.at("after"))
      names.push_back(name.is_string() ? name.get<std::string>() : std::string());
  } else {
    names.push_back(from.required_text("after"));
  }
  for (const auto& name : names) {
    const auto hook = custom::hook_of(name);
    if (!hook)
      return from.refuse("after",
                         "must be confirmed, paid, shipped or cancelled, or a list of them");
    to.hooks |= static_cast<std::uint8_t>(*hook);
  }
  const auto on_refusal = from.text("on_refusal");
  if (on_refusal && *on_refusal != "note" && *on_refusal != "cancel_order")
    from.refuse("on_refusal", "must be note or cancel_order");
  to.cancels_order = on_refusal == "cancel_order";
  if (to.cancels_order && to.is_called_after(custom::hook::cancelled))
    from.refuse("on_refusal", "must not be cancel_order of what is called after cancelled");
}

void read_request(section& from, custom::description& to) {
  if (const auto method = from.text("method")) {
    constexpr std::array<std::string_view, 4> methods = {"POST", "PUT", "PATCH", "DELETE"};
    if (std::find(methods.begin(), methods.end(), *method) == methods.end())
      from.refuse("method", "must be POST, PUT, PATCH or DELETE");
    to.method = *method;
  }
  from.required_text("path");
  if (auto path = from.read("path", [](const std::string& t) { return path_from(t); }))
    to.path = std::move(*path);
  if (from.has("headers") && !from.at("headers").is_object())
    from.refuse("headers", "must be a table of texts");
  if (from.has("headers") && from.at("headers").is_object())
    for (const auto& [name, value] : from.at("headers").items()) {
      if (!is_header_name(name) || is_our_header(name))
        return from.refuse("headers", "must hold names of headers that are not the hub's own");
      if (is_of_credentials(name))
        return from.refuse("headers", "must hold no credentials: secret_env names what holds them");
      if (!value.is_string() || !is_printable(value.get_ref<const std::string&>(), ' '))
        return from.refuse("headers", "must hold printable ASCII texts");
      to.headers.emplace_back(name, value.get<std::string>());
    }
  if (!from.has("body"))
    return;
  const auto& body = from.at("body");
  const auto text = body.is_string() ? body.get<std::string>() : body.dump();
  if (auto parsed = custom::json_template::parse(text))
    to.body = std::move(*parsed);
  else
    from.refuse("body", parsed.error().message);
}

void read_answers(section& from, custom::description& to) {
  for (const auto& [setting, statuses, fallback] :
       {std::tuple<const char*, custom::status_set&, const char*>("success", to.success, "200-299"),
        {"terminal", to.terminal, ""},
        {"retryable", to.retryable, ""}}) {
    statuses = *custom::parse_statuses(fallback);
    if (auto given = from.read(setting, &custom::parse_statuses))
      statuses = std::move(*given);
  }
  if (to.success.ranges.empty())
    from.refuse("success", "must have a status");
  for (const auto& [setting, mine, other] :
       {std::tuple<const char*, const custom::status_set&, const custom::status_set&>(
            "terminal", to.terminal, to.success),
        {"retryable", to.retryable, to.success},
        {"retryable", to.retryable, to.terminal}})
    if (mine.overlaps(other))
      from.refuse(setting, "must have no status that is success or terminal too");
  to.proof = from.pointer("proof");
  to.show = from.pointer("show");
  to.reason = from.pointer("reason");
}

void read_look_up(section& from, custom::description& to) {
  if (!from.has("look_up"))
    return;
  auto below = from.below("look_up");
  custom::look_up_rule rule;
  below.required_text("path");
  const std::vector<std::string_view> more = {"key"};
  if (auto path = below.read("path", [&](const std::string& t) { return path_from(t, more); }))
    rule.path = std::move(*path);
  if (!rule.path.names("key") && !rule.path.names("reference") && !rule.path.names("order_id"))
    below.refuse("path", "must ask for {{key}}, {{reference}} or {{order_id}}");
  if (rule.path.names("key") && to.key_header.empty())
    below.refuse("path", "must not hold {{key}}, since there is no key_header");
  below.required_text("found");
  rule.pointer = below.pointer("found");
  if (auto equals = below.read(
          "equals", [&](const std::string& t) { return custom::text_template::parse(t, more); }))
    rule.equals = std::move(*equals);
  if (auto absent = below.read("absent", &custom::parse_statuses))
    rule.absent = std::move(*absent);
  if (rule.absent.contains(200) || rule.absent.contains(401) || rule.absent.contains(429))
    below.refuse("absent", "must not have 200, 401 or 429, which say nothing of the kind");
  from.take_wrong_of(below);
  to.look_up = std::move(rule);
}

/// Whoever says nothing gets what the description makes possible, and nothing is guessed.
void read_doubt(section& from, custom::description& to) {
  if (const auto header = from.text("key_header")) {
    if (!is_header_name(*header) || is_our_header(*header))
      from.refuse("key_header", "must be the name of a header that is not the hub's own");
    to.key_header = *header;
  }
  read_look_up(from, to);
  if (!from.has("doubt") && !to.look_up)
    return from.refuse("doubt", "must be set where there is no look_up: replay_key 24h with a "
                                "key_header, may_repeat, or may_miss");
  to.doubt.policy = providers::doubt_policy::lookup;
  if (auto given = from.read("doubt", &providers::parse_doubt))
    to.doubt = *given;
  providers::operation_row row;
  row.name = to.operation;
  row.has_lookup = to.look_up.has_value();
  row.vendor_key_life_ms = to.key_header.empty() ? 0 : to.doubt.key_life_ms.value_or(1);
  if (auto allowed = providers::check_doubt(row, to.doubt); !allowed)
    from.refuse("doubt", allowed.error().message);
  else if (to.doubt.uses(providers::doubt_policy::replay_key) && !to.doubt.key_life_ms)
    from.refuse("doubt", "must say how long the provider knows a key: replay_key 24h");
}

void read_times(section& from, custom::description& to, custom::provider& of) {
  to.deadline_ms = from.duration("deadline", to.deadline_ms, deadline_min_ms, deadline_max_ms);
  to.give_up_after_ms = from.duration("give_up_after", 0, 1'000, std::int64_t{365} * 86'400'000);
  if (auto limit = from.read("limit", &providers::parse_rate_limit))
    of.limits.push_back({"all", *limit, false});
}

void read_credentials(section& from, custom::provider& of) {
  of.secret_from = from.variable("secret_env");
  of.auth = from.own_secret("secret", "secret_env");
  if (const auto header = from.text("auth_header")) {
    if (!is_header_name(*header) || is_our_header(*header))
      from.refuse("auth_header", "must be the name of a header that is not the hub's own");
    of.auth_header = *header;
    of.auth_prefix.clear();
  }
  if (const auto prefix = from.text("auth_prefix")) {
    if (!is_printable(*prefix, ' '))
      from.refuse("auth_prefix", "must be printable ASCII");
    of.auth_prefix = *prefix;
  }
  if (!from.has("oauth"))
    return;
  if (!of.secret_from.empty() || !of.auth.empty())
    from.refuse("oauth", "must not be set beside a secret");
  auto below = from.below("oauth");
  providers::token_client client;
  if (below.has("token_url"))
    if (auto set = set_base(client.url, below.required_text("token_url"), ""); !set)
      below.refuse("token_url", set.error().message);
  client.id = below.required_text("client_id");
  if (client.id.empty())
    below.refuse("client_id", "must be set");
  client.scope = below.text("scope").value_or(std::string());
  of.client_secret_from = below.variable("client_secret_env");
  client.client_secret = below.own_secret("client_secret", "client_secret_env");
  if (of.client_secret_from.empty() && client.client_secret.empty())
    below.refuse("client_secret_env", "must be set, or client_secret");
  const auto way = below.text("client_auth").value_or("basic");
  if (way != "basic" && way != "body")
    below.refuse("client_auth", "must be basic or body");
  client.is_sent_in_body = way == "body";
  from.take_wrong_of(below);
  of.oauth = std::move(client);
}

/// What the page says beside its secrets, which may change while the hub runs.
json without_secrets(json page) {
  page.erase("secret");
  if (const auto oauth = page.find("oauth"); oauth != page.end() && oauth->is_object())
    oauth->erase("client_secret");
  return page;
}

/// What is written there and read by nobody is a mistake.
void refuse_unknown(section& from, const json& object, const std::string& above) {
  for (const auto& [name, value] : object.items()) {
    const auto full = above + name;
    const auto& all = custom_settings();
    const bool is_section = full == "look_up" || full == "oauth";
    if (is_section && value.is_object())
      refuse_unknown(from, value, full + '.');
    else if (!is_section && std::none_of(all.begin(), all.end(),
                                         [&](const custom_setting& s) { return s.name == full; }))
      from.refuse(full, "is not a setting");
  }
}

} // namespace

const std::vector<custom_setting>& custom_settings() {
  static const std::vector<custom_setting> all = {
      {"url", "none; with MOCK_MODE the built-in mock's", "what stands before path"},
      {"after", "must be set, or instead_of, or a fallback names it",
       "when it is called: `confirmed`, `paid`, `shipped`, `cancelled`, or a list of them"},
      {"instead_of", "none",
       "in the place of after: the operation that it does where that one's vendor has definitely "
       "refused it, or cannot be reached and nothing has left: `sendgrid.send_mail`, "
       "`twilio.send_sms`, `slack.post_message`, `slack.post_webhook`"},
      {"on_refusal", "note",
       "what a definite refusal does to the order: `note` nothing, `cancel_order` cancels it"},
      {"method", "POST", "POST, PUT, PATCH or DELETE"},
      {"path", "must be set", "path and query, with values: `/orders/{{order_id}}`"},
      {"headers", "none", "a table of further headers, without secrets"},
      {"body", "none", "JSON, as text or as a table, with values in its texts"},
      {"secret_env", "none", "the environment variable that holds its secret"},
      {"secret", "none", "**secret**; the same in the file itself, where SIGHUP reads another one"},
      {"auth_header", "Authorization", "the header that the secret goes into"},
      {"auth_prefix", "`Bearer `, none with an auth_header", "what stands before the secret"},
      {"success", "200-299", "statuses, `200-299, 409`: it is done"},
      {"terminal", "none", "statuses: refused for good"},
      {"retryable", "none",
       "statuses: nothing was done, tried again. What stands in none of the three means what it "
       "usually does: 401, 403, 404 a wrong setting, 429 later, other 4xx refused, 5xx in doubt"},
      {"proof", "none", "JSON pointer that a success must have; without it there it is in doubt"},
      {"show", "none", "JSON pointer of what GetOrder shows of a success"},
      {"reason", "none", "JSON pointer of a refusal's code, which GetOrder shows"},
      {"doubt", "look_up, where there is one", "what is done in doubt, as above"},
      {"key_header", "none", "the header that carries an idempotency key"},
      {"deadline", "10s", "of one attempt, at most 120s"},
      {"give_up_after", "never", "of the call as a whole, unless it is in doubt"},
      {"limit", "none", "calls a second (10/s), minute or hour"},
      {"look_up.path", "must be set",
       "a GET; must name `{{key}}`, `{{reference}}` or `{{order_id}}`"},
      {"look_up.found", "must be set", "JSON pointer of what is there where it took effect"},
      {"look_up.equals", "none", "what must stand there: `{{reference}}`"},
      {"look_up.absent", "none",
       "statuses that say that it is not there, `404`; beside them a 200 without what was looked "
       "for"},
      {"oauth.token_url", "none; with MOCK_MODE the built-in mock's",
       "of OAuth 2 client credentials: the token endpoint"},
      {"oauth.client_id", "must be set", "the client's id"},
      {"oauth.client_secret_env", "must be set, or client_secret",
       "the environment variable that holds the client's secret"},
      {"oauth.client_secret", "none",
       "**secret**; the same in the file itself, where SIGHUP reads another one"},
      {"oauth.scope", "none", "what is asked for"},
      {"oauth.client_auth", "basic", "`basic`: id and secret in a header; `body`: as fields"},
  };
  return all;
}

result<custom::provider> custom_from(const std::string& name, std::string_view text) {
  auto object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto full = "custom." + name;
  if (!is_name(name))
    return refuse("[custom.…]: a provider's name must begin with a letter a to z, and have at most "
                  "24 of a to z, 0 to 9 and _");
  if (!object.is_object())
    return refuse(full + " must be a table");
  section from(object, full);
  custom::provider of;
  of.source = name + '=' + without_secrets(object).dump();
  auto what = custom::named(name);
  refuse_unknown(from, object, "");
  if (from.has("url"))
    if (auto set = set_base(of.base, from.required_text("url"), ""); !set)
      from.refuse("url", set.error().message);
  read_hooks(from, *what);
  read_request(from, *what);
  read_answers(from, *what);
  read_doubt(from, *what);
  read_times(from, *what, of);
  read_credentials(from, of);
  if (!from.is_sound())
    return fail(from.why());
  of.what = std::move(what);
  return of;
}

result<void> take_secrets(custom::provider& of,
                          const std::function<const char*(const char*)>& env) {
  const auto take = [&](secret& to, const std::string& variable,
                        const char* setting) -> result<void> {
    if (variable.empty())
      return {};
    const auto given_as = of.what->operation + '.' + setting + " names " + variable + ", which ";
    const char* value = env(variable.c_str());
    if (value == nullptr || *value == '\0')
      return refuse(given_as + "is not set");
    if (auto set = set_secret(to, value); !set)
      return refuse(given_as + set.error().message);
    return {};
  };
  if (auto done = take(of.auth, of.secret_from, "secret_env"); !done)
    return done;
  if (!of.oauth)
    return {};
  return take(of.oauth->client_secret, of.client_secret_from, "oauth.client_secret_env");
}

} // namespace orderhub::http_gateway
