#pragma once
#include "journal/base/result.hpp"
#include "providers/mock/server.hpp"

#include <string>

namespace orderhub::http_gateway {

/// Gives the control document in that file to the mock vendors; an empty path gives nothing. Fails
/// with `invalid`, naming the file.
result<void> apply_control_file(providers::mock::server& mock, const std::string& path);

} // namespace orderhub::http_gateway
