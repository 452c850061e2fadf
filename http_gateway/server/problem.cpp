#include "http_gateway/server/problem.hpp"

#include "journal/base/text.hpp"

namespace orderhub::http_gateway {

std::string problem_body(std::uint16_t status, std::string_view message) {
  std::string out;
  out.reserve(message.size() + 32);
  out += R"({"code":)";
  out += std::to_string(status);
  out += R"(,"message":)";
  append_json_string(out, message);
  out += '}';
  return out;
}

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
  case 200:
    return "OK";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 402:
    return "Payment Required";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 422:
    return "Unprocessable Content";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 470:
    return "Not Ready"; // Restate's own: the invocation has no result yet.
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "Status";
  }
}

} // namespace orderhub::http_gateway
