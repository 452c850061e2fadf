#include "journal/lmdb_store.hpp"

#include "journal/base/log.hpp"
#include "journal/base/nice_thread.hpp"
#include "journal/data_directory.hpp"
#include "journal/key.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.lmdb";
constexpr unsigned readers_max = 512;
constexpr std::uint64_t map_size_min = 1ULL << 30U;

using handles = std::array<MDB_dbi, table_count>;

error error_of(int code, std::string_view doing) {
  error e{error_kind::unavailable, where, std::string(doing) + ": " + mdb_strerror(code)};
  switch (code) {
  case MDB_MAP_FULL:
  case MDB_TXN_FULL:
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    e.kind = error_kind::full;
    break;
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_INVALID:
  case MDB_VERSION_MISMATCH:
  case MDB_INCOMPATIBLE:
  case MDB_CURSOR_FULL:
  case MDB_BAD_TXN: // An earlier read in the same transaction met a damaged page.
    e.kind = error_kind::corrupt;
    e.message += "; run `orderhub journal verify` and restore a backup";
    break;
  case MDB_BAD_VALSIZE:
  case EINVAL:
    e.kind = error_kind::invalid;
    break;
  case MDB_PANIC:
    e.message += "; a write failed half-way, restart the hub";
    break;
  default:
    break;
  }
  return e;
}

tl::unexpected<error> failure(int code, std::string_view doing) {
  return fail(error_of(code, doing));
}

MDB_val val_of(std::string_view s) {
  return {s.size(), const_cast<char*>(s.data())};
}

std::string_view view_of(const MDB_val& v) {
  return {static_cast<const char*>(v.mv_data), v.mv_size};
}

struct cursor_closer {
  void operator()(MDB_cursor* c) const { mdb_cursor_close(c); }
};
using cursor = std::unique_ptr<MDB_cursor, cursor_closer>;

struct txn_aborter {
  void operator()(MDB_txn* t) const { mdb_txn_abort(t); }
};
using txn = std::unique_ptr<MDB_txn, txn_aborter>;

struct env_closer {
  void operator()(MDB_env* e) const { mdb_env_close(e); }
};
using environment = std::unique_ptr<MDB_env, env_closer>;

result<txn> begin(MDB_env* env, unsigned flags) {
  MDB_txn* raw = nullptr;
  if (const int code = mdb_txn_begin(env, nullptr, flags, &raw); code != 0) {
    // A reader locks the byte of its id in the lock file (F_SETLK) before it takes a place.
    if ((flags & MDB_RDONLY) != 0 && (code == EAGAIN || code == EACCES))
      return fail({error_kind::unavailable, std::string(reader_id_taken),
                   "another process, in another pid namespace, reads this journal under the id " +
                       std::to_string(::getpid()) + ", which this one has too; try again"});
    return failure(code, "begin");
  }
  return txn(raw);
}

result<cursor> open_cursor(MDB_txn* t, MDB_dbi dbi) {
  MDB_cursor* raw = nullptr;
  if (const int code = mdb_cursor_open(t, dbi, &raw); code != 0)
    return failure(code, "cursor");
  return cursor(raw);
}

result<std::optional<std::string_view>> get_row(MDB_txn* t, MDB_dbi dbi, std::string_view key) {
  auto k = val_of(key);
  MDB_val v{};
  const int code = mdb_get(t, dbi, &k, &v);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != 0)
    return failure(code, "get");
  return std::optional(view_of(v));
}

result<void> scan_rows(MDB_txn* t, MDB_dbi dbi, std::string_view from, const row_visitor& visit) {
  auto c = open_cursor(t, dbi);
  if (!c)
    return c.failure();
  auto k = val_of(from);
  MDB_val v{};
  int code = mdb_cursor_get(c->get(), &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0) {
    if (!visit(view_of(k), view_of(v)))
      return {};
    code = mdb_cursor_get(c->get(), &k, &v, MDB_NEXT);
  }
  if (code != MDB_NOTFOUND)
    return failure(code, "scan");
  return {};
}

result<void> scan_rows_back(MDB_txn* t, MDB_dbi dbi, std::string_view below,
                            const row_visitor& visit) {
  auto c = open_cursor(t, dbi);
  if (!c)
    return c.failure();
  auto k = val_of(below);
  MDB_val v{};
  int code = below.empty() ? mdb_cursor_get(c->get(), &k, &v, MDB_LAST)
                           : mdb_cursor_get(c->get(), &k, &v, MDB_SET_RANGE);
  if (!below.empty()) // At the first row that is not below, or behind all.
    code = code == MDB_NOTFOUND ? mdb_cursor_get(c->get(), &k, &v, MDB_LAST)
           : code == 0          ? mdb_cursor_get(c->get(), &k, &v, MDB_PREV)
                                : code;
  while (code == 0) {
    if (!visit(view_of(k), view_of(v)))
      return {};
    code = mdb_cursor_get(c->get(), &k, &v, MDB_PREV);
  }
  if (code != MDB_NOTFOUND)
    return failure(code, "scan");
  return {};
}

