#include "http_gateway/server/message.hpp"

#include "http_gateway/server/problem.hpp"
#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub::http_gateway {

std::string_view http_request::header(std::string_view name) const {
  for (const auto& f : fields_)
    if (f.name_size == name.size() &&
        equal_ignoring_case(std::string_view(text_).substr(f.offset, f.name_size), name))
      return std::string_view(text_).substr(f.offset + f.name_size, f.value_size);
  return {};
}

std::size_t http_request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const field& f) {
        return equal_ignoring_case(std::string_view(text_).substr(f.offset, f.name_size), name);
      }));
}

std::pair<std::string_view, std::string_view> http_request::header_at(std::size_t index) const {
  const auto& f = fields_.at(index);
  const std::string_view text(text_);
  return {text.substr(f.offset, f.name_size), text.substr(f.offset + f.name_size, f.value_size)};
}

void http_request::add_header(std::string_view name, std::string_view value) {
  if (fields_.empty()) {
    fields_.reserve(12);
    text_.reserve(256);
  }
  // The limit on the header's size keeps both far below their types' ends.
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint16_t>(name.size()),
                     static_cast<std::uint16_t>(value.size())});
  text_ += name;
  text_ += value;
}

void http_response::add_header(std::string_view name, std::string_view value) {
  headers += name;
  headers += ": ";
  for (const char c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)
      headers += c;
  headers += "\r\n";
}

http_response problem(std::uint16_t status, std::string_view message, std::int64_t retry_after_s) {
  http_response r;
  r.status = status;
  r.body = problem_body(status, message);
  if (retry_after_s > 0)
    r.add_header("retry-after", std::to_string(retry_after_s));
  return r;
}

} // namespace orderhub::http_gateway
