#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

// Customs declarations, as of shippo-javascript-sdk @51b9793 docs/models/components/
// customsdeclarationcreaterequest.md and customsitemcreaterequest.md. "Most carriers require you to
// specify certify, certify_signer, contents_type, eel_pfc and incoterm"
// (docs.goshippo.com/docs/International_Shipping/InternationalShipping).

/// A quantity of one item. All but `hs_code` and `sku_code` are required.
struct customs_item {
  std::string description;
  std::int64_t quantity = 0;
  std::string
      net_weight;        ///< "Total weight of this item, i.e. quantity * weight per item", decimal.
  std::string mass_unit; ///< As of a parcel.
  std::string
      value_amount; ///< "Total value of this item, i.e. quantity * value per item", decimal.
  std::string value_currency; ///< ISO 4217, upper case.
  std::string origin_country; ///< ISO 3166-1 alpha-2.
  std::string hs_code;        ///< "required by some carriers", at most 50 characters.
  std::string sku_code;       ///< "required by some carriers"
};

/// Empty texts are left out of the request; those that are required must not be empty.
struct customs_declaration {
  std::string certify_signer;       ///< Required. `certify` is always true.
  std::string contents_type;        ///< Required, of `contents_types`.
  std::string contents_explanation; ///< "required if contents_type is `OTHER`"
  std::string non_delivery_option;  ///< Required, of `non_delivery_options`.
  std::string incoterm;             ///< Of `incoterms`.
  std::string eel_pfc;              ///< Of `export_codes`.
  std::string aes_itn;              ///< "required if eel_pfc is `AES_ITN`"
  std::vector<customs_item> items;  ///< Required; empty: the shipment has no declaration.
};

std::span<const std::string_view> contents_types();
std::span<const std::string_view> non_delivery_options();
std::span<const std::string_view> incoterms();
std::span<const std::string_view> export_codes();

} // namespace orderhub::providers::shippo
