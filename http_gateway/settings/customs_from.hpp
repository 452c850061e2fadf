#pragma once
#include "actors/handlers/orders/customs.hpp"
#include "journal/base/result.hpp"

#include <string_view>

namespace orderhub::http_gateway {

/// The setting `customs`, a JSON object of texts under Shippo's names: `certify_signer` (required),
/// `contents_type`, `contents_explanation`, `non_delivery_option`, `incoterm`, `eel_pfc`,
/// `aes_itn`, and `item_description`, `item_hs_code`, `item_origin_country` of items that say
/// nothing themselves. Fails with `invalid` naming the setting, the field and what it may be.
result<handlers::customs_settings> customs_from(std::string_view json);

/// What counts where it is not set and labels are not real: the sender signs, and items that say
/// nothing of customs are samples of the sender's country.
handlers::customs_settings sample_customs(const handlers::postal_address& sender);

} // namespace orderhub::http_gateway
