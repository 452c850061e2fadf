#include "http_gateway/settings/fallbacks.hpp"

#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

namespace {

namespace custom = providers::custom;

/// As a person knows it: `fallback.mail (ORDERHUB_FALLBACK_MAIL)`.
std::string shown(std::string_view setting) {
  const auto* row = find_setting(setting);
  return std::string(row->id.name) + " (" + std::string(row->id.environment) + ')';
}

bool names(const custom::description& page, std::string_view value) {
  return page.path.names(value) || page.body.names(value);
}

/// Values of which one each must stand in a request that does this operation.
using wanted_values = std::array<std::array<std::string_view, 2>, 3>;
wanted_values wanted_of(std::string_view operation) {
  if (operation == "sendgrid.send_mail")
    return {{{"email", "email"}, {"subject", "subject"}, {"text", "html"}}};
  if (operation == "twilio.send_sms")
    return {{{"phone", "phone"}, {"text", "text"}, {"text", "text"}}};
  return {{{"text", "text"}, {"text", "text"}, {"text", "text"}}};
}

/// A mail without its addressee would be taken by the other side, and go to nobody.
result<void> check_values(const custom::description& page) {
  for (const auto& [one, other] : wanted_of(page.instead_of))
    if (!names(page, one) && !names(page, other))
      return refuse(page.operation + ".body must hold {{" + std::string(one) + "}}" +
                    (one == other ? std::string() : " or {{" + std::string(other) + "}}") +
                    ", since it is sent in the place of " + page.instead_of + '.');
  return {};
}

result<void> name_fallback(settings& s, std::string_view setting, std::string_view value,
                           std::string_view operation) {
  if (value.empty())
    return {};
  const auto name = value.substr(value.find('/') + 1);
  const auto page = std::find_if(s.custom.begin(), s.custom.end(),
                                 [&](const auto& p) { return p.what->name == name; });
  const auto begins = shown(setting) + " names custom/" + std::string(name);
  if (page == s.custom.end())
    return refuse(begins + ", and the configuration file has no page [custom." + std::string(name) +
                  "].");
  if (page->what->hooks != 0)
    return refuse(begins + ": custom." + std::string(name) + ".after must not be set there.");
  if (!page->what->instead_of.empty() && page->what->instead_of != operation)
    return refuse(begins + ", which does " + page->what->instead_of + " and not " +
                  std::string(operation) + '.');
  for (const auto& other : s.custom)
    if (other.what->name != name && other.what->instead_of == operation)
      return refuse(begins + ", and " + other.what->operation + ".instead_of must not be " +
                    std::string(operation) + " too.");
  auto named = std::make_shared<custom::description>(*page->what);
  named->instead_of = operation;
  page->what = std::move(named);
  return {};
}

} // namespace

result<void> name_fallbacks(settings& s) {
  if (auto done = name_fallback(s, "fallback.mail", s.fallback_mail, "sendgrid.send_mail"); !done)
    return done;
  if (auto done = name_fallback(s, "fallback.sms", s.fallback_sms, "twilio.send_sms"); !done)
    return done;
  for (const auto& provider : s.custom) {
    const auto& page = *provider.what;
    if (page.hooks == 0 && page.instead_of.empty())
      return refuse(page.operation + ".after must be set, or instead_of, or " +
                    shown("fallback.mail") + " or fallback.sms must name it.");
    if (!page.instead_of.empty())
      if (auto sound = check_values(page); !sound)
        return sound;
  }
  return {};
}

} // namespace orderhub::http_gateway
