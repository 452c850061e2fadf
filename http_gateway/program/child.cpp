#include "http_gateway/program/child.hpp"

#include "journal/base/text.hpp"

#include <cstdlib>
#include <utility>

#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

std::vector<std::string> environment_of_child() {
  std::vector<std::string> all = {std::string(ends_with_variable) + '=' +
                                  std::to_string(::getpid())};
  for (const auto* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const auto* value = std::getenv(name))
      all.push_back(std::string(name) + '=' + value);
  return all;
}

std::string as_text(std::string out) {
  // Cut within a character, or no text at all.
  while (!out.empty() && (static_cast<unsigned char>(out.front()) & 0xC0U) == 0x80U)
    out.erase(0, 1);
  return is_utf8(out) ? out : std::string("(what it wrote is no text)");
}

} // namespace

result<child_end> run_child(const std::vector<std::string>& command,
                            const std::function<bool()>& goes_on) {
  child_process child;
  child.command = command;
  child.environment = environment_of_child();
  child.goes_on = [&goes_on](std::size_t) { return goes_on(); };
  auto end = run_process(child);
  if (end)
    end->output = as_text(std::move(end->output));
  return end;
}

} // namespace orderhub::http_gateway
