#include "journal/commit_log/batch.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";
constexpr std::uint32_t batch_mark = 0x4f484c42;   // "OHLB"
constexpr std::uint32_t segment_mark = 0x4f484c53; // "OHLS"
constexpr std::uint8_t version = 1;
constexpr std::size_t crc_size = 4;
/// Everything of a batch but its row and the boot's id.
constexpr std::size_t batch_frame_size = 4 + 1 + 16 + 8 + 8 + 4 + 1 + 4 + crc_size;

constexpr std::size_t whole_blocks(std::size_t size) {
  return (size + log_block - 1) / log_block * log_block;
}

tl::unexpected<error> corrupt(std::string message) {
  return fail({error_kind::corrupt, where, std::move(message)});
}

void put_u32(std::string& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((v >> static_cast<unsigned>(shift)) & 0xffU));
}

bool checksum_fits(std::string_view with_crc) {
  const auto body = with_crc.substr(0, with_crc.size() - crc_size);
  return byte_reader(with_crc.substr(body.size())).u32() == crc32_of(body);
}

} // namespace

std::size_t blocks_of(const commit_batch& batch) {
  return whole_blocks(batch_frame_size + batch.boot_id.size() + batch.row.size());
}

void encode_batch(const log_id& id, std::uint64_t epoch, const commit_batch& batch,
                  std::string& out) {
  byte_writer head(batch_frame_size + batch.boot_id.size());
  head.u32(batch_mark);
  head.u8(version);
  head.array(id);
  head.u64(epoch);
  head.u64(batch.first);
  head.u32(batch.count);
  head.str8(batch.boot_id);
  head.u32(static_cast<std::uint32_t>(batch.row.size()));
  out.clear();
  out.reserve(blocks_of(batch));
  out.append(head.view());
  out.append(batch.row);
  put_u32(out, crc32_of(out));
  out.resize(whole_blocks(out.size()), '\0');
}

result<std::optional<stored_batch>> batch_at(const log_id& id, std::string_view bytes) {
  byte_reader r(bytes);
  if (r.u32() != batch_mark)
    return std::optional<stored_batch>();
  const auto v = r.u8();
  stored_batch found;
  const auto owner = r.array<16>();
  found.epoch = r.u64();
  found.batch.first = r.u64();
  found.batch.count = r.u32();
  found.batch.boot_id = r.str8();
  found.batch.row = r.str32();
  const auto size = bytes.size() - r.left() + crc_size;
  (void)r.u32();
  if (!r.ok() || !checksum_fits(bytes.substr(0, size)) || owner != id)
    return std::optional<stored_batch>();
  if (v != version)
    return corrupt("a batch of the commit log has version " + std::to_string(v) +
                   ", this program reads 1; run the newer program, nothing was changed");
  found.size = whole_blocks(size);
  return std::optional(found);
}

std::string encode_segment_head(const log_id& id, std::uint64_t size) {
  byte_writer w(64);
  w.u32(segment_mark);
  w.u8(version);
  w.array(id);
  w.u64(size);
  auto out = w.take();
  put_u32(out, crc32_of(out));
  out.resize(log_block, '\0');
  return out;
}

result<void> check_segment_head(const log_id& id, std::string_view segment) {
  byte_reader r(segment);
  const auto mark = r.u32();
  const auto v = r.u8();
  const auto owner = r.array<16>();
  const auto size = r.u64();
  const auto head_size = segment.size() - r.left() + crc_size;
  (void)r.u32();
  if (!r.ok() || mark != segment_mark || !checksum_fits(segment.substr(0, head_size)))
    return corrupt("its head is damaged");
  if (v != version)
    return corrupt("it has version " + std::to_string(v) +
                   ", this program reads 1; run the newer program, nothing was changed");
  if (owner != id)
    return corrupt("it belongs to another journal; move the directory `log` away, or put back the "
                   "tables that it belongs to");
  if (size != segment.size())
    return corrupt("it has " + std::to_string(segment.size()) + " bytes, and was made with " +
                   std::to_string(size));
  return {};
}

} // namespace orderhub::journal
