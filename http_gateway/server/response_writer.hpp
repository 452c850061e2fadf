#pragma once
#include "http_gateway/server/message.hpp"

#include <cstdint>
#include <ctime>
#include <string>

namespace orderhub::http_gateway::detail {

/// The line `date: Sun, 06 Nov 1994 08:49:37 GMT\r\n`, made once a second. Internal to the server.
class date_line {
public:
  /// Valid until the next call.
  const std::string& now();

private:
  std::time_t at_ = 0;
  std::string line_;
};

/// How the end of a body is told.
enum class body_framing : std::uint8_t { length, chunked, until_close };

/// What the request and its connection say of the response. Internal to the server.
struct response_framing {
  bool close = false;                       ///< The connection ends behind it.
  bool keep_alive = false;                  ///< An HTTP/1.0 caller is told that it does not.
  body_framing body = body_framing::length; ///< The others: the response has the head alone.
  bool without_body = false; ///< The answer to HEAD: the length of a body that is not sent.
};

/// Appends status line, headers and body, as far as the response's `ending` lets them leave.
void append_response(std::string& out, const http_response& response, response_framing framing,
                     const std::string& date);

} // namespace orderhub::http_gateway::detail
