#pragma once
#include "actors/host/ingress.hpp"
#include "http_gateway/ingress/webhook_taker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::http_gateway {

/// `POST /{service}/{key}/{handler}`, and `…/send?delay=` with `one_way`.
struct call_route {
  std::string service, key, handler;
  bool one_way = false;
  std::int64_t delay_ms = 0;
};

/// `GET|HEAD|POST /restate/invocation/{id}/attach|output`,
/// `/restate/invocation/{service}/{key}/{handler}/{idempotencyKey}/attach|output`,
/// `/restate/workflow/{name}/{key}/attach|output`. `wait` for attach.
struct attach_route {
  host::invocation_target target;
  bool wait = false;
};

/// `POST /restate/awakeables/{id}/resolve|reject`; Restate's clients write `/restate/a/…`.
struct awakeable_route {
  std::string id;
  bool resolve = true;
};

/// `GET|HEAD /restate/health`.
struct health_route {};

/// No route: 400 a path that cannot be, 404 one that is not, 405 with the methods that would do.
struct no_route {
  std::uint16_t status = 404;
  std::string message;  ///< One sentence for the caller.
  std::string allow;    ///< For 405: the value of `Allow`.
  bool is_open = false; ///< Under `/webhooks`: said to anybody.
};

using route =
    std::variant<call_route, attach_route, awakeable_route, health_route, webhook_route, no_route>;

inline constexpr std::size_t segment_size_max = 255;

/// Reads method and request target. Pure.
///
/// Each path segment is percent-decoded on its own, so a key is one key however it was encoded and
/// `%2F` belongs to it; and it is brought into Unicode's form NFC, so a key is one key however it
/// was composed. Segments are 1 to 255 bytes of UTF-8 in that form, without control characters;
/// there is no `.` or `..` here, they are keys like others.
route route_of(std::string_view method, std::string_view target);

} // namespace orderhub::http_gateway
