#include "providers/shippo/reasons.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view shippo_message_words();
} // namespace orderhub

namespace orderhub::providers::shippo::wire {

namespace {

using nlohmann::json;

constexpr std::size_t refusal_size_max = std::size_t{64} * 1'024;
constexpr std::size_t sentence_size_max = 300;
constexpr int depth_max = 8;
constexpr std::string_view hidden = "[…]";

/// The members of requests: tests/golden/specs/shippo.json, and of customs declarations npm
/// `shippo` 2.18.0 `models/components`.
constexpr std::array<std::string_view, 82> request_members = {"address_from",
                                                              "address_importer",
                                                              "address_return",
                                                              "address_to",
                                                              "aes_itn",
                                                              "amount",
                                                              "async",
                                                              "b13a_filing_option",
                                                              "b13a_number",
                                                              "carrier",
                                                              "carrier_account",
                                                              "carrier_accounts",
                                                              "certify",
                                                              "certify_signer",
                                                              "city",
                                                              "commercial_invoice",
                                                              "company",
                                                              "contents_explanation",
                                                              "contents_type",
                                                              "country",
                                                              "country_iso2",
                                                              "currency",
                                                              "customs_declaration",
                                                              "description",
                                                              "disclaimer",
                                                              "distance_unit",
                                                              "duties_payor",
                                                              "eccn_ear99",
                                                              "eel_pfc",
                                                              "email",
                                                              "exporter_identification",
                                                              "exporter_reference",
                                                              "extra",
                                                              "height",
                                                              "hs_code",
                                                              "importer_reference",
                                                              "incoterm",
                                                              "insurance",
                                                              "invoice",
                                                              "invoiced_charges",
                                                              "is_residential",
                                                              "is_vat_collected",
                                                              "items",
                                                              "label_file_type",
                                                              "length",
                                                              "license",
                                                              "mass_unit",
                                                              "metadata",
                                                              "name",
                                                              "net_weight",
                                                              "non_delivery_option",
                                                              "notes",
                                                              "object_id",
                                                              "object_purpose",
                                                              "order",
                                                              "origin_country",
                                                              "parcel",
                                                              "parcels",
                                                              "phone",
                                                              "quantity",
                                                              "rate",
                                                              "residential",
                                                              "servicelevel_token",
                                                              "shipment",
                                                              "shipment_date",
                                                              "sku_code",
                                                              "state",
                                                              "street1",
                                                              "street2",
                                                              "street3",
                                                              "street_no",
                                                              "tariff_number",
                                                              "tax_id",
                                                              "template",
                                                              "tracking_number",
                                                              "transaction",
                                                              "validate",
                                                              "value_amount",
                                                              "value_currency",
                                                              "weight",
                                                              "width",
                                                              "zip"};

bool is_member_name(std::string_view name) {
  return std::binary_search(request_members.begin(), request_members.end(), name);
}

std::string below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + '.' + std::string(name);
}

/// `path` is safe to show. Fields that no request has count with `all`.
void add_reasons(field_reasons& to, const json& value, const std::string& path, int depth,
                 bool all) {
  if (to.full() || depth > depth_max)
    return;
  if (value.is_string()) {
    to.add(path, class_of(value.get_ref<const std::string&>()));
  } else if (value.is_array()) {
    const bool has_text =
        std::any_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
    if (has_text) {
      for (const json& entry : value)
        if (entry.is_string())
          return to.add(path, class_of(entry.get_ref<const std::string&>()));
    }
    for (std::size_t i = 0; i < value.size() && !to.full(); ++i)
      add_reasons(to, value[i], value.size() > 1 ? below(path, std::to_string(i)) : path, depth + 1,
                  all);
  } else if (value.is_object()) {
    for (const auto& [name, entry] : value.items()) {
      if (to.full())
        return;
      const bool is_of_whole =
          name == "__all__" || name == "non_field_errors" || name == "detail" || name == "error";
      if (!is_of_whole && !all && !is_member_name(name))
        continue;
      add_reasons(to, entry,
                  is_of_whole            ? path
                  : is_member_name(name) ? below(path, name)
                                         : below(path, "another field"),
                  depth + 1, all);
    }
  }
}

std::set<std::string_view> words_of(std::string_view file) {
  std::set<std::string_view> words;
  while (!file.empty()) {
    std::string_view line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(line.size() + 1, file.size()));
    if (line.starts_with('#'))
      continue;
    while (!line.empty()) {
      const auto word = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(word.size() + 1, line.size()));
      if (!word.empty())
        words.insert(word);
    }
  }
  return words;
}

bool is_shown(std::string_view word) {
  static const std::set<std::string_view> words = words_of(shippo_message_words());
  constexpr std::string_view punctuation = ".,;:!?()\"'/-";
  const auto begin = word.find_first_not_of(punctuation);
  if (begin == std::string_view::npos)
    return true;
  const auto end = word.find_last_not_of(punctuation);
  std::string core(word.substr(begin, end - begin + 1));
  std::transform(core.begin(), core.end(), core.begin(), &lower_ascii);
  if (words.contains(core))
    return true;
  // `street1/street2`, `customs-declaration`, `carrier_timeout`
  for (std::string_view rest = core; !rest.empty();) {
    const auto part = rest.substr(0, rest.find_first_of("/-_:,.;"));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (!part.empty() && !words.contains(part))
      return false;
  }
  return true;
}

} // namespace

std::string refusal_reason(const http_response& response) {
  field_reasons reasons;
  if (response.body.size() <= refusal_size_max) {
    const auto body = json::parse(response.body, nullptr, false);
    for (const bool all : {false, true})
      if (reasons.empty() && body.is_structured())
        add_reasons(reasons, body, {}, 0, all);
  }
  return described(response.status, reasons);
}

std::string readable(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() <= sentence_size_max) {
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
    const auto word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::string_view shown = is_shown(word) ? word : hidden;
    if (word.empty() || (shown == hidden && out.ends_with(hidden)))
      continue;
    if (!out.empty())
      out += ' ';
    out += shown;
  }
  return std::string(cut_text(std::string_view(out), sentence_size_max));
}

} // namespace orderhub::providers::shippo::wire
