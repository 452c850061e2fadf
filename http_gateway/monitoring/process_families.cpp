#include "http_gateway/monitoring/families.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

/// The fields of /proc/self/stat behind the program's name, from 3 on; empty: it cannot be read.
std::vector<std::uint64_t> fields_of_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto name_end = text.rfind(')');
  std::vector<std::uint64_t> fields;
  if (name_end == std::string::npos)
    return fields;
  std::istringstream rest(text.substr(name_end + 1));
  for (std::string word; rest >> word;) {
    std::uint64_t n = 0;
    std::from_chars(word.data(), word.data() + word.size(), n); // The state is a letter: 0.
    fields.push_back(n);
  }
  return fields;
}

/// When the machine was started, Unix seconds.
double booted_at() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;)
    if (double at = 0; word == "btime" && file >> at)
      return at;
  return 0;
}

std::size_t open_files() {
  std::error_code ec;
  std::filesystem::directory_iterator at("/proc/self/fd", ec);
  std::size_t count = 0;
  for (; !ec && at != std::filesystem::directory_iterator(); at.increment(ec))
    ++count;
  return count > 0 ? count - 1 : 0; // Without the one that looks.
}

} // namespace

void add_process(metrics_page& page, const process_facts& facts) {
  using enum metric_kind;
  page.family("orderhub_build_info", gauge, "1; what runs is in its labels.");
  page.sample({{"version", facts.version}, {"mode", facts.mode}}, 1);
  // The fields' numbers are those of proc(5), the first of ours is 3.
  constexpr std::size_t first = 3, user = 14, system = 15, threads = 20, began = 22, size = 23,
                        resident = 24;
  const auto stat = fields_of_stat();
  if (stat.size() <= resident - first)
    return;
  const auto field = [&](std::size_t number) { return static_cast<double>(stat[number - first]); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  page.one("process_cpu_seconds_total", counter, (field(user) + field(system)) / ticks,
           "Time of the processors, of users and of the system.");
  page.one("process_resident_memory_bytes", gauge,
           field(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)),
           "Memory that is in RAM, the journal's pages included.");
  page.one("process_virtual_memory_bytes", gauge, field(size),
           "Address space, the journal's map included.");
  page.one("process_threads", gauge, field(threads), "Threads.");
  page.one("process_start_time_seconds", gauge, booted_at() + field(began) / ticks,
           "When the process began, Unix seconds.");
  page.one("process_open_fds", gauge, open_files(), "Open files and sockets.");
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0)
    page.one("process_max_fds", gauge, static_cast<double>(files.rlim_cur),
             "Files and sockets that may be open.");
}

} // namespace orderhub::http_gateway
