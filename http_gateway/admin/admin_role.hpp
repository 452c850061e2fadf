#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace orderhub::http_gateway {

/// Who may ask. They nest.
enum class admin_role : std::uint8_t { read, operate, admin };
std::string_view name_of(admin_role role);
std::optional<admin_role> admin_role_of(std::string_view name);

} // namespace orderhub::http_gateway
