#pragma once
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// Bytes that stay where they are until all of them go. Few large pieces, so that a generation of
/// records costs little more than its bytes and leaves no holes. One thread writes; what is written
/// may be read by any.
class arena {
public:
  /// A place to go back to. Good until the arena has gone back before it.
  struct mark {
    std::size_t chunks = 0;
    std::size_t used = 0;
  };

  /// So many bytes in one piece, to be written by the caller.
  char* room(std::size_t size);
  /// A copy of them.
  std::string_view keep(std::string_view bytes);
  [[nodiscard]] mark here() const { return {chunks_.size(), used_}; }
  /// Forgets what was written since.
  void back_to(mark m);

private:
  struct chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<chunk> chunks_;
  std::size_t used_ = 0; ///< In the last chunk.
};

} // namespace orderhub::journal
