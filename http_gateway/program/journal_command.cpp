#include "actors/handlers/orders/order_listing.hpp"
#include "http_gateway/cli/compact_hub.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "http_gateway/program/child.hpp"
#include "http_gateway/program/commands.hpp"
#include "journal/base/nice_thread.hpp"
#include "journal/base/time.hpp"
#include "journal/inspect/tool.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

constexpr int damaged = 1;
constexpr int not_done = 2;
/// Where several containers share a volume, a hub has one of the first ids of its namespace. The
/// tools keep above these: not for themselves, who would be refused, but for a hub that starts
/// while they read.
constexpr pid_t id_min = 128;
constexpr int tries_max = 1'000;

int run(const journal_command& command) {
  namespace tool = journal::tool;
  switch (command.command) {
  case journal_command::verb::verify:
    return tool::verify(command.data_dir, std::cout, &handlers::order_lists());
  case journal_command::verb::dump: {
    journal::dump_options options;
    options.object = command.object;
    make_normal(options.object); // As the keys in it are.
    return tool::dump(command.data_dir, options, std::cout, std::cerr);
  }
  case journal_command::verb::stats:
    return tool::stats(command.data_dir, std::cout);
  case journal_command::verb::compact:
    return tool::compact(command.data_dir, &handlers::order_lists(), std::cout);
  case journal_command::verb::restore:
    return tool::restore(command.source, command.destination, command.only_looks,
                         &handlers::order_lists(), std::cout);
  case journal_command::verb::backup:
    return tool::backup(command.data_dir, command.destination, system_clock().wall_ms(), std::cout,
                        {command.verify, command.keep, &handlers::order_lists()});
  }
  return not_done;
}

/// Ids are given in turn, and threads have some too, at a small part of a process's cost. Where
/// there may be no more of them (a limit of the container), it stays with what there is.
void use_up_low_ids() {
  std::vector<std::thread> threads;
  try {
    for (pid_t id = ::getpid(); id < id_min; ++id)
      threads.emplace_back([] {});
  } catch (const std::system_error&) {
  }
  for (auto& thread : threads)
    thread.join();
}

/// In the child: with its own id, or not at all.
int run_under_own_id(const journal_command& command, pid_t parent, bool is_last) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM); // Whoever ends the tool ends this.
  if (::getppid() != parent)
    return not_done; // It was ended before that.
  const int status = run(command);
  std::cout.flush();
  if (status == journal::tool::id_taken && is_last)
    std::cerr << "orderhub journal: other processes, in other pid namespaces, read this journal "
                 "under the ids that this one could have; try again\n";
  return status;
}

/// The exit status where the child was ended: as a shell has it, where somebody did that or nobody
/// reads on (`| head`).
int after_signal(int number) {
  if (number != SIGSEGV && number != SIGBUS && number != SIGABRT)
    return 128 + number;
  std::cerr << "orderhub journal: the file's pages cannot be followed, the reader died by signal "
            << number << "; see `orderhub journal verify`\n";
  return damaged;
}

/// A hub that has this done ends it with itself, and is let go first.
bool is_still_wanted() {
  const auto* hub = std::getenv(ends_with_variable);
  if (hub == nullptr)
    return true;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  nice_thread().enter();
  return std::to_string(::getppid()) == hub;
}

} // namespace

int journal_tool(const journal_command& command) {
  if (!is_still_wanted()) {
    std::cerr << "orderhub journal: the hub that asked for it has ended\n";
    return not_done;
  }
  if (command.command == journal_command::verb::compact)
    if (const auto status = cli::compact_by_hub(
            command.data_dir, command.reason,
            [](const char* name) -> const char* { return std::getenv(name); }, std::cout,
            std::cerr))
      return *status;
  use_up_low_ids();
  for (int left = tries_max; left-- > 0;) {
    std::cout.flush();
    const auto parent = ::getpid();
    const auto child = ::fork();
    if (child < 0) {
      std::cerr << "orderhub journal: no process: " << std::strerror(errno) << '\n';
      return not_done;
    }
    if (child == 0)
      ::_exit(run_under_own_id(command, parent, left == 0));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
      return after_signal(WTERMSIG(status));
    if (const int code = WEXITSTATUS(status); code != journal::tool::id_taken)
      return code;
  }
  return not_done;
}

} // namespace orderhub::http_gateway
