#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// One whole request. Framing is checked already: one body length, one `Host`, no folded lines.
class http_request {
public:
  std::string method; ///< As sent, at most 32 bytes: `POST`.
  /// Path and query as sent, still percent-encoded. The authority of an absolute target
  /// (`http://host/path`) has moved to `host`.
  std::string target;
  std::string host; ///< `Host`, port included; empty where an HTTP/1.0 client sent none.
  std::string body; ///< Raw bytes, chunks joined; at most `body_size_max`.

  /// The first header of that name, case ignored; null data where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// How many headers have that name.
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
  /// How many headers there are, and one of them as sent, by its place from 0.
  [[nodiscard]] std::size_t header_count() const { return fields_.size(); }
  [[nodiscard]] std::pair<std::string_view, std::string_view> header_at(std::size_t index) const;
  /// For the server and tests.
  void add_header(std::string_view name, std::string_view value);

private:
  struct field {
    std::uint32_t offset = 0; ///< Into `text_`: the name, the value right behind it.
    std::uint16_t name_size = 0;
    std::uint16_t value_size = 0;
  };
  std::string text_;
  std::vector<field> fields_;
};

/// How a response leaves. Everything but `whole` is for a server that plays a broken one, as the
/// mock vendors do.
enum class wire_ending : std::uint8_t {
  whole = 1,
  half = 2, ///< Half of the body (without one: half of the head), then the connection ends orderly.
  whole_then_reset = 3, ///< All of it, without a word of `Connection: close`, then a reset.
  reset = 4,            ///< Nothing of it: a reset.
};

/// One answer. Content-Length, Connection and Date are the server's.
struct http_response {
  std::uint16_t status = 200;
  std::string body;
  /// Text with static lifetime. Left out where it or the body is empty.
  std::string_view content_type = "application/json";
  std::string headers; ///< Further header lines, each with its CRLF; use `add_header`.
  bool close = false;  ///< Close the connection after this answer.
  bool dated = false;  ///< `headers` has a Date already.
  wire_ending ending = wire_ending::whole;

  /// Bytes of `value` that may not stand in a header (controls) are dropped.
  void add_header(std::string_view name, std::string_view value);
};

/// The answer `{"code","message"}`, with `Retry-After` where positive.
http_response problem(std::uint16_t status, std::string_view message,
                      std::int64_t retry_after_s = 0);

} // namespace orderhub::http_gateway
