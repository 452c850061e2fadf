#pragma once
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// A name and an address of which only the first letters are left: `A… L… <a…@example.com>`. Empty
/// where both are.
std::string masked_customer(std::string_view name, std::string_view email);

} // namespace orderhub::handlers
