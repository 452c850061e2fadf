#pragma once
#include "journal/base/result.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace orderhub {

/// Another program that is to run.
struct child_process {
  std::vector<std::string> command; ///< The first word is the file, with its path.
  /// `NAME=value` each; nothing: that of this process.
  std::optional<std::vector<std::string>> environment = {};
  bool hears_errors = true; ///< Its standard error is output too; else it goes nowhere.
  std::size_t output_max = 4'096;
  int ask_every_ms = 250;
  /// Asked at least so often while it runs, with how many bytes it has written; false ends it.
  std::function<bool(std::size_t written)> goes_on;
};

/// How it ended.
struct child_end {
  int status = 0;         ///< Its exit status; 128 and the signal's number where one ended it.
  std::string output;     ///< The last `output_max` bytes of what it wrote, as they are.
  bool was_ended = false; ///< By this process, with SIGKILL.
};

/// Runs it and waits for its end; so this is for a thread that may wait. It has a process group of
/// its own, no file of ours, an empty input, and every signal as by default. It has ended when its
/// output has too: what it leaves behind may write on.
///
/// Where `goes_on` says no it is ended with all that it has started. Who does not end then, because
/// its disk hangs, is waited for five seconds and then left alone. `unavailable`: it cannot be
/// started.
result<child_end> run_process(const child_process& child);

} // namespace orderhub
