#pragma once
#include "actors/handlers/orders/order.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::handlers {

/// What a shop says of every parcel that crosses a customs border: the setting `customs`. Words and
/// what they default to are Shippo's (providers/shippo/customs.hpp).
struct customs_settings {
  std::string certify_signer; ///< Who answers for the declarations; empty: none can be made.
  std::string contents_type = "MERCHANDISE";
  std::string contents_explanation; ///< Needed with `OTHER`.
  std::string non_delivery_option = "RETURN";
  std::string incoterm = "DDU";
  std::string eel_pfc; ///< Empty: what applies to most parcels from the US, none from elsewhere.
  std::string aes_itn; ///< Needed with `AES_ITN`.
  /// What is declared of an item that says nothing of customs itself: `description`, `hs_code` (may
  /// be empty), `origin_country`. Its weight is its share of the parcel's. Without a description
  /// there is no such item, and each has to say it.
  item_customs item;
};
void put(byte_writer& w, const customs_settings& s);
customs_settings get_customs_settings(byte_reader& r);

/// An order's items as a declaration needs them.
struct declared_items {
  std::vector<order_item> items;
  std::string currency; ///< Of prices and values, lower case.
};
void put(byte_writer& w, const declared_items& d);
declared_items get_declared_items(byte_reader& r);

/// No address: it has no country.
postal_address nowhere();

/// Whether a parcel between the two needs a declaration (providers/tables/customs_territory.hpp).
/// False where `from` has no country: nothing is known of where the shop sends from.
bool is_customs_border(const postal_address& from, const postal_address& to);

/// One line of a declaration: a quantity of one item, all of them together.
struct customs_line {
  std::string sku, description, hs_code, origin_country;
  std::int64_t quantity = 0;
  std::string net_weight, mass_unit; ///< Of the quantity.
  money value;                       ///< Of the quantity.
};

/// What a declaration says of the items; `parcel` has the weight that is shared among items without
/// one. Fails with `invalid` (400) and a message that names the first field that is missing:
/// `items[0].customs.hsCode …`, or the setting.
result<std::vector<customs_line>> customs_lines(const declared_items& declared,
                                                const parcel_size& parcel,
                                                const customs_settings& settings);

/// The export code that applies (15 CFR 30): the setting's; else for a parcel from the US that of
/// most to Canada (`NOEEI_30_36`) or elsewhere (`NOEEI_30_37_a`); else none.
std::string export_code(const customs_settings& settings, const postal_address& from,
                        const postal_address& to);

} // namespace orderhub::handlers
