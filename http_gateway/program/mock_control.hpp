#pragma once
#include "http_gateway/mock/mock_server.hpp"
#include "journal/base/result.hpp"

#include <string>

namespace orderhub::http_gateway {

/// Gives the control document in that file to the mock vendors; an empty path gives nothing. Fails
/// with `invalid`, naming the file.
result<void> apply_control_file(mock_server& mock, const std::string& path);

} // namespace orderhub::http_gateway
