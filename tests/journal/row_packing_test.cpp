#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/object_row.hpp"
#include "journal/row_packing.hpp"
#include "tests/support/catch2.hpp"

#include <random>
#include <string>
#include <string_view>

namespace orderhub::journal {
namespace {

/// Version, and the owner of `finished_row`.
constexpr std::size_t owner_size = 1 + 1 + 17 + 1 + 7;
constexpr std::size_t head_size = owner_size + 1 + 4; // And dictionary, size.
constexpr std::size_t crc_size = 4;

invocation_row finished_row(std::string output) {
  invocation_row row{{"OrderOrchestrator", "order-1"}, {}};
  row.invocation.id.bytes.fill(7);
  row.invocation.finished = true;
  row.invocation.output = std::move(output);
  return row;
}

/// The same row with another body, under a checksum that fits.
std::string sealed(std::string row) {
  row.resize(row.size() - crc_size);
  byte_writer crc(crc_size);
  crc.u32(crc32_of(row));
  return row.append(crc.view());
}

std::string with_byte(std::string row, std::size_t at, char value) {
  row[at] = value;
  return sealed(std::move(row));
}

std::string reason(std::string_view row) {
  auto read = decode_invocation_row(row);
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == error_kind::corrupt);
  return read.error().message;
}

TEST_CASE("a finished invocation's row is compressed where that makes it smaller",
          "[journal][packing]") {
  const auto text = std::string(2'000, 'x');
  const auto row = encode(finished_row(text));
  CHECK(row[0] == 2);
  CHECK(row.size() < 300);
  auto read = decode_invocation_row(row);
  REQUIRE(read);
  CHECK(read->invocation.output == text);
  CHECK(packed(encode_plain(finished_row(text))) == row);

  CHECK(encode(finished_row(""))[0] == 1); // Too small.
  std::string noise(4'000, '\0');
  std::minstd_rand random(1);
  for (auto& c : noise)
    c = static_cast<char>(random() >> 8U);
  const auto plain = encode(finished_row(noise));
  CHECK(plain[0] == 1);
  CHECK(decode_invocation_row(plain)->invocation.output == noise);
}

TEST_CASE("a plain row is read for ever", "[journal][packing]") {
  const auto row = finished_row(std::string(500, 'y'));
  const auto read = decode_invocation_row(encode_plain(row));
  REQUIRE(read);
  CHECK(read->invocation == row.invocation);
}

TEST_CASE("a compressed row says what about it is wrong", "[journal][packing]") {
  const auto row = encode(finished_row(std::string(2'000, 'x')));
  CHECK(reason(with_byte(row, 0, 3)).find("version 3 is not known") != std::string::npos);
  CHECK(reason(with_byte(row, owner_size, 9)).find("dictionary 9 is not known") !=
        std::string::npos);
  // The size: of more than any row has, of another row, of none.
  CHECK(reason(with_byte(row, owner_size + 1, '\x7f')).find("size") != std::string::npos);
  CHECK(reason(with_byte(row, head_size - 1, static_cast<char>(row[head_size - 1] + 1)))
            .find("cannot be read") != std::string::npos);
  CHECK(reason(with_byte(row, head_size - 1, static_cast<char>(row[head_size - 1] - 1)))
            .find("cannot be read") != std::string::npos);
  for (std::size_t size = head_size; size + crc_size < row.size(); ++size)
    CHECK_FALSE(decode_invocation_row(sealed(row.substr(0, size + crc_size))));
}

TEST_CASE("whatever bytes stand in a compressed row, reading it ends", "[journal][packing]") {
  std::minstd_rand random(7);
  const auto row =
      encode(finished_row(R"({"orderId":"order-1","status":"confirmed"})" + std::string(300, 'x')));
  REQUIRE(row[0] == 2);
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto other = row;
    for (auto changes = random() % 4 + 1; changes > 0; --changes)
      other[head_size + random() % (other.size() - head_size - crc_size)] =
          static_cast<char>(random() >> 8U);
    refused += decode_invocation_row(sealed(std::move(other))) ? 0U : 1U;
  }
  CHECK(refused > 1'000); // A changed letter of a text is a text.
}

} // namespace
} // namespace orderhub::journal
