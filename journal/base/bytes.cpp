#include "journal/base/bytes.hpp"

#include <cstdio>
#include <cstdlib>

namespace orderhub {

void byte_writer::check_size(std::size_t size, std::size_t max) {
  if (size > max) {
    std::fprintf(stderr, "orderhub: a field of %zu bytes does not fit its size prefix (%zu)\n",
                 size, max);
    std::abort();
  }
}

} // namespace orderhub