result<std::optional<std::string_view>> last_row_key(MDB_txn* t, MDB_dbi dbi) {
  auto c = open_cursor(t, dbi);
  if (!c)
    return c.failure();
  MDB_val k{};
  MDB_val v{};
  const int code = mdb_cursor_get(c->get(), &k, &v, MDB_LAST);
  if (code == MDB_NOTFOUND)
    return std::optional<std::string_view>{};
  if (code != 0)
    return failure(code, "last");
  return std::optional(view_of(k));
}

result<std::uint64_t> count_rows(MDB_txn* t, MDB_dbi dbi) {
  MDB_stat s{};
  if (const int code = mdb_stat(t, dbi, &s); code != 0)
    return failure(code, "stat");
  return static_cast<std::uint64_t>(s.ms_entries);
}

/// Nothing: the file system does not say.
std::optional<std::uint64_t> room_in(const std::string& directory) {
  struct statvfs s{};
  if (::statvfs(directory.c_str(), &s) != 0)
    return {};
  return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
}

/// LMDB calls a write that the disk cut short an I/O error, as it does a broken disk.
bool disk_is_full(const std::string& directory) {
  constexpr std::uint64_t room_min = 1U << 20U;
  return room_in(directory).value_or(room_min) < room_min;
}

/// An environment and its tables. A transaction keeps its own alive: where a copy has taken the
/// place of the file, it goes on with the file that it began on.
struct open_file {
  environment env;
  handles dbis{};
  std::string directory;      ///< Of the file.
  std::uint64_t prepared = 0; ///< The file has written blocks up to here. The writer's.

  [[nodiscard]] std::uint64_t used_bytes() const {
    MDB_envinfo info{};
    MDB_stat s{};
    if (mdb_env_info(env.get(), &info) != 0 || mdb_env_stat(env.get(), &s) != 0)
      return 0;
    return (static_cast<std::uint64_t>(info.me_last_pgno) + 1) * s.ms_psize;
  }
  /// What the file is called in its directory does not matter.
  [[nodiscard]] std::optional<struct stat> about() const {
    mdb_filehandle_t fd = -1;
    struct stat s{};
    if (mdb_env_get_fd(env.get(), &fd) != 0 || ::fstat(fd, &s) != 0)
      return {};
    return s;
  }
  void prepare_room();
};

// A sync of a file that grows writes its inode and extents too: twice the waits on the disk for
// each commit. So the file grows ahead of its use, by zeros that were really written. Only between
// transactions, and only past what LMDB has ever used or the file has ever held; what is lost in a
// crash was unused. Without room on the disk nothing is prepared, and LMDB finds that out itself.
void open_file::prepare_room() {
  constexpr std::uint64_t low_water = 512U << 10U;
  constexpr std::uint64_t step = 1U << 20U;
  static const std::string zeros(256U << 10U, '\0');
  const auto used = used_bytes();
  if (used + low_water <= prepared)
    return;
  mdb_filehandle_t fd = -1;
  const auto now = about();
  if (!now || mdb_env_get_fd(env.get(), &fd) != 0 || disk_is_full(directory)) {
    prepared = used + step;
    return;
  }
  auto at = std::max(static_cast<std::uint64_t>(now->st_size), used);
  const auto end = used + low_water + step;
  while (at < end) {
    const auto size = std::min<std::uint64_t>(zeros.size(), end - at);
    const auto written = ::pwrite(fd, zeros.data(), size, static_cast<off_t>(at));
    if (written <= 0)
      break;
    at += static_cast<std::uint64_t>(written);
  }
  prepared = std::max(at, used + step); // After a failure it is tried again a step later.
}

class lmdb_snapshot final : public reader {
public:
  lmdb_snapshot(std::shared_ptr<const open_file> in, txn t)
      : in_(std::move(in)), txn_(std::move(t)) {}

  result<std::optional<std::string_view>> get(table t, std::string_view key) const override {
    return get_row(txn_.get(), dbi(t), key);
  }
  result<void> scan(table t, std::string_view from, const row_visitor& visit) const override {
    return scan_rows(txn_.get(), dbi(t), from, visit);
  }
  result<void> scan_back(table t, std::string_view below, const row_visitor& visit) const override {
    return scan_rows_back(txn_.get(), dbi(t), below, visit);
  }
  result<std::optional<std::string_view>> last_key(table t) const override {
    return last_row_key(txn_.get(), dbi(t));
  }
  result<std::uint64_t> count(table t) const override { return count_rows(txn_.get(), dbi(t)); }

private:
  [[nodiscard]] MDB_dbi dbi(table t) const { return in_->dbis[static_cast<std::size_t>(t)]; }

