#include "http_gateway/settings/sources.hpp"

#include "http_gateway/settings/custom_from.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"

#include <fstream>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

namespace orderhub::http_gateway {
namespace {

/// `given_as` names the setting the way the person wrote it.
result<void> apply(settings& to, const setting_row& r, std::string_view text,
                   const std::string& given_as) {
  auto done = r.set(to, trimmed(text));
  if (!done)
    return refuse(given_as + " " + done.error().message + ".");
  return done;
}

/// A TOML value as the text that a flag would have.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* s = node.as_string())
    return s->get();
  if (const auto* b = node.as_boolean())
    return b->get() ? "true" : "false";
  if (const auto* i = node.as_integer())
    return std::to_string(i->get());
  if (const auto* a = node.as_array()) {
    std::string joined;
    for (const auto& element : *a) {
      const auto* s = element.as_string();
      if (!s)
        return std::nullopt;
      joined += s->get();
      joined += ',';
    }
    return joined;
  }
  return std::nullopt;
}

/// The same as JSON; nothing where it holds what JSON has not (dates).
std::optional<nlohmann::json> json_of(const toml::node& node) {
  using nlohmann::json;
  if (const auto* s = node.as_string())
    return json(s->get());
  if (const auto* b = node.as_boolean())
    return json(b->get());
  if (const auto* i = node.as_integer())
    return json(i->get());
  if (const auto* f = node.as_floating_point())
    return json(f->get());
  if (const auto* list = node.as_array()) {
    auto out = json::array();
    for (const auto& element : *list) {
      auto value = json_of(element);
      if (!value)
        return std::nullopt;
      out.push_back(std::move(*value));
    }
    return out;
  }
  const auto* table = node.as_table();
  if (table == nullptr)
    return std::nullopt;
  auto out = json::object();
  for (const auto& [name, element] : *table) {
    auto value = json_of(element);
    if (!value)
      return std::nullopt;
    out[std::string(name.str())] = std::move(*value);
  }
  return out;
}

/// `[custom.<name>]`, each a page of its own.
result<void> apply_custom(settings& to, const toml::node& node, const std::string& origin) {
  const auto* all = node.as_table();
  if (all == nullptr)
    return refuse("custom in " + origin + " must be a table of providers.");
  for (const auto& [key, page] : *all) {
    const std::string name(key.str());
    const auto json = json_of(page);
    if (!json)
      return refuse("custom." + name + " in " + origin + " must hold no dates or times.");
    auto provider = custom_from(name, json->dump());
    if (!provider)
      return refuse(provider.error().message + " (in " + origin + ").");
    for (const auto& other : to.custom)
      if (!other.what->instead_of.empty() && other.what->instead_of == provider->what->instead_of)
        return refuse("custom." + name + ".instead_of in " + origin + " must not be what " +
                      other.what->operation + ".instead_of is.");
    to.custom.push_back(std::move(*provider));
  }
  return {};
}

/// The sections [webhooks.custom.NAME] as the list that the variable would have.
std::optional<std::string> custom_webhooks_of(const toml::table& sections) {
  auto list = nlohmann::json::array();
  for (const auto& [name, node] : sections) {
    const auto* section = node.as_table();
    if (section == nullptr)
      return std::nullopt;
    nlohmann::json sender{{"name", std::string(name.str())}};
    for (const auto& [field, value] : *section) {
      const std::string key(field.str());
      if (const auto* events = value.as_table()) {
        auto& to = sender[key] = nlohmann::json::object();
        for (const auto& [type, kind] : *events) {
          const auto* text = kind.as_string();
          if (text == nullptr)
            return std::nullopt;
          to[std::string(type.str())] = text->get();
        }
        continue;
      }
      auto text = text_of(value);
      if (!text)
        return std::nullopt;
      sender[key] = std::move(*text);
    }
    list.push_back(std::move(sender));
  }
  return list.dump();
}

result<void> apply_table(settings& to, const toml::table& values, const std::string& prefix,
                         const std::string& origin) {
  for (const auto& [key, node] : values) {
    const auto name = prefix + std::string(key.str());
    const auto given_as = name + " in " + origin;
    const auto* r = find_setting(name);
    if (prefix.empty() && name == "custom") {
      auto done = apply_custom(to, node, origin);
      if (!done)
        return done;
      continue;
    }
    // `[doubt]` has a table for each vendor: `stripe.charge = …`.
    const bool may_be_section = prefix.empty() || prefix == "doubt.";
    if (const auto* section = node.as_table(); section && !r && may_be_section) {
      auto done = apply_table(to, *section, name + ".", origin);
      if (!done)
        return done;
      continue;
    }
    if (!r)
      return refuse(given_as + " is not a setting.");
    std::optional<std::string> text;
    // An address or a parcel may be written as a table of texts.
    if (const auto* object = node.as_table(); object != nullptr && name == "webhooks.custom") {
      text = custom_webhooks_of(*object);
      if (!text)
        return refuse(given_as + " must have a section for each sender, with texts.");
    } else if (object != nullptr) {
      auto json = nlohmann::json::object();
      for (const auto& [field, value] : *object) {
        const auto* s = value.as_string();
        if (!s)
          return refuse(given_as + " must have text in each field.");
        json[std::string(field.str())] = s->get();
      }
      // Bytes that are not UTF-8 cannot be here: TOML itself refuses them.
      text = json.dump();
    } else {
      text = text_of(node);
    }
    if (!text)
      return refuse(given_as + " must be text, a whole number, true or false, or a list of texts.");
    auto done = apply(to, *r, *text, given_as);
    if (!done)
      return done;
  }
  return {};
}

} // namespace

