#include "journal/arena.hpp"

#include <algorithm>
#include <cstring>

namespace orderhub::journal {

namespace {
constexpr std::size_t chunk_size = 128U << 10U;
} // namespace

char* arena::room(std::size_t size) {
  if (chunks_.empty() || chunks_.back().size - used_ < size) {
    const auto larger = std::max(chunk_size, size);
    chunks_.push_back({std::unique_ptr<char[]>(new char[larger]), larger});
    used_ = 0;
  }
  char* at = chunks_.back().bytes.get() + used_;
  used_ += size;
  return at;
}

std::string_view arena::keep(std::string_view bytes) {
  char* at = room(bytes.size());
  std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

void arena::back_to(mark m) {
  chunks_.resize(m.chunks);
  used_ = m.used;
}

} // namespace orderhub::journal
