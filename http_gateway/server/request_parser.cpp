#include "http_gateway/server/request_parser.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/beast/http/error.hpp>

namespace orderhub::http_gateway::detail {
namespace {

/// Room that a body gets before its bytes are here.
constexpr std::uint64_t body_room = 16 * 1024;
constexpr std::size_t method_size_max = 32;

/// Whether a request line ends as one does, `HTTP/` with two digits: another version, not rubbish.
bool has_version(std::string_view text) {
  const auto line = text.substr(0, text.find("\r\n"));
  const auto version = line.substr(std::min(line.find(' '), line.size()));
  const auto at = version.find(" HTTP/");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return at != std::string_view::npos && at > 0 && version.find(' ', 1) == at &&
         version.size() == at + 9 && is_digit(version[at + 6]) && version[at + 7] == '.' &&
         is_digit(version[at + 8]);
}

} // namespace

request_parser::request_parser(http_request& to, const server_options& options)
    : to_(to), options_(options) {
  header_limit(static_cast<std::uint32_t>(options.header_size_max));
  body_limit(options.body_size_max);
  eager(true);
}

std::size_t request_parser::take(const char* data, std::size_t size) {
  beast::error_code ec;
  const bool in_header = !is_header_done();
  begin_ = data;
  end_ = data + size;
  const auto consumed = put(boost::asio::const_buffer(data, size), ec);
  if (ec == beast::http::error::bad_version && !has_version({data, size}))
    ec = beast::http::error::bad_line_ending;
  if (in_header && !is_header_done())
    header_size_ += consumed;
  if (ec == beast::http::error::need_more) {
    ec = {};
    // Beast's limit counts from where it stands; this one from the first byte, and for a chunk's
    // header and the trailers too.
    if (header_size_ + size - consumed > options_.header_size_max)
      ec = beast::http::error::header_limit;
  }
  if (ec)
    translate(ec);
  return consumed;
}

std::optional<std::uint64_t> request_parser::announced_size() const {
  const auto size = content_length();
  return size ? std::optional<std::uint64_t>(*size) : std::nullopt;
}

std::uint64_t request_parser::body_left() const {
  return is_header_done() ? content_length_remaining().value_or(0) : 0;
}

bool request_parser::take_expectation() {
  return is_header_done() && std::exchange(expects_continue_, false);
}

void request_parser::refuse(std::uint16_t status, const char* why, beast::error_code& ec) {
  refusal_ = {status, why};
  ec = beast::http::error::bad_value;
}

/// Beast's own errors in our words; a refusal of ours stands already.
void request_parser::translate(const beast::error_code& ec) {
  using beast::http::error;
  if (refusal_.status != 0)
    return;
  if (ec == error::header_limit)
    refusal_ = {431, "The request's headers are too large."};
  else if (ec == error::body_limit)
    refusal_ = {413, "The request body is larger than " + std::to_string(options_.body_size_max) +
                         " bytes."};
  else if (ec == error::bad_version)
    refusal_ = {505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
  else if (ec == error::bad_content_length || ec == error::bad_transfer_encoding)
    refusal_ = {400, "The length of the request body is given in contradicting ways."};
  else
    refusal_ = {400, "The request is not valid HTTP."};
}

/// Beast joins folded lines; another reader of the same bytes may not, so they are refused
/// (RFC 9112, 5.2). A field is reported once it stands whole in the window.
bool request_parser::is_folded(const char* name_end) const {
  if (name_end < begin_ || name_end >= end_)
    return true;
  const auto* line_end = std::find(name_end, end_, '\n');
  return line_end + 1 >= end_ || line_end[1] == ' ' || line_end[1] == '\t';
}

void request_parser::on_request_impl(beast::http::verb, view method, view target, int version,
                                     beast::error_code& ec) {
  http_1_1_ = version >= 11;
  if (method.size() > method_size_max)
    return refuse(501, "The method is not known.", ec);
  to_.method.assign(method.data(), method.size());
  const std::string_view t(target.data(), target.size());
  // Absolute form: its authority replaces Host (RFC 9112, 3.2.2).
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (t.size() < scheme.size() || !equal_ignoring_case(t.substr(0, scheme.size()), scheme))
      continue;
    const auto rest = t.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (end == 0)
      return refuse(400, "The request target has no host.", ec);
    to_.host = rest.substr(0, end);
    absolute_ = true;
    to_.target = rest.substr(end);
    if (to_.target.empty() || to_.target.front() == '?')
      to_.target.insert(to_.target.begin(), '/');
    return;
  }
  to_.target = t;
}

void request_parser::on_field_impl(beast::http::field name, view name_text, view value_text,
                                   beast::error_code& ec) {
  const std::string_view value(value_text.data(), value_text.size());
  if (is_folded(name_text.data() + name_text.size()))
    return refuse(400, "A header is folded over several lines.", ec);
  if (++field_count_ > options_.header_count_max)
    return refuse(431, "The request has too many headers.", ec);
  if (header_done_) { // A trailer: allowed, and not used for anything.
    trailer_size_ += name_text.size() + value.size();
    if (trailer_size_ > options_.header_size_max)
      refuse(431, "The request's trailers are too large.", ec);
    return;
  }
  switch (name) {
  case beast::http::field::host:
    if (++host_count_ > 1)
      return refuse(400, "The request has more than one Host header.", ec);
    if (!absolute_)
      to_.host = value;
    break;
  case beast::http::field::content_length:
    if (++length_count_ > 1 || value.empty() ||
        value.find_first_not_of("0123456789") != std::string_view::npos)
      return refuse(400, "Content-Length must be given once, as one number.", ec);
    break;
  case beast::http::field::transfer_encoding:
    if (!http_1_1_)
      return refuse(400, "Transfer-Encoding needs HTTP/1.1.", ec);
    if (++encoding_count_ > 1 || !equal_ignoring_case(value, "chunked"))
      return refuse(501, "The only Transfer-Encoding accepted is chunked.", ec);
    break;
  case beast::http::field::expect:
    if (!equal_ignoring_case(value, "100-continue"))
      return refuse(417, "The only expectation accepted is 100-continue.", ec);
    expects_continue_ = http_1_1_;
    break;
  default:
    break;
  }
  to_.add_header({name_text.data(), name_text.size()}, value);
}

void request_parser::on_header_impl(beast::error_code& ec) {
  header_done_ = true;
  if (http_1_1_ && host_count_ == 0 && options_.host_required)
    return refuse(400, "The request has no Host header.", ec);
}

void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>& size,
                                       beast::error_code&) {
  // What a caller announces is not yet here: room for it comes with the bytes.
  if (size)
    to_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*size, body_room)));
}

std::size_t request_parser::on_body_impl(view bytes, beast::error_code&) {
  to_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void request_parser::on_chunk_header_impl(std::uint64_t, view extensions, beast::error_code& ec) {
  if (extensions.size() > options_.header_size_max)
    refuse(431, "The request's chunk extensions are too large.", ec);
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, view bytes, beast::error_code&) {
  to_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

} // namespace orderhub::http_gateway::detail