result<void> apply_toml(settings& to, std::string_view text, std::string_view origin) {
  // The one place where toml++ may throw.
  try {
    const auto parsed = toml::parse(text);
    return apply_table(to, parsed, "", std::string(origin));
  } catch (const toml::parse_error& e) {
    // Its description names tokens, not values; the line is what helps.
    return refuse(std::string(origin) + " line " + std::to_string(e.source().begin.line) +
                  ": is not valid TOML.");
  }
}

result<settings> load_settings(const flag_values& flags, const environment& env) {
  settings s;
  const auto variable = [&](const char* name) -> std::optional<std::string> {
    const char* value = env(name);
    if (!value || !*value)
      return std::nullopt;
    return value;
  };
  for (const auto& [name, value] : flags)
    if (name == "config")
      s.config_path = value;
  if (s.config_path.empty())
    s.config_path = variable("ORDERHUB_CONFIG").value_or("");

  if (!s.config_path.empty()) {
    std::ifstream file(s.config_path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
      return refuse("the configuration file " + s.config_path + " cannot be read.");
    if (auto done = apply_toml(s, text.str(), s.config_path); !done)
      return done.failure();
  }
  for (auto& provider : s.custom)
    if (auto done = take_secrets(provider, env); !done)
      return refuse(done.error().message + ".");
  for (const auto& r : setting_table())
    if (const auto value = variable(std::string(r.id.environment).c_str()))
      if (auto done = apply(s, r, *value, std::string(r.id.environment)); !done)
        return done.failure();
  for (const auto& [name, value] : flags) {
    if (name == "config")
      continue;
    const auto* r = find_setting(name);
    if (!r)
      return refuse(name + " is not a setting.");
    if (auto done = apply(s, *r, value, flag_of(r->id)); !done)
      return done.failure();
  }
  if (const auto usual = variable("SSL_CERT_FILE"); usual && s.ca_file.empty()) {
    s.ca_file = *usual; // As OpenSSL's own programs have it.
    s.ca_file_given_as = "SSL_CERT_FILE";
  }
  return s;
}

} // namespace orderhub::http_gateway
