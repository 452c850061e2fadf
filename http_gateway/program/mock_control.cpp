#include "http_gateway/program/mock_control.hpp"

#include <fstream>
#include <sstream>

namespace orderhub::http_gateway {

result<void> apply_control_file(mock_server& mock, const std::string& path) {
  if (path.empty())
    return {};
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return fail({error_kind::invalid, "mock", "the control file " + path + " cannot be read."});
  if (auto done = mock.control(text.str()); !done)
    return fail({error_kind::invalid, "mock", path + ": " + done.error().message});
  return {};
}

} // namespace orderhub::http_gateway