  const std::shared_ptr<const open_file> in_; ///< Ends after the transaction.
  txn txn_;
};

class lmdb_write final : public write_transaction {
public:
  lmdb_write(std::shared_ptr<const open_file> in, txn t) : in_(std::move(in)), txn_(std::move(t)) {}

  result<std::optional<std::string_view>> get(table t, std::string_view key) const override {
    if (!txn_)
      return ended();
    return get_row(txn_.get(), dbi(t), key);
  }
  result<void> scan(table t, std::string_view from, const row_visitor& visit) const override {
    if (!txn_)
      return ended();
    return scan_rows(txn_.get(), dbi(t), from, visit);
  }
  result<void> scan_back(table t, std::string_view below, const row_visitor& visit) const override {
    if (!txn_)
      return ended();
    return scan_rows_back(txn_.get(), dbi(t), below, visit);
  }
  result<std::optional<std::string_view>> last_key(table t) const override {
    if (!txn_)
      return ended();
    return last_row_key(txn_.get(), dbi(t));
  }
  result<std::uint64_t> count(table t) const override {
    if (!txn_)
      return ended();
    return count_rows(txn_.get(), dbi(t));
  }
  result<void> put(table t, std::string_view key, std::string_view value) override {
    return write(t, key, value, 0);
  }
  result<void> append(table t, std::string_view key, std::string_view value) override {
    return write(t, key, value, MDB_APPEND);
  }
  result<bool> del(table t, std::string_view key) override {
    if (!txn_)
      return ended();
    auto k = val_of(key);
    const int code = mdb_del(txn_.get(), dbi(t), &k, nullptr);
    if (code == MDB_NOTFOUND)
      return false;
    if (code != 0)
      return failed(code, "delete");
    return true;
  }
  result<front_deleted> del_front(table t, std::string_view last, front_limit limit) override {
    if (!txn_)
      return ended();
    front_deleted out;
    std::size_t bytes = 0;
    {
      auto c = open_cursor(txn_.get(), dbi(t));
      if (!c)
        return c.failure();
      MDB_val k{};
      MDB_val v{};
      int code = mdb_cursor_get(c->get(), &k, &v, MDB_FIRST);
      while (code == 0 && view_of(k) <= last) {
        if (out.more = out.rows >= limit.rows || bytes >= limit.bytes; out.more)
          break;
        bytes += v.mv_size;
        if (code = mdb_cursor_del(c->get(), 0); code != 0)
          break;
        ++out.rows;
        code = mdb_cursor_get(c->get(), &k, &v, MDB_NEXT);
      }
      if (code == 0 || code == MDB_NOTFOUND)
        return out;
      c->reset();
      return failed(code, "delete");
    }
  }
  result<void> commit() override {
    if (!txn_)
      return ended();
    // LMDB frees the transaction whatever comes out.
    int code = mdb_txn_commit(txn_.release());
    if (code == EIO && disk_is_full(in_->directory))
      code = ENOSPC;
    if (code != 0)
      return failure(code, "commit");
    return {};
  }

private:
  [[nodiscard]] MDB_dbi dbi(table t) const { return in_->dbis[static_cast<std::size_t>(t)]; }

  static tl::unexpected<error> ended() {
    return fail({error_kind::invalid, where, "the transaction has ended"});
  }
  /// A failed write leaves the transaction unusable.
  tl::unexpected<error> failed(int code, std::string_view doing) {
    txn_.reset();
    return failure(code, doing);
  }
  result<void> write(table t, std::string_view key, std::string_view value, unsigned flags) {
    if (!txn_)
      return ended();
    auto k = val_of(key);
    auto v = val_of(value);
    const int code = mdb_put(txn_.get(), dbi(t), &k, &v, flags);
    if (code == 0)
      return {};
    txn_.reset();
    if (code == MDB_KEYEXIST)
      return fail({error_kind::invalid, where, "append below the last key"});
    return failure(code, "put");
  }

  const std::shared_ptr<const open_file> in_; ///< Ends after the transaction.
  txn txn_;
};

result<environment> open_environment(const std::string& directory, std::uint64_t map_size,
                                     bool read_only) {
  for (;;) {
    MDB_env* raw = nullptr;
    if (const int code = mdb_env_create(&raw); code != 0)
      return failure(code, "environment");
    environment env(raw);
    mdb_env_set_maxdbs(raw, 2 * table_count);
    mdb_env_set_maxreaders(raw, readers_max);
    // A reader takes the size that the writer has noted in the file.
    if (!read_only)
      mdb_env_set_mapsize(raw, static_cast<std::size_t>(map_size));
    // Read transactions belong to no thread, and rows are read one here, one there.
    const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (read_only ? MDB_RDONLY : 0U);
    const int code = mdb_env_open(raw, directory.c_str(), flags, 0600);
    if (code == 0)
      return env;
    if (code != ENOMEM || map_size <= map_size_min)
      return failure(code, "the journal in '" + directory + "' cannot be opened");
    map_size /= 2;
  }
}

