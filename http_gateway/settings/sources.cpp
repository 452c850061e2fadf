#include "http_gateway/settings/sources.hpp"

#include "http_gateway/settings/custom_from.hpp"
#include "http_gateway/settings/fallbacks.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/spelling.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

namespace orderhub::http_gateway {
namespace {

/// Gathers what is wrong, and where each value came from.
class reading {
public:
  explicit reading(read_settings& to) : to_(to) {}
  settings& values() { return to_.values; }

  void wrong(std::string sentence) { to_.faults.push_back(std::move(sentence)); }
  void expect(const result<void>& done) {
    if (!done)
      wrong(done.error().message);
  }
  /// `given_as` names the setting the way the person wrote it.
  void apply(const setting_row& r, std::string_view text, const std::string& given_as,
             setting_origin from) {
    const auto value = trimmed(text);
    if (auto done = r.set(to_.values, value); !done)
      return wrong(given_as + " " + done.error().message + ".");
    to_.sources[std::string(r.id.name)] = {from, r.id.is_secret ? digest_text(value)
                                                                : std::string(value)};
  }
  void wrong_page(std::string sentence) {
    pages_are_sound_ = false;
    wrong(std::move(sentence));
  }
  [[nodiscard]] bool pages_are_sound() const { return pages_are_sound_; }
  void gave_page(const std::string& name) {
    to_.sources["custom." + name] = {setting_origin::file, "a page"};
  }

private:
  static std::string digest_text(std::string_view value) {
    constexpr std::size_t shown = 4;
    const auto hash = sha256_of(value);
    return "set (sha256 " + hex_of({reinterpret_cast<const char*>(hash.data()), shown}) + ')';
  }
  read_settings& to_;
  bool pages_are_sound_ = true;
};

/// `is not a setting; did you mean data_dir?`
std::string unknown(std::string_view name) {
  constexpr std::size_t near = 3;
  std::string_view nearest;
  auto least = std::min(near, name.size() / 2) + 1;
  for (const auto& r : setting_table())
    if (const auto d = letters_apart(name, r.id.name); d < least) {
      least = d;
      nearest = r.id.name;
    }
  return nearest.empty() ? std::string(" is not a setting.")
                         : " is not a setting; did you mean " + std::string(nearest) + "?";
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
void apply_custom(reading& to, const toml::node& node, const std::string& origin) {
  const auto* all = node.as_table();
  if (all == nullptr)
    return to.wrong_page("custom in " + origin + " must be a table of providers.");
  for (const auto& [key, page] : *all) {
    const std::string name(key.str());
    const auto json = json_of(page);
    if (!json) {
      to.wrong_page("custom." + name + " in " + origin + " must hold no dates or times.");
      continue;
    }
    auto provider = custom_from(name, json->dump());
    if (!provider) {
      to.wrong_page(provider.error().message + " (in " + origin + ").");
      continue;
    }
    for (const auto& other : to.values().custom)
      if (!other.what->instead_of.empty() && other.what->instead_of == provider->what->instead_of)
        to.wrong("custom." + name + ".instead_of in " + origin + " must not be what " +
                 other.what->operation + ".instead_of is.");
    to.gave_page(name);
    to.values().custom.push_back(std::move(*provider));
  }
}

/// A table of texts as a JSON object; nothing where it holds something else.
std::optional<std::string> object_text_of(const toml::table& table) {
  auto json = nlohmann::json::object();
  for (const auto& [field, value] : table) {
    const auto* s = value.as_string();
    if (!s)
      return std::nullopt;
    json[std::string(field.str())] = s->get();
  }
  // Bytes that are not UTF-8 cannot be here: TOML itself refuses them.
  return json.dump();
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

void apply_table(reading& to, const toml::table& values, const std::string& prefix,
                 const std::string& origin) {
  for (const auto& [key, node] : values) {
    const auto name = prefix + std::string(key.str());
    const auto given_as = name + " in " + origin;
    const auto* r = find_setting(name);
    if (prefix.empty() && name == "custom") {
      apply_custom(to, node, origin);
      continue;
    }
    // `[doubt]` has a table for each vendor: `stripe.charge = …`.
    const bool may_be_section = prefix.empty() || prefix == "doubt.";
    if (const auto* section = node.as_table(); section && !r && may_be_section) {
      apply_table(to, *section, name + ".", origin);
      continue;
    }
    if (!r) {
      to.wrong(given_as + unknown(name));
      continue;
    }
    std::optional<std::string> text;
    // An address or a parcel may be written as a table of texts.
    if (const auto* object = node.as_table(); object != nullptr && name == "webhooks.custom") {
      text = custom_webhooks_of(*object);
      if (!text) {
        to.wrong(given_as + " must have a section for each sender, with texts.");
        continue;
      }
    } else if (object != nullptr) {
      text = object_text_of(*object);
      if (!text) {
        to.wrong(given_as + " must have text in each field.");
        continue;
      }
    } else {
      text = text_of(node);
    }
    if (text)
      to.apply(*r, *text, given_as, setting_origin::file);
    else
      to.wrong(given_as + " must be text, a whole number, true or false, or a list of texts.");
  }
}

void read_toml(reading& to, std::string_view text, std::string_view origin) {
  // The one place where toml++ may throw.
  try {
    const auto parsed = toml::parse(text);
    apply_table(to, parsed, "", std::string(origin));
  } catch (const toml::parse_error& e) {
    // Its description names tokens, not values; the line is what helps.
    to.wrong(std::string(origin) + " line " + std::to_string(e.source().begin.line) +
             ": is not valid TOML.");
  }
}

result<void> first_of(const std::vector<std::string>& faults) {
  if (!faults.empty())
    return refuse(faults.front());
  return {};
}

} // namespace

std::string_view name_of(setting_origin origin) {
  switch (origin) {
  case setting_origin::built_in:
    return "default";
  case setting_origin::file:
    return "file";
  case setting_origin::env_variable:
    return "environment";
  case setting_origin::flag:
    return "flag";
  }
  return "default";
}

result<void> apply_toml(settings& to, std::string_view text, std::string_view origin) {
  read_settings read;
  read.values = std::move(to);
  reading reader(read);
  read_toml(reader, text, origin);
  to = std::move(read.values);
  return first_of(read.faults);
}

read_settings read_all_settings(const flag_values& flags, const environment& env) {
  read_settings read;
  reading to(read);
  auto& s = read.values;
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
      to.wrong("the configuration file " + s.config_path + " cannot be read.");
    else
      read_toml(to, text.str(), s.config_path);
  }
  for (auto& provider : s.custom)
    if (auto done = take_secrets(provider, env); !done)
      to.wrong(done.error().message + ".");
  for (const auto& r : setting_table())
    if (const auto value = variable(std::string(r.id.environment).c_str()))
      to.apply(r, *value, std::string(r.id.environment), setting_origin::env_variable);
  for (const auto& [name, value] : flags) {
    if (name == "config")
      continue;
    if (const auto* r = find_setting(name))
      to.apply(*r, value, flag_of(r->id), setting_origin::flag);
    else
      to.wrong(name + unknown(name));
  }
  if (to.pages_are_sound()) // One that is left out is not one that is not there.
    to.expect(name_fallbacks(s));
  if (const auto usual = variable("SSL_CERT_FILE"); usual && s.ca_file.empty()) {
    s.ca_file = *usual; // As OpenSSL's own programs have it.
    s.ca_file_given_as = "SSL_CERT_FILE";
  }
  return read;
}

result<read_settings> load_settings_with_sources(const flag_values& flags, const environment& env) {
  auto read = read_all_settings(flags, env);
  if (auto sound = first_of(read.faults); !sound)
    return sound.failure();
  return read;
}

result<settings> load_settings(const flag_values& flags, const environment& env) {
  auto read = load_settings_with_sources(flags, env);
  if (!read)
    return read.failure();
  return std::move(read->values);
}

} // namespace orderhub::http_gateway
