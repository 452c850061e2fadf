#include "journal/base/ids.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub {

namespace {
constexpr std::string_view invocation_prefix = "inv_";
constexpr std::string_view awakeable_prefix = "sign_1";

std::string_view view_of(const invocation_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}
} // namespace

invocation_id invocation_id::make(unix_ms now, random_source& random) {
  invocation_id id;
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(now) >> (8U * (5 - i)));
  random.fill({id.bytes.data() + 6, 16});
  return id;
}

invocation_id invocation_id::child(std::uint32_t index) const {
  byte_writer w;
  w.raw("child");
  w.array(bytes);
  w.u32(index);
  const digest d = sha256_of(w.view());
  invocation_id id = *this; // Keeps the parent's time, so that families lie together on disk.
  std::copy_n(d.begin(), 16, id.bytes.begin() + 6);
  return id;
}

std::string invocation_id::text() const {
  return std::string(invocation_prefix) + base64url(view_of(*this));
}

std::optional<invocation_id> invocation_id::parse(std::string_view text) {
  invocation_id id;
  std::string raw;
  if (!text.starts_with(invocation_prefix) ||
      !from_base64url(text.substr(invocation_prefix.size()), raw) || raw.size() != id.bytes.size())
    return std::nullopt;
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

std::string awakeable_id::text() const {
  byte_writer w;
  w.array(invocation.bytes);
  w.u32(completion);
  return std::string(awakeable_prefix) + base64url(w.view());
}

std::optional<awakeable_id> awakeable_id::parse(std::string_view text) {
  std::string raw;
  if (!text.starts_with(awakeable_prefix) ||
      !from_base64url(text.substr(awakeable_prefix.size()), raw) || raw.size() != 26)
    return std::nullopt;
  byte_reader r(raw);
  awakeable_id id;
  id.invocation.bytes = r.array<22>();
  id.completion = r.u32();
  return id;
}

} // namespace orderhub
