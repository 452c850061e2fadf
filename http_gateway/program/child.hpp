#pragma once
#include "journal/base/child_process.hpp"
#include "journal/base/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace orderhub::http_gateway {

/// The variable that tells a child whose it is: `journal_tool` ends with that process.
inline constexpr const char* ends_with_variable = "ORDERHUB_ENDS_WITH";

/// Runs `command` as `run_process` does, with nothing of our environment but the sanitizers'
/// options (secrets are not handed on), and `ends_with_variable`. `goes_on` is asked four times a
/// second. The output is valid UTF-8.
result<child_end> run_child(const std::vector<std::string>& command,
                            const std::function<bool()>& goes_on);

} // namespace orderhub::http_gateway
