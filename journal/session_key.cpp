#include "journal/session_key.hpp"

#include "journal/base/bytes.hpp"
#include "journal/record_bytes.hpp"

#include <optional>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr std::uint8_t version = 1;
constexpr auto where = "journal.session_key";

secret as_secret(const session_key& key) {
  return secret(std::string(reinterpret_cast<const char*>(key.data()), key.size()));
}

result<std::optional<session_key>> kept_key(const store& tables) {
  auto rows = tables.read();
  if (!rows)
    return rows.failure();
  auto row = (*rows)->get(table::mt, meta_key::session);
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<session_key>();
  auto key = decode_session_key(**row);
  if (!key)
    return key.failure();
  return std::optional(*key);
}

} // namespace

std::string encode(const session_key& key) {
  byte_writer w(64);
  w.u8(version);
  w.array(key);
  return record_bytes::with_checksum(std::move(w));
}

result<session_key> decode_session_key(std::string_view bytes) {
  auto body = record_bytes::behind_version(bytes, version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto key = r.array<32>();
  return record_bytes::finish(r, key, where);
}

result<secret> session_key_of(store& tables, random_source& random) {
  auto kept = kept_key(tables);
  if (!kept)
    return kept.failure();
  if (*kept)
    return as_secret(**kept);
  session_key fresh{};
  random.fill(fresh);
  auto txn = tables.begin_write(true);
  if (!txn)
    return txn.failure();
  if (auto put = (*txn)->put(table::mt, meta_key::session, encode(fresh)); !put)
    return put.failure();
  if (auto done = (*txn)->commit(); !done)
    return done.failure();
  return as_secret(fresh);
}

} // namespace orderhub::journal
