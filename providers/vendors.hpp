#pragma once
#include "providers/vendor.hpp"

#include <string_view>
#include <vector>

namespace orderhub::providers {

/// Every vendor there is, in the order of the documents. A new one is a folder and a line here.
const std::vector<vendor>& all_vendors();

/// The vendor with that role; there is one for each.
const vendor& vendor_for(vendor_role role);

/// Every operation that acts, of all vendors.
const std::vector<operation_row>& all_operations();
/// Null where there is none of that name.
const operation_row* find_operation(std::string_view name);

/// What `disable` may list: vendors that may be skipped, those of later versions included.
std::vector<std::string_view> skippable_vendors();

} // namespace orderhub::providers
