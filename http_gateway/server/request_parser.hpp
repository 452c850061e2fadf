#pragma once
#include "http_gateway/server/message.hpp"
#include "http_gateway/server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

namespace orderhub::http_gateway::detail {

namespace beast = boost::beast;

/// Why a request is not served: the status of the answer and a sentence for its sender.
struct refusal {
  std::uint16_t status = 0; ///< 0: none.
  std::string message;
};

/// Fills one `http_request` from the bytes of a connection. Beast reads; this adds the framing
/// rules that Beast leaves open, and the limits of `server_options`: what two readers of the same
/// bytes could take for different requests is refused (RFC 9112). Internal to the server.
class request_parser final : private beast::http::basic_parser<true> {
public:
  /// Neither is copied.
  request_parser(http_request& to, const server_options& options);

  /// Takes what belongs to this request from the front of the bytes and returns how many that were.
  /// The rest, a part of a header or of the next request, is to be given again with what follows.
  std::size_t take(const char* data, std::size_t size);

  /// More bytes are needed, as long as it is neither done nor refused.
  [[nodiscard]] bool is_done() const { return basic_parser::is_done(); }
  [[nodiscard]] bool is_header_done() const { return basic_parser::is_header_done(); }
  /// Set once the request cannot be served; its connection has to end.
  [[nodiscard]] const refusal& refused() const { return refusal_; }
  /// What the header says of the body's size, if it does; at most `body_size_max`.
  [[nodiscard]] std::optional<std::uint64_t> announced_size() const;
  /// How much of an announced body is still to come; 0 where that is not known.
  [[nodiscard]] std::uint64_t body_left() const;
  [[nodiscard]] bool keep_alive() const { return basic_parser::keep_alive(); }
  [[nodiscard]] bool is_http_1_1() const { return http_1_1_; }
  /// True once, after a header that asks for `100 Continue`.
  bool take_expectation();

private:
  using view = beast::string_view;
  void refuse(std::uint16_t status, const char* why, beast::error_code& ec);
  void translate(const beast::error_code& ec);
  [[nodiscard]] bool is_folded(const char* name_end) const;

  void on_request_impl(beast::http::verb, view method, view target, int version,
                       beast::error_code& ec) override;
  void on_field_impl(beast::http::field name, view name_text, view value_text,
                     beast::error_code& ec) override;
  void on_header_impl(beast::error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& size, beast::error_code&) override;
  std::size_t on_body_impl(view bytes, beast::error_code&) override;
  void on_chunk_header_impl(std::uint64_t, view extensions, beast::error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t, view bytes, beast::error_code&) override;
  void on_finish_impl(beast::error_code&) override {}
  // Requests have no status line.
  void on_response_impl(int, view, int, beast::error_code&) override {}

  http_request& to_;
  const server_options& options_;
  refusal refusal_;
  const char* begin_ = nullptr; ///< The bytes given to `take`.
  const char* end_ = nullptr;
  std::size_t header_size_ = 0; ///< Taken so far.
  std::size_t field_count_ = 0;
  std::size_t trailer_size_ = 0;
  unsigned host_count_ = 0;
  unsigned length_count_ = 0;
  unsigned encoding_count_ = 0;
  bool http_1_1_ = true;
  bool expects_continue_ = false;
  bool absolute_ = false;
  bool header_done_ = false;
};

} // namespace orderhub::http_gateway::detail
