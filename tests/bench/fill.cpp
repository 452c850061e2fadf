/// Makes a journal with many stored orders in seconds, for scripts/bench.sh: the rows of one real
/// order, which a hub has carried through and folded, are written again and again under other keys
/// and invocation ids. So what is stored is byte for byte what the hub would have stored, whatever
/// that is today. Prints one line of JSON.
///
/// With `--request-keys` it stores remembered request keys instead, beside whatever the journal
/// holds: by such a key a webhook is known again by its vendor's id.
///
/// Written past the journal: straight into the tables `ob` and `iv`, and the lists that follow from
/// them, in large transactions, synced once at the end. The keys are spread evenly over 64 bits, so
/// that a later order with a random key falls between two stored ones; the ids are spread over the
/// last 20 days, inside the retention.
#include "actors/handlers/orders/order_listing.hpp"
#include "journal/answer_index.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/key.hpp"
#include "journal/listing_index.hpp"
#include "journal/listing_rows.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using namespace orderhub;
using namespace orderhub::journal;

/// Largest number of rows in one transaction: LMDB keeps its pages in memory until the commit.
constexpr std::uint64_t rows_at_once = 20'000;
constexpr std::int64_t spread_ms = 20LL * 24 * 3600 * 1000;
constexpr std::size_t crc_size = 4;
constexpr std::size_t time_size = 6; ///< Of an invocation id.

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "orderhub_fill: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(result<T> r) {
  if (!r)
    die(r.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

std::string_view bytes_of(const invocation_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

/// One row with the places where the order's key or an invocation's id stands.
class row_template {
public:
  row_template(std::string key, std::string value)
      : key_(std::move(key)), value_(std::move(value)) {
    const auto body = value_.size() - std::min(crc_size, value_.size());
    if (value_.size() < crc_size || byte_reader(std::string_view(value_).substr(body)).u32() !=
                                        crc32_of(value_.substr(0, body)))
      die("a row does not end with its checksum: the format of rows has changed (FORMAT.md), and "
          "tests/bench/fill.cpp has not");
  }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] std::size_t size() const { return key_.size() + value_.size(); }

  /// From now on `old`, wherever it stands, is what `slot` will say.
  void replace(std::size_t slot, std::string_view old) {
    for (auto at = value_.find(old); at != std::string::npos; at = value_.find(old, at + 1))
      holes_.push_back({at, slot});
  }
  /// The bytes with each slot's text, which is as long as the old one.
  const std::string& with(const std::vector<std::string>& slots) {
    for (const auto& h : holes_)
      value_.replace(h.at, slots[h.slot].size(), slots[h.slot]);
    const auto body = value_.size() - crc_size;
    byte_writer crc(crc_size);
    crc.u32(crc32_of(std::string_view(value_).substr(0, body)));
    value_.replace(body, crc_size, crc.view());
    return value_;
  }

private:
  struct hole {
    std::size_t at;
    std::size_t slot;
  };
  std::string key_, value_;
  std::vector<hole> holes_;
};

/// The one order that the journal holds.
struct order_template {
  std::string key;
  std::vector<row_template> objects;     ///< By service, as the table sorts them.
  std::vector<row_template> invocations; ///< By id.
  std::vector<object_id> owners;         ///< Of the invocations.
  std::vector<invocation_id> ids;
  std::vector<answer_place> answers; ///< Vendors' ids of its calls.
  unix_ms created = 0;               ///< As lists have it,
  listing_state lists;               ///< whose state this is.
  std::size_t size = 0;              ///< Bytes of all rows.
};

std::string time_bytes(unix_ms at) {
  byte_writer w(8);
  w.i64(at);
  return w.take();
}

order_template read_template(const reader& tables) {
  order_template t;
  bool several = false;
  must(tables.scan(table::ob, {}, [&](std::string_view key, std::string_view value) {
    const auto id = parse_object_key(key);
    if (!id)
      die("an object's key cannot be read");
    several = several || (!t.key.empty() && t.key != id->key);
    t.key = id->key;
    t.objects.emplace_back(std::string(key), std::string(value));
    return !several;
  }));
  must(tables.scan(table::iv, {}, [&](std::string_view key, std::string_view value) {
    const auto id = parse_invocation_key(key);
    const auto row = decode_invocation_row(value);
    if (!id || !row || !row->invocation.finished)
      die("the order is not finished, or an invocation cannot be read");
    t.ids.push_back(*id);
    t.invocations.emplace_back(std::string(key), encode_plain(*row));
    t.owners.push_back(row->object);
    return true;
  }));
  if (several || t.objects.empty() || t.invocations.empty())
    die("the journal must hold exactly one order, finished and folded (stop the hub first)");
  if (t.key.size() != 16)
    die("the order's key must have 16 bytes, as those written have; it is \"" + t.key + '"');
  must(tables.scan(table::ls, {}, [&](std::string_view key, std::string_view) {
    t.created = parse_listing_key(key)->at;
    return false;
  }));
  const auto lists = must(listing_state_in(tables));
  if (!lists || lists->step != listing_step::done || t.created == 0)
    die("the order is in no list");
  t.lists = *lists;
  must(tables.scan(table::ix, {}, [&](std::string_view key, std::string_view value) {
    if (parse_answer_row_key(key))
      for (const auto& place : must(decode_answer_row(value)).places)
        t.answers.push_back(place);
    else if (!invocation_begin_in(key))
      die("something of the order is open");
    return true;
  }));
  for (const auto which : {table::lg, table::tm, table::dd})
    if (must(tables.count(which)) != 0)
      die("table " + std::string(name_of(which)) +
          " is not empty: an order leaves more behind than "
          "tests/bench/fill.cpp knows of, or the hub was not stopped");
  for (auto* rows : {&t.objects, &t.invocations})
    for (auto& row : *rows) {
      row.replace(0, t.key);
      for (std::size_t i = 0; i < t.ids.size(); ++i)
        row.replace(i + 1, bytes_of(t.ids[i]));
      row.replace(t.ids.size() + 1, time_bytes(t.created));
      t.size += row.size();
    }
  return t;
}

/// Spread evenly and ascending: number `n` of `count`.
std::string key_of(std::uint64_t n, std::uint64_t count) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, n * (UINT64_MAX / count));
  return text;
}