/// Waits until no other process reads under the id that is ours.
result<void> claim_id(MDB_env* env, std::int64_t wait_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
  for (bool told = false;; told = true) {
    const auto claimed = begin(env, MDB_RDONLY); // The claim lasts as long as the environment.
    if (claimed || claimed.error().where != reader_id_taken ||
        std::chrono::steady_clock::now() >= until)
      return claimed ? result<void>() : claimed.failure();
    if (!told)
      log::warn("journal_reader_id_taken", {{"message", claimed.error().message}});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

/// Whether the table of readers has places under our id, of which we have none: their process died
/// without leaving them. LMDB takes them for ours and would keep the pages that they saw for ever.
/// (In a container every run of the hub has the same id.)
bool has_stale_places(MDB_env* env) {
  bool found = false;
  const auto look = [](const char* line, void* to) { // "     pid     thread     txnid\n"
    *static_cast<bool*>(to) |= std::strtol(line, nullptr, 10) == ::getpid();
    return 0;
  };
  return mdb_reader_list(env, look, &found) >= 0 && found;
}

/// Refuses a journal of a newer format before anything is written. True: there is one.
result<bool> check_format(MDB_env* env) {
  auto t = begin(env, MDB_RDONLY);
  if (!t)
    return t.failure();
  MDB_dbi dbi = 0;
  const int code = mdb_dbi_open(t->get(), std::string(name_of(table::mt)).c_str(), 0, &dbi);
  if (code == MDB_NOTFOUND)
    return false;
  if (code != 0)
    return failure(code, "format");
  auto row = get_row(t->get(), dbi, meta_key::format);
  if (!row)
    return row.failure();
  if (!*row)
    return false;
  if (auto version = decode_format(**row); !version)
    return version.failure();
  return true;
}

/// A directory that cannot be written to, as a volume that is mounted so for a backup: LMDB then
/// reads without a place in the table of readers, and a hub would write over pages that are being
/// read. So no hub may run, nor start meanwhile.
result<file> keep_hubs_out(const std::string& directory) {
  if (::access(directory.c_str(), W_OK) == 0 || errno != EROFS)
    return file();
  file lock(::open((directory + "/orderhub.lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0)
    return fail({error_kind::unavailable, where,
                 "'" + directory + "' is mounted read-only here, and a hub runs on it: a reader " +
                     "that cannot register is not safe beside it; mount it writable"});
  return lock;
}

result<void> open_tables(MDB_env* env, bool read_only, handles& dbis) {
  auto t = begin(env, read_only ? MDB_RDONLY : 0);
  if (!t)
    return t.failure();
  for (std::size_t i = 0; i < table_count; ++i) {
    const std::string name(name_of(static_cast<table>(i)));
    if (const int code = mdb_dbi_open(t->get(), name.c_str(), read_only ? 0 : MDB_CREATE, &dbis[i]);
        code != 0)
      return failure(code, "table " + name);
  }
  if (const int code = mdb_txn_commit(t->release()); code != 0)
    return failure(code, "tables");
  return {};
}

/// Copies the tables into an empty file, and says so when it is certain that the transaction which
/// reads them has begun: LMDB tells nobody, but the first byte comes after that.
int copy_pages(MDB_env* env, int fd, const std::function<void()>& begun) {
  int code = 0;
  std::atomic<bool> ended{false};
  {
    const std::jthread copying([&] {
      code = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
      ended = true;
    });
    struct stat s{};
    while (!ended && ::fstat(fd, &s) == 0 && s.st_size == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (begun)
      begun();
  }
  return code;
}

/// What `finish` writes into a copy that nobody else knows of yet.
result<void> finish_copy(const std::string& path,
                         const std::function<result<void>(write_transaction&)>& finish) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0)
    return failure(code, "environment");
  const auto copied = std::make_shared<open_file>();
  copied->env = environment(raw);
  copied->directory = path;
  mdb_env_set_maxdbs(raw, 2 * table_count);
  if (const int code = mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600); code != 0)
    return failure(code, "the copy '" + path + "'");
  if (auto opened = open_tables(raw, false, copied->dbis); !opened)
    return opened;
  auto t = begin(raw, 0);
  if (!t)
    return t.failure();
  lmdb_write copy(copied, std::move(*t));
  if (auto done = finish(copy); !done)
    return done;
  return copy.commit();
}

/// A line of each reading transaction that is open.
std::vector<std::string> open_readers(MDB_env* env) {
  // LMDB gives them as text: a head, then process, thread and transaction, `-` where there is none.
  std::vector<std::string> lines;
  const auto add = [](const char* line, void* to) {
    static_cast<std::vector<std::string>*>(to)->emplace_back(line);
    return 0;
  };
  mdb_reader_list(env, add, &lines);
  if (!lines.empty())
    lines.erase(lines.begin());
  std::erase_if(lines, [](const std::string& l) { return l.find('-') != std::string::npos; });
  return lines;
}

/// Where a copy is made that is to take the file's place, in the data directory.
std::string beside_of(const std::string& directory) {
  return directory + "/compacted";
}

/// What is left of a copy that was not finished.
void remove_beside(const std::string& directory) {
  const auto beside = beside_of(directory);
  for (const auto* name : {"/data.mdb", "/data.mdb.partial", "/lock.mdb"})
    ::unlink((beside + name).c_str());
  ::rmdir(beside.c_str());
}

/// Whether the table of readers is that of the data file: it says which transaction was the newest,
/// and LMDB believes it for as long as any process has it open. It is not where a copy has taken
/// the file's place and the process ended before the copy's lock file had its name.
result<bool> has_its_readers(MDB_env* env) {
  MDB_envinfo before{};
  MDB_envinfo after{};
  if (const int code = mdb_env_info(env, &before); code != 0)
    return failure(code, "info");
  auto t = begin(env, MDB_RDONLY);
  if (!t)
    return t.failure();
  const auto newest = mdb_txn_id(t->get());
  if (const int code = mdb_env_info(env, &after); code != 0)
    return failure(code, "info");
  // A commit is in the file a moment before the table has it.
  return before.me_last_txnid <= newest + 1 && newest <= after.me_last_txnid;
}

bool is_at(const open_file& in, const std::string& path) {
  struct stat s{};
  const auto about = in.about();
  return about && ::stat(path.c_str(), &s) == 0 && s.st_ino == about->st_ino &&
         s.st_dev == about->st_dev;
}

/// For the one process that has the directory's lock.
result<environment> open_to_write(const std::string& directory, const lmdb_options& options) {
  auto env = open_environment(directory, options.map_size, false);
  if (!env)
    return env;
  if (auto claimed = claim_id(env->get(), options.id_wait_ms); !claimed)
    return claimed.failure();
  if (has_stale_places(env->get())) {
    // Closing it gives back every place under our id.
    log::warn("journal_stale_readers_cleared", {{"own_id", true}});
    env->reset();
    if (env = open_environment(directory, options.map_size, false); !env)
      return env;
  }
  // The lock of a writer that died is mended by who takes it.
  if (auto mended = begin(env->get(), 0); !mended)
    return mended.failure();
  const auto fits = has_its_readers(env->get());
  if (!fits)
    return fits.failure();
  if (*fits)
    return env;
  // Whoever has it open reads the file of before, which nobody writes to, or refuses to read.
  log::warn("journal_lock_file_renewed", {});
  env->reset();
  ::unlink((directory + "/lock.mdb").c_str());
  return open_environment(directory, options.map_size, false);
}

/// Beside a hub, which may put a copy in the file's place just then.
result<environment> open_to_read(const std::string& directory, const lmdb_options& options) {
  constexpr int tries_max = 50;
  for (int tries = 1;; ++tries) {
    open_file in;
    auto env = open_environment(directory, options.map_size, true);
    if (!env)
      return env;
    in.env = std::move(*env);
    if (auto claimed = claim_id(in.env.get(), 0); !claimed)
      return claimed.failure();
    const auto fits = has_its_readers(in.env.get());
    if (!fits)
      return fits.failure();
    if (*fits && is_at(in, directory + "/data.mdb"))
      return std::move(in.env);
    if (tries == tries_max)
      return fail({error_kind::unavailable, where,
                   "the journal in '" + directory +
                       "' is being compacted, or a hub was ended in the midst of that; try again, "
                       "or start the hub"});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

/// Both hold as many rows in each table, and the same checkpoint.
result<void> compare(const open_file& copy, const open_file& with) {
  auto a = begin(copy.env.get(), MDB_RDONLY);
  if (!a)
    return a.failure();
  auto b = begin(with.env.get(), MDB_RDONLY);
  if (!b)
    return b.failure();
  bool is_same = true;
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto in_copy = count_rows(a->get(), copy.dbis[i]);
    const auto in_file = count_rows(b->get(), with.dbis[i]);
    if (!in_copy || !in_file)
      return in_copy ? in_file.failure() : in_copy.failure();
    is_same = is_same && *in_copy == *in_file;
  }
  constexpr auto mt = static_cast<std::size_t>(table::mt);
  const auto in_copy = get_row(a->get(), copy.dbis[mt], meta_key::checkpoint);
  const auto in_file = get_row(b->get(), with.dbis[mt], meta_key::checkpoint);
  if (!in_copy || !in_file)
    return in_copy ? in_file.failure() : in_copy.failure();
  if (is_same && *in_copy == *in_file)
    return {};
  return fail({error_kind::corrupt, where,
               "the copy has not what the tables have; run `orderhub journal verify`"});
}

} // namespace

struct lmdb_store::impl {
  file lock; ///< Released last.
  std::string directory;
  lmdb_options options;
  std::shared_ptr<open_file> open;             ///< Set by the writer, with the mutex.
  mutable std::mutex open_mutex;               ///< Guards the one before.
  bool names_wait = false;                     ///< See `finish_names`. The writer's.
  std::mutex readers_mutex;                    ///< Guards the next one.
  std::map<std::string, std::int64_t> readers; ///< LMDB's lines of them, and since when.

  [[nodiscard]] std::shared_ptr<open_file> now() const {
    const std::lock_guard guard(open_mutex);
    return open;
  }
  [[nodiscard]] result<void> finish_names();
};

/// A copy has the data file's name, and is to have that of its lock file too, on disk. Nothing is
/// written before: a power cut might take the copy's name away, and what was written with it.
result<void> lmdb_store::impl::finish_names() {
  const auto fresh = beside_of(directory) + "/lock.mdb";
  const auto name = directory + "/lock.mdb";
  if (std::rename(fresh.c_str(), name.c_str()) != 0 && errno != ENOENT)
    return failure(errno, "'" + name + "' cannot be replaced");
  const file f(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!f || ::fsync(f.get()) != 0)
    return failure(errno, "'" + directory + "' cannot be synced");
  names_wait = false;
  remove_beside(directory);
  return {};
}

// ── A copy that takes the file's place ───────────────────────────────────────────────────────

class lmdb_store::lmdb_copy final : public table_copy {
public:
  explicit lmdb_copy(impl& of) : of_(of), from_(of.now()), thread_([this] { make(); }) {}
  ~lmdb_copy() override {
    stopped_ = true;
    thread_.join();
    made_.reset();
    if (!is_taken_)
      remove_beside(of_.directory);
  }

  result<bool> is_whole() const override {
    if (!ended_)
      return false;
    if (failed_)
      return fail(*failed_);
    return true;
  }
  std::uint64_t size() const override { return size_; }
  std::uint64_t replaces_bytes() const override {
    const auto about = from_->about();
    return about ? static_cast<std::uint64_t>(about->st_size) : 0;
  }
  result<void> take_place() override;

private:
  void make();
  [[nodiscard]] result<void> copy_file(const std::string& path);
  [[nodiscard]] result<void> take_pages(int from, int to);
  [[nodiscard]] result<void> open_it();

  impl& of_;
  const std::shared_ptr<const open_file> from_;
  bool is_taken_ = false;
  std::atomic<bool> stopped_{false}, ended_{false};
  std::atomic<std::uint64_t> size_{0};
  // The thread's until it has ended:
  std::optional<error> failed_;
  std::shared_ptr<open_file> made_;
  std::jthread thread_;
};

void lmdb_store::lmdb_copy::make() {
  nice_thread().enter();
  const auto beside = beside_of(of_.directory);
  remove_beside(of_.directory);
  auto done = make_directory(beside);
  if (done)
    done = copy_file(beside + "/data.mdb");
  if (done)
    done = open_it();
  if (!done)
    failed_ = std::move(done).error();
  ended_ = true;
}

/// LMDB writes to a pipe: what reads it can end it, looks after the disk's room, and syncs in
/// pieces, so that commits beside it never wait for all of it.
result<void> lmdb_store::lmdb_copy::copy_file(const std::string& path) {
  const file to(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!to)
    return failure(errno, "'" + path + "' cannot be created");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return failure(errno, "pipe");
  int code = 0;
  auto taken = result<void>();
  {
    file out(ends[0]);
    const std::jthread copying([&, in = file(ends[1])]() mutable {
      code = mdb_env_copyfd2(from_->env.get(), in.get(), MDB_CP_COMPACT);
      in = file(); // The end, for who reads.
    });
    taken = take_pages(out.get(), to.get());
    out = file(); // Where it was ended, LMDB finds nobody who reads.
  }
  if (!taken)
    return taken;
  if (code != 0)
    return failure(code, "copy to '" + path + "'");
  if (::fsync(to.get()) != 0)
    return failure(errno, "'" + path + "' cannot be synced");
  return {};
}

result<void> lmdb_store::lmdb_copy::take_pages(int from, int to) {
  constexpr std::size_t piece = 256U << 10U;
  constexpr std::uint64_t synced_each = 8U << 20U;
  const auto lowest = of_.options.room_lowest;
  std::string buffer(piece, '\0');
  std::uint64_t synced = 0;
  while (!stopped_) {
    const auto got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failure(errno, "pipe");
    if (got == 0)
      return {};
    for (std::string_view rest(buffer.data(), static_cast<std::size_t>(got)); !rest.empty();) {
      const auto written = ::write(to, rest.data(), rest.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return failure(written < 0 ? errno : EIO, "write of the copy");
      rest.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::uint64_t>(written);
    }
    if (size_ - synced < synced_each)
      continue;
    synced = size_;
    if (::fdatasync(to) != 0)
      return failure(errno, "sync of the copy");
    if (room_in(of_.directory).value_or(lowest) < lowest)
      return fail({error_kind::full, where, "the disk has no room for more of the copy"});
  }
  return fail({error_kind::unavailable, where, "the copy was ended"});
}

/// With a lock file of its own, which no other process knows of yet.
result<void> lmdb_store::lmdb_copy::open_it() {
  auto env = open_environment(beside_of(of_.directory), of_.options.map_size, false);
  if (!env)
    return env.failure();
  auto copy = std::make_shared<open_file>();
  copy->env = std::move(*env);
  copy->directory = of_.directory;
  if (auto claimed = claim_id(copy->env.get(), 0); !claimed)
    return claimed;
  if (auto opened = open_tables(copy->env.get(), false, copy->dbis); !opened)
    return opened;
  if (auto same = compare(*copy, *from_); !same)
    return same;
  made_ = std::move(copy);
  return {};
}

// The data file first: who opens both opens it first, and so never has the new file with the lock
// file of the old one, but in between, which `has_its_readers` tells.
result<void> lmdb_store::lmdb_copy::take_place() {
  if (auto whole = is_whole(); !whole || !*whole || is_taken_)
    return whole ? fail({error_kind::invalid, where, "there is no whole copy"}) : whole.failure();
  if (auto same = compare(*made_, *from_); !same)
    return same;
  const auto fresh = beside_of(of_.directory) + "/data.mdb";
  const auto name = of_.directory + "/data.mdb";
  if (std::rename(fresh.c_str(), name.c_str()) != 0)
    return failure(errno, "'" + name + "' cannot be replaced");
  is_taken_ = true;
  of_.names_wait = true;
  if (auto named = of_.finish_names(); !named)
    log::error("journal_copy_not_synced", {{"reason", named.error().message}});
  const std::lock_guard guard(of_.open_mutex);
  of_.open = made_;
  return {};
}

// ── The store ────────────────────────────────────────────────────────────────────────────────

lmdb_store::lmdb_store(std::unique_ptr<impl> p) : impl_(std::move(p)) {}
lmdb_store::~lmdb_store() = default;

result<std::unique_ptr<lmdb_store>> lmdb_store::open(const std::string& directory,
                                                     lmdb_options options) {
  auto p = std::make_unique<impl>();
  if (options.read_only) {
    if (::access((directory + "/data.mdb").c_str(), F_OK) != 0)
      return fail({error_kind::invalid, where, "there is no journal in '" + directory + "'"});
  } else {
    if (auto made = make_directory(directory); !made)
      return made.failure();
    auto lock = take_lock(directory);
    if (!lock)
      return lock.failure();
    p->lock = std::move(*lock);
  }
  if (options.read_only) {
    auto lock = keep_hubs_out(directory);
    if (!lock)
      return lock.failure();
    p->lock = std::move(*lock);
  }
  auto opened = std::make_shared<open_file>();
  opened->directory = p->directory = directory;
  p->options = options;
  if (!options.read_only)
    remove_beside(directory);
  auto env =
      options.read_only ? open_to_read(directory, options) : open_to_write(directory, options);
  if (!env)
    return env.failure();
  opened->env = std::move(*env);

  auto present = check_format(opened->env.get());
  if (!present)
    return present.failure();
  if (options.read_only && !*present)
    return fail({error_kind::invalid, where, "there is no journal in '" + directory + "'"});
  if (!options.read_only) {
    int stale = 0;
    if (mdb_reader_check(opened->env.get(), &stale) == 0 && stale > 0)
      log::warn("journal_stale_readers_cleared", {{"count", stale}});
  }

  if (auto tables = open_tables(opened->env.get(), options.read_only, opened->dbis); !tables)
    return tables.failure();
  if (!*present)
    sync_directory(directory);
  p->open = std::move(opened);
  return std::unique_ptr<lmdb_store>(new lmdb_store(std::move(p)));
}

result<std::unique_ptr<write_transaction>> lmdb_store::begin_write(bool sync) {
  if (impl_->names_wait)
    if (auto named = impl_->finish_names(); !named)
      return named.failure();
  const auto open = impl_->now();
  open->prepare_room();
  // The flag belongs to the environment; there is one writer, and it sets it before each begin.
  if (const int code = mdb_env_set_flags(open->env.get(), MDB_NOSYNC, sync ? 0 : 1); code != 0)
    return failure(code, "sync mode");
  auto t = begin(open->env.get(), 0);
  if (!t)
    return t.failure();
  return std::unique_ptr<write_transaction>(std::make_unique<lmdb_write>(open, std::move(*t)));
}

result<std::unique_ptr<reader>> lmdb_store::read() const {
  auto open = impl_->now();
  auto t = begin(open->env.get(), MDB_RDONLY);
  if (!t)
    return t.failure();
  return std::unique_ptr<reader>(std::make_unique<lmdb_snapshot>(std::move(open), std::move(*t)));
}

result<std::unique_ptr<table_copy>> lmdb_store::begin_copy() {
  if (impl_->options.read_only)
    return fail({error_kind::invalid, where, "the journal is open to be read only"});
  if (impl_->names_wait)
    if (auto named = impl_->finish_names(); !named)
      return named.failure();
  const auto needed = room_for_copy();
  if (!needed)
    return needed.failure();
  if (const auto room = room_in(impl_->directory); room && *room < *needed)
    return fail({error_kind::full, where,
                 "there are " + std::to_string(*room) + " bytes free on the journal's disk and " +
                     std::to_string(*needed) + " are needed"});
  return std::unique_ptr<table_copy>(std::make_unique<lmdb_copy>(*impl_));
}

result<std::uint64_t> lmdb_store::room_for_copy() const {
  const auto known = figures();
  if (!known)
    return known.failure();
  constexpr std::uint64_t share = 8;
  return known->live_bytes + std::max(known->live_bytes / share, impl_->options.room_beside);
}

bool lmdb_store::is_current() const {
  return is_at(*impl_->now(), impl_->directory + "/data.mdb");
}

result<void>
lmdb_store::copy_to(const std::string& directory, const std::function<void()>& begun,
                    const std::function<result<void>(write_transaction& copy)>& finish) const {
  if (auto made = make_directory(directory); !made)
    return made;
  const auto path = directory + "/data.mdb";
  const auto partial = path + ".partial";
  if (::access(path.c_str(), F_OK) == 0)
    return fail({error_kind::invalid, where, "'" + directory + "' already holds a journal"});
  file f(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!f)
    return failure(errno, "'" + partial + "' cannot be created");
  int code = copy_pages(impl_->now()->env.get(), f.get(), begun);
  if (code == 0 && finish)
    if (auto done = finish_copy(partial, finish); !done) {
      ::unlink(partial.c_str());
      return done;
    }
  if (code == 0 && ::fsync(f.get()) != 0)
    code = errno;
  // The name appears only when the copy is whole.
  if (code == 0 && ::rename(partial.c_str(), path.c_str()) != 0)
    code = errno;
  if (code != 0) {
    ::unlink(partial.c_str());
    return failure(code, "copy to '" + directory + "'");
  }
  sync_directory(directory);
  return {};
}

std::uint64_t lmdb_store::used_bytes() const {
  return impl_->now()->used_bytes();
}

result<store_figures> lmdb_store::figures() const {
  const auto open = impl_->now();
  store_figures out;
  out.readers = static_cast<std::uint32_t>(open_readers(open->env.get()).size());
  out.used_bytes = open->used_bytes();
  if (const auto about = open->about())
    out.file_bytes = static_cast<std::uint64_t>(about->st_size);
  auto t = begin(open->env.get(), MDB_RDONLY);
  if (!t)
    return t.failure();
  constexpr std::uint64_t head_pages = 2;
  constexpr MDB_dbi names = 1; // The table of the tables.
  MDB_stat s{};
  std::uint64_t pages = head_pages;
  const auto add = [&](MDB_dbi dbi) {
    const int code = mdb_stat(t->get(), dbi, &s);
    pages += s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages;
    return code;
  };
  int code = add(names);
  for (std::size_t i = 0; code == 0 && i < table_count; ++i)
    code = add(open->dbis[i]);
  if (code != 0)
    return failure(code, "stat");
  out.live_bytes = pages * s.ms_psize;
  return out;
}

std::int64_t lmdb_store::oldest_reader_ms(std::int64_t now) const {
  auto lines = open_readers(impl_->now()->env.get());
  const std::lock_guard lock(impl_->readers_mutex);
  std::map<std::string, std::int64_t> open;
  std::int64_t oldest = 0;
  for (auto& line : lines) {
    const auto before = impl_->readers.find(line);
    const auto since = before == impl_->readers.end() ? now : before->second;
    oldest = std::max(oldest, now - since);
    open.emplace(std::move(line), since);
  }
  impl_->readers = std::move(open);
  return oldest;
}

} // namespace orderhub::journal
