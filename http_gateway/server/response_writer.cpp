#include "http_gateway/server/response_writer.hpp"

#include "http_gateway/server/problem.hpp"

#include <array>
#include <cstdint>

namespace orderhub::http_gateway::detail {
namespace {

void append_number(std::string& out, std::uint64_t n) {
  std::array<char, 20> digits{};
  auto at = digits.end();
  do {
    *--at = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  out.append(at, digits.end());
}

} // namespace

const std::string& date_line::now() {
  const auto now = std::time(nullptr);
  if (now == at_)
    return line_;
  at_ = now;
  std::tm parts{};
  gmtime_r(&now, &parts);
  // Not strftime's %a and %b: those follow the locale.
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](int n) {
    return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
  };
  line_ = std::string("date: ") + days.at(static_cast<std::size_t>(parts.tm_wday)) + ", " +
          two(parts.tm_mday) + ' ' + months.at(static_cast<std::size_t>(parts.tm_mon)) + ' ' +
          std::to_string(parts.tm_year + 1900) + ' ' + two(parts.tm_hour) + ':' +
          two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT\r\n";
  return line_;
}

void append_response(std::string& out, const http_response& response, response_framing framing,
                     const std::string& date) {
  if (response.ending == wire_ending::reset)
    return;
  const auto begin = out.size();
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  const bool has_body = !response.body.empty() || framing.body != body_framing::length;
  if (has_body && !response.content_type.empty()) {
    out += "content-type: ";
    out += response.content_type;
    out += "\r\n";
  }
  out += response.headers;
  if (framing.close)
    out += "connection: close\r\n";
  else if (framing.keep_alive)
    out += "connection: keep-alive\r\n";
  if (!response.dated)
    out += date;
  if (framing.body != body_framing::length) {
    out += framing.body == body_framing::chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n";
    return;
  }
  out += "content-length: ";
  append_number(out, response.body.size());
  out += "\r\n\r\n";
  const auto head_size = out.size() - begin;
  if (!framing.without_body)
    out += response.body;
  if (response.ending == wire_ending::half)
    out.resize(begin +
               (response.body.empty() ? head_size / 2 : head_size + response.body.size() / 2));
}

} // namespace orderhub::http_gateway::detail