/// What takes the place of the order's key and of each id. Ids ascend with `n`, and within an order
/// in the template's own order, so that a table can be filled from front to back.
std::vector<std::string> slots_of(const order_template& t, std::uint64_t n, std::uint64_t count) {
  const auto newest = time_of(t.ids.back());
  const auto at = newest - spread_ms +
                  static_cast<std::int64_t>(n) * spread_ms / static_cast<std::int64_t>(count + 1);
  std::vector<std::string> slots = {key_of(n, count)};
  for (std::size_t i = 0; i < t.ids.size(); ++i) {
    byte_writer id(t.ids[i].bytes.size());
    id.raw(bytes_of(first_of(at)).substr(0, time_size));
    id.u64(n * t.ids.size() + i);
    id.u64((n * t.ids.size() + i + 1) * 0x9e3779b97f4a7c15ULL);
    slots.push_back(id.take());
  }
  slots.push_back(time_bytes(at));
  return slots;
}

/// Appends rows to one table, in transactions of a bounded size.
class table_filler {
public:
  table_filler(lmdb_store& tables, table which) : tables_(tables), which_(which) {}

  void add(std::string_view key, std::string_view value) {
    if (!txn_)
      txn_ = must(tables_.begin_write(/*sync=*/false));
    must(txn_->append(which_, key, value));
    if (++rows_ % rows_at_once == 0)
      finish();
  }
  void finish() {
    if (txn_)
      must(std::exchange(txn_, nullptr)->commit());
  }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

private:
  lmdb_store& tables_;
  table which_;
  std::unique_ptr<write_transaction> txn_;
  std::uint64_t rows_ = 0;
};

