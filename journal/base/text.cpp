#include "journal/base/text.hpp"

namespace orderhub {

void cut_text(std::string& text, std::size_t size_max) {
  if (text.size() <= size_max)
    return;
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xc0U) == 0x80U)
    --size_max;
  text.resize(size_max);
}

} // namespace orderhub
