#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The bytes of the commit log (FORMAT.md): a segment's head, and batches, each on a block of its
/// own.
namespace orderhub::journal {

/// Which journal's log it is: random, made with it, and in every head and batch. A copy of the
/// journal that goes its own way has another one, though it has the same hub id.
using log_id = std::array<std::uint8_t, 16>;

/// What a batch begins on, and is padded to with zeros: no write touches a block, or a sector, that
/// holds a byte of another batch.
constexpr std::size_t log_block = 4096;
/// Longest id of a boot.
constexpr std::size_t boot_id_size_max = 64;

/// What was committed together.
struct commit_batch {
  /// LSN of its first record, and the batch's number: the next batch has that plus `count`.
  log_sequence first = 0;
  std::uint32_t count = 0;  ///< Records, at least 1.
  std::string_view boot_id; ///< The boot in which it was committed; empty: not known.
  std::string_view row;     ///< A row of the log (log_row.hpp): its head, and the records.

  [[nodiscard]] log_sequence last() const { return first + count - 1; }
};

/// A batch as it stands in a segment. Its views point into that.
struct stored_batch {
  std::uint64_t epoch = 0;
  commit_batch batch;
  std::size_t size = 0; ///< Of its blocks.
};

/// So many bytes of blocks.
[[nodiscard]] std::size_t blocks_of(const commit_batch& batch);
/// The batch as whole blocks, into `out`, whose room is used again.
void encode_batch(const log_id& id, std::uint64_t epoch, const commit_batch& batch,
                  std::string& out);
/// The batch that stands at the beginning of `bytes`; nothing where none does, it is not whole, or
/// it is another log's. `corrupt`: a whole one of a newer version.
result<std::optional<stored_batch>> batch_at(const log_id& id, std::string_view bytes);

/// The first block of a segment, before the first batch.
std::string encode_segment_head(const log_id& id, std::uint64_t size);
/// `corrupt`: damaged, of a newer version, or of another journal's log.
result<void> check_segment_head(const log_id& id, std::string_view segment);

} // namespace orderhub::journal