/// Lists as the objects and invocations that were written say.
void fill_lists(lmdb_store& tables, order_template& t, std::uint64_t orders) {
  const auto& rules = handlers::order_lists();
  auto next = t.lists;
  next.counts.clear();
  std::unique_ptr<write_transaction> txn;
  std::uint64_t rows = 0;
  const auto put = [&](table which, std::string_view key, std::string_view value) {
    if (!txn)
      txn = must(tables.begin_write(/*sync=*/false));
    must(txn->put(which, key, value));
    if (++rows % rows_at_once == 0)
      must(std::exchange(txn, nullptr)->commit());
  };
  for (auto& row : t.objects)
    for (std::uint64_t n = 0; n < orders; ++n) {
      const auto state = must(decode_object(row.with(slots_of(t, n, orders))));
      const auto l = listing_of(rules, state);
      if (!l)
        break; // So it is of every other copy.
      for (const auto& [place, value] : rows_of(*l, state.id, t.lists.secret))
        put(place.first, place.second, value);
      for (const auto& name : l->counts)
        ++next.counts[name];
    }
  for (std::uint64_t n = 0; n < orders; ++n) {
    const auto slots = slots_of(t, n, orders);
    for (std::size_t i = 0; i < t.ids.size(); ++i)
      if (rules.indexes(t.owners[i].service))
        put(table::ix,
            object_invocation_key(object_digest(object_key({t.owners[i].service, slots[0]})),
                                  *parse_invocation_key(slots[i + 1])),
            {});
  }
  put(table::mt, meta_key::listing, encode(next));
  must(txn->commit());
}

/// As if each call of each order had been answered under an id of its own.
void fill_answers(lmdb_store& tables, const order_template& t, std::uint64_t orders) {
  answer_index index;
  must(index.start(*must(tables.read())));
  answer_batch batch;
  const auto write = [&] {
    auto txn = must(tables.begin_write(/*sync=*/false));
    must(index.write(*txn, batch));
    must(txn->commit());
    index.note(batch);
    batch = {};
  };
  for (std::uint64_t n = 0; n < orders; ++n) {
    const auto slots = slots_of(t, n, orders);
    for (const auto& a : t.answers) {
      const auto caller = std::find_if(t.ids.begin(), t.ids.end(),
                                       [&](const auto& id) { return time_of(id) == a.begun; });
      if (caller == t.ids.end())
        die("a vendor's id stands for no invocation of the order");
      const auto& slot = slots[static_cast<std::size_t>(caller - t.ids.begin()) + 1];
      const auto begun = time_of(*parse_invocation_key(slot));
      const auto hash = a.hash ^ static_cast<std::uint32_t>(n * 0x9e3779b1U);
      batch.places.push_back({hash, begun});
      batch.newest = std::max(batch.newest, begun);
    }
    if (batch.places.size() >= rows_at_once)
      write();
  }
  if (!batch.places.empty())
    write();
}

void remove_lists(lmdb_store& tables) {
  auto txn = must(tables.begin_write(false));
  for (const auto which : {table::ls, table::rf, table::ix}) {
    std::vector<std::string> keys;
    must(txn->scan(which, {}, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return true;
    }));
    for (const auto& key : keys)
      must(txn->del(which, key));
  }
  must(txn->commit());
}

void remove_rows(lmdb_store& tables, table which, const std::vector<row_template>& rows) {
  auto txn = must(tables.begin_write(false));
  for (const auto& row : rows)
    must(txn->del(which, row.key()));
  must(txn->commit());
}

/// A commit that syncs, and with it everything before.
void sync(lmdb_store& tables) {
  auto txn = must(tables.begin_write(true));
  const auto format = must(txn->get(table::mt, meta_key::format));
  if (!format)
    die("the journal has no format version");
  const std::string same(*format);
  must(txn->put(table::mt, meta_key::format, same));
  must(txn->commit());
}

