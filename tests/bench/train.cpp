// Makes a dictionary for the rows of finished invocations (journal/row_packing.hpp) out of journals
// whose orders are of the kinds that shops have. Prints the file that the journal's library embeds.
//
//   orderhub_train DATA_DIR… > journal/dictionaries/invocation_N.hex
//
// No hub may run on them, and nothing personal may be in them: parts of rows stand in the
// dictionary.
#include "journal/lmdb_store.hpp"
#include "journal/object_row.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <zdict.h>

using namespace orderhub;
using namespace orderhub::journal;

namespace {

/// Twice as much makes rows 2 % smaller.
constexpr std::size_t dictionary_size = 28'672;
constexpr std::size_t line_size = 48; // Bytes.

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "orderhub_train: %s\n", what.c_str());
  std::exit(1);
}

void add_rows(const std::string& directory, std::vector<std::string>& rows) {
  auto tables = lmdb_store::open(directory, {.read_only = true});
  if (!tables)
    die(tables.error().message);
  auto reader = (*tables)->read();
  if (!reader)
    die(reader.error().message);
  auto done = (*reader)->scan(table::iv, {}, [&](auto, auto value) {
    const auto row = decode_invocation_row(value);
    if (!row)
      die(row.error().message);
    const auto plain = encode_plain(*row);
    const auto owner = 1 + 1 + row->object.service.size() + 1 + row->object.key.size();
    rows.push_back(plain.substr(owner, plain.size() - owner - 4)); // Without the checksum.
    return true;
  });
  if (!done)
    die(done.error().message);
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> rows;
  for (int i = 1; i < argc; ++i)
    add_rows(argv[i], rows);
  // zstd takes as many as are a hundred times the dictionary; of all kinds then.
  std::shuffle(rows.begin(), rows.end(), std::minstd_rand(1));
  std::string samples;
  std::vector<std::size_t> sizes;
  for (const auto& row : rows) {
    samples += row;
    sizes.push_back(row.size());
  }
  std::string dictionary(dictionary_size, '\0');
  const auto size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(),
                                          sizes.data(), static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(size) != 0U)
    die(std::string("zstd cannot make a dictionary: ") + ZDICT_getErrorName(size));
  std::printf("# Dictionary of zstd for rows of finished invocations, %zu bytes: made by\n"
              "# tests/bench/train.cpp of %zu rows of made-up orders. Never changed: rows are read "
              "with it.\n",
              size, rows.size());
  for (std::size_t at = 0; at < size; at += line_size) {
    for (std::size_t i = at; i < std::min(at + line_size, size); ++i)
      std::printf("%02x", static_cast<unsigned char>(dictionary[i]));
    std::putchar('\n');
  }
  return 0;
}
