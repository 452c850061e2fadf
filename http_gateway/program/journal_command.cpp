#include "http_gateway/program/commands.hpp"
#include "journal/inspect/tool.hpp"

#include <iostream>

namespace orderhub::http_gateway {

int journal_tool(const journal_command& command) {
  namespace tool = journal::tool;
  switch (command.command) {
  case journal_command::verb::verify:
    return tool::verify(command.data_dir, std::cout);
  case journal_command::verb::dump: {
    journal::dump_options options;
    options.object = command.object;
    return tool::dump(command.data_dir, options, std::cout, std::cerr);
  }
  case journal_command::verb::stats:
    return tool::stats(command.data_dir, std::cout);
  case journal_command::verb::backup:
    return tool::backup(command.data_dir, command.destination, std::cout);
  }
  return 2;
}

} // namespace orderhub::http_gateway
