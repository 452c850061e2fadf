#include "http_gateway/settings/customs_from.hpp"

#include "providers/shippo/customs.hpp"
#include "providers/tables/countries.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

namespace shippo = providers::shippo;
using handlers::customs_settings;
using words = std::span<const std::string_view>;

constexpr std::size_t text_size_max = 200;

tl::unexpected<error> bad(const std::string& what) {
  return fail({error_kind::invalid, "settings", "ORDERHUB_CUSTOMS " + what});
}

struct customs_field {
  std::string_view name;
  std::string& (*of)(customs_settings&);
  words (*known)(); ///< Null: any text.
};

constexpr std::array fields = {
    customs_field{"certify_signer",
                  [](customs_settings& s) -> std::string& { return s.certify_signer; }, nullptr},
    customs_field{"contents_type",
                  [](customs_settings& s) -> std::string& { return s.contents_type; },
                  &shippo::contents_types},
    customs_field{"contents_explanation",
                  [](customs_settings& s) -> std::string& { return s.contents_explanation; },
                  nullptr},
    customs_field{"non_delivery_option",
                  [](customs_settings& s) -> std::string& { return s.non_delivery_option; },
                  &shippo::non_delivery_options},
    customs_field{"incoterm", [](customs_settings& s) -> std::string& { return s.incoterm; },
                  &shippo::incoterms},
    customs_field{"eel_pfc", [](customs_settings& s) -> std::string& { return s.eel_pfc; },
                  &shippo::export_codes},
    customs_field{"aes_itn", [](customs_settings& s) -> std::string& { return s.aes_itn; },
                  nullptr},
    customs_field{"item_description",
                  [](customs_settings& s) -> std::string& { return s.item.description; }, nullptr},
    customs_field{"item_hs_code",
                  [](customs_settings& s) -> std::string& { return s.item.hs_code; }, nullptr},
    customs_field{"item_origin_country",
                  [](customs_settings& s) -> std::string& { return s.item.origin_country; },
                  nullptr},
};

std::string listed(words all) {
  std::string text;
  for (const auto word : all)
    text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

result<void> read_field(customs_settings& s, const std::string& name, const std::string& value) {
  const auto* field = std::find_if(fields.begin(), fields.end(),
                                   [&](const customs_field& f) { return f.name == name; });
  if (field == fields.end())
    return bad("has an unknown field " + name);
  if (value.size() > text_size_max)
    return bad(name + " is longer than " + std::to_string(text_size_max) + " bytes");
  if (field->known != nullptr) {
    const auto known = field->known();
    if (std::find(known.begin(), known.end(), value) == known.end())
      return bad(name + " must be one of " + listed(known));
  }
  field->of(s) = value;
  return {};
}

result<void> check_whole(customs_settings& s) {
  if (s.certify_signer.empty())
    return bad("must have the field certify_signer: who answers for the declarations");
  if (s.contents_type == "OTHER" && s.contents_explanation.empty())
    return bad("must have contents_explanation with contents_type OTHER");
  if (s.eel_pfc == "AES_ITN" && s.aes_itn.empty())
    return bad("must have aes_itn with eel_pfc AES_ITN");
  auto& item = s.item;
  if (item.description.empty() != item.origin_country.empty() ||
      (item.description.empty() && !item.hs_code.empty()))
    return bad("must have both item_description and item_origin_country, or none of item_…");
  if (item.empty())
    return {};
  const auto* country = tables::find_country(item.origin_country);
  if (country == nullptr)
    return bad("item_origin_country must be a two-letter ISO 3166 code");
  item.origin_country = country->code;
  return {};
}

} // namespace

result<customs_settings> customs_from(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return bad("must be a JSON object");
  customs_settings s;
  for (const auto& [name, value] : json.items()) {
    // Shippo's own field: a declaration that nobody certifies is none.
    if (name == "certify" && value.is_boolean() && value.get<bool>())
      continue;
    if (!value.is_string())
      return bad(name + (name == "certify" ? " must be true" : " must be a text"));
    if (auto read = read_field(s, name, value.get<std::string>()); !read)
      return read.failure();
  }
  if (auto sound = check_whole(s); !sound)
    return sound.failure();
  return s;
}

customs_settings sample_customs(const handlers::postal_address& sender) {
  customs_settings s;
  s.certify_signer = sender.name;
  s.item.description = "Sample merchandise";
  s.item.origin_country = sender.country;
  return s;
}

} // namespace orderhub::http_gateway
