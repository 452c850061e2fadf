#include "journal/lmdb_store.hpp"

#include "journal/base/log.hpp"
#include "journal/data_directory.hpp"
#include "journal/key.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
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

/// LMDB calls a write that the disk cut short an I/O error, as it does a broken disk.
bool disk_is_full(MDB_env* env) {
  constexpr std::uint64_t room_min = 1U << 20U;
  const char* path = nullptr;
  struct statvfs s{};
  return mdb_env_get_path(env, &path) == 0 && ::statvfs(path, &s) == 0 &&
         static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize < room_min;
}

class lmdb_snapshot final : public reader {
public:
  lmdb_snapshot(txn t, const handles& dbis) : txn_(std::move(t)), dbis_(dbis) {}

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
  [[nodiscard]] MDB_dbi dbi(table t) const { return dbis_[static_cast<std::size_t>(t)]; }

  txn txn_;
  const handles& dbis_;
};

class lmdb_write final : public write_transaction {
public:
  lmdb_write(txn t, const handles& dbis) : txn_(std::move(t)), dbis_(dbis) {}

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
    MDB_env* env = mdb_txn_env(txn_.get());
    // LMDB frees the transaction whatever comes out.
    int code = mdb_txn_commit(txn_.release());
    if (code == EIO && disk_is_full(env))
      code = ENOSPC;
    if (code != 0)
      return failure(code, "commit");
    return {};
  }

private:
  [[nodiscard]] MDB_dbi dbi(table t) const { return dbis_[static_cast<std::size_t>(t)]; }

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

  txn txn_;
  const handles& dbis_;
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
  const environment env(raw);
  mdb_env_set_maxdbs(raw, 2 * table_count);
  if (const int code = mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600); code != 0)
    return failure(code, "the copy '" + path + "'");
  handles dbis{};
  if (auto opened = open_tables(raw, false, dbis); !opened)
    return opened;
  auto t = begin(raw, 0);
  if (!t)
    return t.failure();
  lmdb_write copy(std::move(*t), dbis);
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

} // namespace

struct lmdb_store::impl {
  file lock; ///< Released last.
  environment env;
  handles dbis{};
  std::uint64_t prepared = 0;                  ///< The file has written blocks up to here.
  std::mutex readers_mutex;                    ///< Guards the next one.
  std::map<std::string, std::int64_t> readers; ///< LMDB's lines of them, and since when.

  [[nodiscard]] std::uint64_t used_bytes() const {
    MDB_envinfo info{};
    MDB_stat s{};
    if (mdb_env_info(env.get(), &info) != 0 || mdb_env_stat(env.get(), &s) != 0)
      return 0;
    return (static_cast<std::uint64_t>(info.me_last_pgno) + 1) * s.ms_psize;
  }
  void prepare_room();
};

// A sync of a file that grows writes its inode and extents too: twice the waits on the disk for
// each commit. So the file grows ahead of its use, by zeros that were really written. Only between
// transactions, and only past what LMDB has ever used or the file has ever held; what is lost in a
// crash was unused. Without room on the disk nothing is prepared, and LMDB finds that out itself.
void lmdb_store::impl::prepare_room() {
  constexpr std::uint64_t low_water = 512U << 10U;
  constexpr std::uint64_t step = 1U << 20U;
  static const std::string zeros(256U << 10U, '\0');
  const auto used = used_bytes();
  if (used + low_water <= prepared)
    return;
  mdb_filehandle_t fd = -1;
  struct stat s{};
  if (mdb_env_get_fd(env.get(), &fd) != 0 || ::fstat(fd, &s) != 0 || disk_is_full(env.get())) {
    prepared = used + step;
    return;
  }
  auto at = std::max(static_cast<std::uint64_t>(s.st_size), used);
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
  auto env = open_environment(directory, options.map_size, options.read_only);
  if (!env)
    return env.failure();
  p->env = std::move(*env);
  if (auto claimed = claim_id(p->env.get(), options.read_only ? 0 : options.id_wait_ms); !claimed)
    return claimed.failure();
  if (!options.read_only && has_stale_places(p->env.get())) {
    // Closing it gives back every place under our id.
    log::warn("journal_stale_readers_cleared", {{"own_id", true}});
    p->env.reset();
    env = open_environment(directory, options.map_size, false);
    if (!env)
      return env.failure();
    p->env = std::move(*env);
  }

  auto present = check_format(p->env.get());
  if (!present)
    return present.failure();
  if (options.read_only && !*present)
    return fail({error_kind::invalid, where, "there is no journal in '" + directory + "'"});
  if (!options.read_only) {
    int stale = 0;
    if (mdb_reader_check(p->env.get(), &stale) == 0 && stale > 0)
      log::warn("journal_stale_readers_cleared", {{"count", stale}});
  }

  if (auto opened = open_tables(p->env.get(), options.read_only, p->dbis); !opened)
    return opened.failure();
  if (!*present)
    sync_directory(directory);
  return std::unique_ptr<lmdb_store>(new lmdb_store(std::move(p)));
}

result<std::unique_ptr<write_transaction>> lmdb_store::begin_write(bool sync) {
  impl_->prepare_room();
  // The flag belongs to the environment; there is one writer, and it sets it before each begin.
  if (const int code = mdb_env_set_flags(impl_->env.get(), MDB_NOSYNC, sync ? 0 : 1); code != 0)
    return failure(code, "sync mode");
  auto t = begin(impl_->env.get(), 0);
  if (!t)
    return t.failure();
  return std::unique_ptr<write_transaction>(
      std::make_unique<lmdb_write>(std::move(*t), impl_->dbis));
}

result<std::unique_ptr<reader>> lmdb_store::read() const {
  auto t = begin(impl_->env.get(), MDB_RDONLY);
  if (!t)
    return t.failure();
  return std::unique_ptr<reader>(std::make_unique<lmdb_snapshot>(std::move(*t), impl_->dbis));
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
  int code = copy_pages(impl_->env.get(), f.get(), begun);
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
  return impl_->used_bytes();
}

result<store_figures> lmdb_store::figures() const {
  store_figures out;
  out.readers = static_cast<std::uint32_t>(open_readers(impl_->env.get()).size());
  out.used_bytes = used_bytes();
  mdb_filehandle_t fd = -1;
  struct stat about{};
  if (mdb_env_get_fd(impl_->env.get(), &fd) == 0 && ::fstat(fd, &about) == 0)
    out.file_bytes = static_cast<std::uint64_t>(about.st_size);
  auto t = begin(impl_->env.get(), MDB_RDONLY);
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
    code = add(impl_->dbis[i]);
  if (code != 0)
    return failure(code, "stat");
  out.live_bytes = pages * s.ms_psize;
  return out;
}

std::int64_t lmdb_store::oldest_reader_ms(std::int64_t now) const {
  auto lines = open_readers(impl_->env.get());
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
