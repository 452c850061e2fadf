#pragma once
#include "journal/base/result.hpp"

#include <string>

namespace orderhub::providers {

/// Whether the file can be what vendors' TLS certificates are verified against: readable, PEM, at
/// least one certificate and every one of them whole. `invalid`, with a sentence that says what is
/// wrong and does not name the setting: "the file '…' cannot be read: No such file or directory".
result<void> check_ca_file(const std::string& path);

} // namespace orderhub::providers
