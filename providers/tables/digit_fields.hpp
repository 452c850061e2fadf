#pragma once
#include <cstdint>
#include <string_view>

namespace orderhub::tables {

/// What a field's digits may be besides a card's (`digit_fields.tsv`).
enum class digit_field : std::uint8_t { any, item, phone };

/// By the field's name, whatever its case: `productId`, `product_id`.
digit_field digit_field_of(std::string_view name);

} // namespace orderhub::tables
