#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/batch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Keys of the tables, and the small values that stand beside the rows. Integers are big-endian, so
/// that the order of the bytes is the order of the numbers. FORMAT.md has every byte.
namespace orderhub::journal {

/// Version of the tables and keys as a whole. A program reads its own and every older one.
/// The newest format: with a commit log in front of the tables.
constexpr std::uint32_t format_version = 2;
/// With everything in the tables.
constexpr std::uint32_t format_of_tables = 1;

namespace meta_key {
constexpr std::string_view format = "format";
constexpr std::string_view hub = "hub";
constexpr std::string_view log = "log";
constexpr std::string_view checkpoint = "checkpoint";
constexpr std::string_view boot = "boot";
} // namespace meta_key

/// First byte of a key in `ix`.
namespace index_prefix {
constexpr char active = 'a'; ///< Objects for which `needs_resume` holds.
constexpr char expiry = 'e'; ///< Request keys by the end of their retention.
constexpr char action = 'u'; ///< What people did, by time.
} // namespace index_prefix

/// First byte of a key in `sa`.
namespace aside_prefix {
constexpr char object = 'o'; ///< An object that is set aside, and why.
constexpr char row = 'b';    ///< Its row of `ob`, as it was.
constexpr char record = 'r'; ///< A record of it, as it was in the log.
constexpr char other = 't';  ///< A row of another table, as it was.
} // namespace aside_prefix

/// `lg`: u64 LSN.
std::string log_key(log_sequence lsn);
/// Nothing where the key has not 8 bytes.
std::optional<log_sequence> parse_log_key(std::string_view key);

/// `ob`: service, a zero byte, key.
std::string object_key(const object_id& id);
std::optional<object_id> parse_object_key(std::string_view key);
/// 1 to 255 bytes each, no zero byte in the service.
bool storable(const object_id& id);

/// `iv`: the id's 22 bytes.
std::string invocation_key(const invocation_id& id);
std::optional<invocation_id> parse_invocation_key(std::string_view key);
/// The time that an id begins with.
unix_ms time_of(const invocation_id& id);
/// The smallest id of that time.
invocation_id first_of(unix_ms time);

/// First 16 bytes of the SHA-256 of the object's key in `ob`, which can be longer than a key with
/// something before it may be.
std::string object_digest(std::string_view object_key);

/// `tm`: u64 due time | object digest. The value is a `timer_row`.
std::string timer_key(unix_ms due_at, const object_id& id);
/// Due time of a timer key.
std::optional<unix_ms> parse_timer_key(std::string_view key);
/// Begins every timer key with that due time.
std::string timer_key_from(unix_ms due_at);

/// `ix`, active: 'a' | object digest. The value is `encode_object_ref`.
std::string active_key(const object_id& id);

/// `ix`, expiry: 'e' | u64 expires at | 32 B scope. The value is empty.
std::string expiry_key(unix_ms expires_at, const digest& scope);
struct expiry {
  unix_ms expires_at = 0;
  digest scope{};
};
std::optional<expiry> parse_expiry_key(std::string_view key);

/// `ix`, action: 'u' | u64 all ones less the time | u64 all ones less the LSN, so that the newest
/// comes first. The value is the encoded record.
std::string action_key(unix_ms time, log_sequence lsn);
struct action_place {
  unix_ms time = 0;
  log_sequence lsn = 0;

  friend auto operator<=>(const action_place&, const action_place&) = default;
};
std::optional<action_place> parse_action_key(std::string_view key);

/// `dd`: the scope's 32 bytes.
std::string request_row_key(const digest& scope);

/// u8 version | str8 service | str8 key | u32 crc
std::string encode_object_ref(const object_id& id);
result<object_id> decode_object_ref(std::string_view bytes);

/// u8 version | u64 due at | u64 recorded at | str8 service | str8 key | u32 crc. The due time is
/// that of the key, so that a row under a key that was changed is found out.
struct timer_row {
  unix_ms due_at = 0;
  object_id object;
  unix_ms recorded_at = 0; ///< When the object began to wait for it.

  friend bool operator==(const timer_row&, const timer_row&) = default;
};
std::string encode(const timer_row& row);
/// `key` is the row's.
result<timer_row> decode_timer_row(std::string_view key, std::string_view bytes);

/// `sa`: 'o' | object digest. The value is an `aside_mark`.
std::string aside_mark_key(std::string_view digest);
/// `sa`: 'b' | object digest.
std::string aside_row_key(std::string_view digest);
/// `sa`: 'r' | object digest | u64 LSN.
std::string aside_record_key(std::string_view digest, log_sequence lsn);
/// `sa`: 't' | the table's two letters | the row's key, which has at most 500 bytes.
std::string aside_other_key(std::string_view table_name, std::string_view key);
/// Parts of such a key.
struct aside_key {
  char prefix = 0;
  std::string_view digest; ///< Of an object, its row, its records.
  log_sequence lsn = 0;    ///< Of a record.
  std::string_view table;  ///< Of another table's row, and its key there.
  std::string_view key;
};
std::optional<aside_key> parse_aside_key(std::string_view key);

/// u8 version | str8 service | str8 key | str16 reason | u32 crc
struct aside_mark {
  object_id object;
  std::string reason;

  friend bool operator==(const aside_mark&, const aside_mark&) = default;
};
std::string encode(const aside_mark& mark);
result<aside_mark> decode_aside_mark(std::string_view bytes);

/// u8 version | 22 B invocation | 32 B body | u64 expires at | u32 crc
struct request_row {
  invocation_id invocation;
  digest body{};
  unix_ms expires_at = 0;

  friend bool operator==(const request_row&, const request_row&) = default;
};
std::string encode(const request_row& row);
result<request_row> decode_request_row(std::string_view bytes);

/// `mt` format: u32 version | u32 crc
std::string encode_format(std::uint32_t version);
/// Fails with `corrupt` on a damaged one and on one that is newer than this program.
result<std::uint32_t> decode_format(std::string_view bytes);

/// `mt` hub: 16 B id | u32 crc
std::string encode_hub(const hub_id& id);
result<hub_id> decode_hub(std::string_view bytes);

/// `mt` log, which journal's the commit log is: 16 B log id | u32 crc
std::string encode_log_id(const log_id& id);
result<log_id> decode_log_id(std::string_view bytes);

/// `mt` boot: str8 boot id | u32 crc
std::string encode_boot(std::string_view boot_id);
result<std::string> decode_boot(std::string_view bytes);

/// `mt` checkpoint: u64 LSN | u64 time of the newest record folded | u64 boottime of the last row
/// folded | u32 crc
struct checkpoint_mark {
  log_sequence lsn = 0;
  unix_ms last_time = 0;
  std::int64_t boottime_ms = 0;

  friend bool operator==(const checkpoint_mark&, const checkpoint_mark&) = default;
};
std::string encode(const checkpoint_mark& mark);
result<checkpoint_mark> decode_checkpoint(std::string_view bytes);

} // namespace orderhub::journal
