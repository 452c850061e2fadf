#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// How another program ended.
struct child_end {
  int status = 0;         ///< Its exit status; 128 and the signal's number where one ended it.
  std::string output;     ///< The end of what it wrote, standard error included; valid UTF-8.
  bool was_ended = false; ///< By this program, with SIGKILL.
};

/// The variable that tells a child whose it is: `journal_tool` ends with that process.
inline constexpr const char* ends_with_variable = "ORDERHUB_ENDS_WITH";

/// Runs `command` (the first word is the file) and waits for its end; so this is for a thread that
/// may wait. It has a process group of its own, no file of ours, nothing of our environment but the
/// sanitizers' options (secrets are not handed on), and `ends_with_variable`.
///
/// `goes_on` is asked four times a second: false ends the child with all that it has started. Who
/// does not end then, because its disk hangs, is waited for five seconds and then left alone.
/// `unavailable`: it cannot be started.
result<child_end> run_child(const std::vector<std::string>& command,
                            const std::function<bool()>& goes_on);

} // namespace orderhub::http_gateway