/// Remembered for the next days; in no order, as digests are.
void fill_request_keys(lmdb_store& tables, std::uint64_t count) {
  constexpr std::int64_t first_after_ms = 24LL * 3600 * 1000, within_ms = 4 * first_after_ms;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto scope_of = [&](std::uint64_t n) {
    digest scope{};
    const auto first = n * (UINT64_MAX / count);
    const auto rest = sha256_of(std::to_string(n));
    scope = rest;
    for (unsigned i = 0; i < 8; ++i)
      scope[i] = static_cast<std::uint8_t>(first >> (56 - 8 * i));
    return scope;
  };
  const auto expiry_of = [&](std::uint64_t n) {
    return now + first_after_ms +
           static_cast<std::int64_t>((n * 0x9e3779b97f4a7c15ULL) %
                                     static_cast<std::uint64_t>(within_ms));
  };
  std::vector<std::pair<std::int64_t, std::uint64_t>> by_expiry;
  by_expiry.reserve(count);
  std::unique_ptr<write_transaction> txn;
  std::uint64_t rows = 0;
  const auto put = [&](table which, std::string_view key, std::string_view value) {
    if (!txn)
      txn = must(tables.begin_write(/*sync=*/false));
    must(txn->put(which, key, value));
    if (++rows % rows_at_once == 0)
      must(std::exchange(txn, nullptr)->commit());
  };
  for (std::uint64_t n = 0; n < count; ++n) {
    request_row row;
    row.invocation = first_of(now + static_cast<std::int64_t>(n % 1'000));
    row.expires_at = expiry_of(n);
    put(table::dd, request_row_key(scope_of(n)), encode(row));
    by_expiry.emplace_back(row.expires_at, n);
  }
  std::sort(by_expiry.begin(), by_expiry.end());
  for (const auto& [expires_at, n] : by_expiry)
    put(table::ix, expiry_key(expires_at, scope_of(n)), {});
  if (txn)
    must(txn->commit());
  sync(tables);
}

void check_first(const order_template& t, const std::string& object,
                 const std::string& invocation) {
  const auto state = decode_object(object);
  const auto row = decode_invocation_row(invocation);
  if (!state || !row || state->id.key == t.key || row->object.key == t.key)
    die("a copied row cannot be read: the format of rows has changed, and tests/bench/fill.cpp has "
        "not");
}

} // namespace

int main(int argc, char** argv) {
  std::string directory;
  std::uint64_t orders = 0, request_keys = 0;
  CLI::App app("Fills a journal with copies of the one order in it, or with request keys.");
  app.add_option("--data-dir", directory, "directory of the journal; no hub may run on it")
      ->required();
  auto* const of_orders = app.add_option("--orders", orders, "how many orders it shall hold")
                              ->check(CLI::Range(1, 100'000'000));
  app.add_option("--request-keys", request_keys, "or how many remembered request keys")
      ->check(CLI::Range(1, 100'000'000))
      ->excludes(of_orders);
  CLI11_PARSE(app, argc, argv);

  const auto begin = std::chrono::steady_clock::now();
  auto tables = must(lmdb_store::open(directory));
  if (request_keys > 0) {
    fill_request_keys(*tables, request_keys);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("{\"mode\":\"fill\",\"request_keys\":%" PRIu64 ",\"file_bytes\":%" PRIu64
                ",\"seconds\":%.1f}\n",
                request_keys, tables->used_bytes(), took.count());
    return 0;
  }
  if (orders == 0)
    die("give --orders or --request-keys");
  auto t = [&] {
    const auto rows = must(tables->read());
    return read_template(*rows);
  }();
  // Pages are filled to the brim here, but a large row wastes the rest of its last page.
  const auto wanted = orders * (t.size + t.size / 2);
  std::error_code ignored;
  const auto room = std::filesystem::space(directory, ignored).available;
  if (room < wanted)
    die("about " + std::to_string(wanted >> 20U) + " MB are needed in " + directory + ", " +
        std::to_string(room >> 20U) + " MB are free");

  remove_rows(*tables, table::ob, t.objects);
  remove_rows(*tables, table::iv, t.invocations);
  remove_lists(*tables);
  table_filler objects(*tables, table::ob), invocations(*tables, table::iv);
  std::string first_object, first_invocation;
  for (auto& row : t.objects) {
    const auto service = parse_object_key(row.key())->service;
    for (std::uint64_t n = 0; n < orders; ++n) {
      const auto slots = slots_of(t, n, orders);
      const auto& bytes = row.with(slots);
      if (first_object.empty())
        first_object = bytes;
      objects.add(object_key({service, slots[0]}), bytes);
    }
  }
  objects.finish();
  for (std::uint64_t n = 0; n < orders; ++n) {
    const auto slots = slots_of(t, n, orders);
    for (std::size_t i = 0; i < t.invocations.size(); ++i) {
      const auto bytes = packed(t.invocations[i].with(slots));
      if (first_invocation.empty())
        first_invocation = bytes;
      invocations.add(slots[i + 1], bytes);
    }
  }
  invocations.finish();
  check_first(t, first_object, first_invocation);
  fill_lists(*tables, t, orders);
  fill_answers(*tables, t, orders);
  sync(*tables);

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("{\"mode\":\"fill\",\"orders\":%" PRIu64 ",\"rows\":%" PRIu64
              ",\"row_bytes_an_order\":%zu,\"file_bytes\":%" PRIu64 ",\"seconds\":%.1f}\n",
              orders, objects.rows() + invocations.rows(), t.size, tables->used_bytes(),
              took.count());
  return 0;
}
