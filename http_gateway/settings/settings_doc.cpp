#include "http_gateway/settings/settings_doc.hpp"

#include "http_gateway/settings/custom_from.hpp"
#include "http_gateway/settings/table.hpp"
#include "providers/custom/values.hpp"
#include "providers/vendors.hpp"

#include <string_view>
#include <vector>

namespace orderhub::http_gateway {
namespace {

constexpr std::string_view head = R"(# Settings

Written by `orderhub settings --markdown` from the table that the program itself reads.

Flags win over the environment, the environment over a TOML file (`--config FILE` or
`ORDERHUB_CONFIG`), and that over the defaults. Empty variables count as not set. A wrong value is
refused at start, by the name you gave it. What is marked **secret** has no flag, since a command
line is public on its machine.

Durations need a unit (`500ms`, `10s`, `2m`, `1h`, `30d`); sizes are bytes or `KiB`, `MiB`, `GiB`.
In TOML, names with a dot are in a section: `[mock]`, `latency = "20ms"`; `disable` may be a list,
`ship_from`, `parcel` and `customs` may be tables of texts. Base URLs must be `https://`, or `http://` to a
loopback host.

At SIGHUP the program reads all of it again: vendors' secrets count from the next call on, tokens from
the next request on, the log level at once, all else from the next start. What cannot be read changes
nothing, and the log says why.
)";

constexpr std::string_view about_doubt =
    R"(What is done where a call may or may not have taken effect, by operation. What is begun keeps the policy
that it began with.

| policy | meaning |
|---|---|
| `replay_key [KEY LIFE] [then look_up [ABSENCE TIME]]` | the same bytes under the same key; past the key's life it is looked up |
| `look_up [ABSENCE TIME]` | asked for by our own reference; repeated only where two look-ups after that time found nothing |
| `await_event TIME then POLICY` | a verified event is waited for so long, then the policy behind it |
| `may_miss` | not repeated; a person is told |
| `may_repeat` | repeated; it may happen twice |

Refused at start: `may_repeat` for what moves money, buys or voids a label or reserves stock; `look_up` where
there is none; `replay_key` where the vendor knows no key, or longer than it promises to know one; with a
live key an absence time below the operation's own. In TOML: `[doubt]`, `stripe.charge = "replay_key 12h"`.

)";

constexpr std::string_view about_fallbacks =
    R"(A page `[custom.<name>]` without `after` that sends in the place of SendGrid or Twilio. It is asked where the
first one has definitely not sent it and another may do better: its breaker is open, it refuses the credential, a
person has paused it or holds it open and nothing is in doubt, or it refuses for its own reasons (sender, country,
route). Never in doubt: an answer that was lost stays with the first one and its policy. And never for the message's
own fault: a mail that SendGrid refuses for its addressee, subject or content, an SMS with 21211, 21214, 21217, 21265,
21421, 21602, 21604, 21610 (opted out), 21614, 21617, or one that was taken and failed with 30003 to 30007. What was
taken and bounces later is not sent again. In TOML: `[fallback]`, `mail = "custom/backup_mail"`.

)";

std::string code(std::string_view text) {
  return '`' + std::string(text) + '`';
}

/// A cell's text: a bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string line_of(const setting_name& s) {
  const auto flag = flag_of(s);
  return "| " + (flag.empty() ? "–" : code(flag)) + " | " + code(s.environment) + " | " +
         code(s.name) + " | " + (s.fallback.empty() ? cell(s.fallback_note) : code(s.fallback)) +
         " | " + (s.is_secret ? "**secret**; " : "") + cell(s.help) + " |\n";
}

/// What a page of the file may say of a provider that nobody wrote code for.
std::string custom_providers() {
  std::string out = R"(
## Custom providers

In the TOML file only: each `[custom.<name>]` is a provider of your own that is called with an order's values,
without code. Secrets come from environment variables that it names. Its own errors never fail an order, unless
`on_refusal` says so; GetOrder shows what became of it, as the notice `custom_<name>_<event>`.

| setting | default | meaning |
|---|---|---|
)";
  for (const auto& s : custom_settings())
    out += "| " + code(s.name) + " | " + cell(s.fallback) + " | " + cell(s.help) + " |\n";
  out += "\nValues, as `{{name}}` in `path`, `body` and `look_up`; in a path they are "
         "percent-encoded, in a "
         "body they\nstay within their text, and a text that is one value and nothing else becomes "
         "it:\n\n"
         "| value | meaning |\n|---|---|\n";
  for (const auto& v : providers::custom::value_names)
    out += "| " + code(v.name) + " | " + cell(v.help) +
           (v.kind == providers::custom::value_kind::number ? ", a number" : "") + " |\n";
  out += R"(
```toml
[custom.crm]
url = "https://crm.example.com/api"
after = "confirmed"
path = "/v2/orders/{{reference}}"
method = "PUT"
secret_env = "CRM_TOKEN"
success = "200-201"
terminal = "422"
retryable = "503"
show = "/id"
doubt = "look_up 30s"
deadline = "5s"
limit = "10/s"
body = { order = "{{order_id}}", total = "{{total_minor}}", currency = "{{currency}}" }

[custom.crm.look_up]
path = "/v2/orders/{{reference}}"
found = "/id"
absent = "404"
```
)";
  return out;
}

std::string skippable() {
  std::string names;
  for (const auto name : providers::skippable_vendors())
    names.append(names.empty() ? "" : ", ").append(code(name));
  return "\n`disable` may list " + names + ".\n";
}

} // namespace

std::string settings_markdown() {
  std::string out(head);
  std::string_view group;
  for (const auto& row : setting_table()) {
    if (row.id.group != group) {
      group = row.id.group;
      out += "\n## " + std::string(group) + "\n\n";
      if (group == doubt_group)
        out += about_doubt;
      if (group == fallback_group)
        out += about_fallbacks;
      out += "| flag | environment | TOML | default | meaning |\n|---|---|---|---|---|\n";
      if (&row == &setting_table().front())
        out += "| `--config` | `ORDERHUB_CONFIG` | – | none | the TOML file |\n";
    }
    out += line_of(row.id);
  }
  out += skippable();
  out += custom_providers();
  out +=
      "\n`ORDERHUB_TEST_UNSTABLE_KEYS` and `ORDERHUB_TEST_JOURNAL_OFF` break the hub on purpose, "
      "for the\nchaos and benchmark scripts; do not set them.\n";
  return out;
}

} // namespace orderhub::http_gateway
