#include "journal/inspect/tool.hpp"

#include "journal/base/random.hpp"
#include "journal/base/utc_text.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/data_directory.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/kept_copies.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/inspect/whole_journal.hpp"
#include "journal/key.hpp"
#include "journal/listing_index.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/restored.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::journal::tool {

namespace {

constexpr int as_it_should_be = 0;
constexpr int damage_found = 1;
constexpr int not_done = 2;
/// The child's last byte when it came to its end by itself.
constexpr char end_mark = '\x04';

/// A journal with its commit log, which is damage where it cannot be read.
result<std::unique_ptr<whole_journal>> open_whole(const std::string& directory) {
  auto journal = whole_journal::open(directory);
  if (journal && (*journal)->log_problem())
    return fail(*(*journal)->log_problem());
  return journal;
}

int say(std::ostream& out, const error& e) {
  if (e.where == reader_id_taken)
    return id_taken;
  out << "orderhub journal: " << e.message << '\n';
  return e.kind == error_kind::corrupt ? damage_found : not_done;
}

/// Whether this is a copy, and what it was restored from.
result<void> add_copies(nlohmann::ordered_json& j, const reader& rows) {
  auto copied = rows.get(table::mt, meta_key::copied);
  if (!copied)
    return copied.failure();
  if (*copied) {
    auto mark = decode_copy_mark(**copied);
    if (!mark)
      return mark.failure();
    j["copied_at"] = mark->made_at;
    j["copied_lsn"] = mark->last_lsn;
  }
  auto restored = rows.get(table::mt, meta_key::restored);
  if (!restored)
    return restored.failure();
  if (*restored) {
    auto all = decode_restorations(**restored);
    if (!all)
      return all.failure();
    for (const auto& r : *all)
      j["restored"].push_back({{"copied_at", r.copy.made_at},
                               {"copied_lsn", r.copy.last_lsn},
                               {"started_at", r.started_at}});
  }
  return {};
}

int verify_here(const std::string& directory, std::ostream& out, const listing_rules* lists) {
  auto journal = whole_journal::open(directory);
  if (!journal)
    return say(out, journal.error());
  auto report = verify_tables((*journal)->rows(), lists);
  if (const auto& problem = (*journal)->log_problem()) {
    ++report.problem_count;
    report.problems.push_back("the commit log: " + problem->message);
  }
  for (const auto& text : report.problems)
    out << "damaged: " << text << '\n';
  if (report.problem_count > report.problems.size())
    out << "damaged: " << report.problem_count - report.problems.size() << " more\n";
  for (const auto& text : report.set_aside)
    out << "set aside: " << text << '\n';
  if (report.set_aside_count > report.set_aside.size())
    out << "set aside: " << report.set_aside_count - report.set_aside.size() << " more\n";
  out << "verify:";
  for (std::size_t i = 0; i < table_count; ++i)
    out << ' ' << name_of(static_cast<table>(i)) << '=' << report.rows[i];
  out << " problems=" << report.problem_count << " set_aside=" << report.set_aside_count << '\n';
  return report.problem_count == 0 && report.set_aside_count == 0 ? as_it_should_be : damage_found;
}

/// What the parent expects of a child that meets a damaged page: no handler, no core of the map.
void die_quietly() {
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
    std::signal(number, SIG_DFL);
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

} // namespace

int verify(const std::string& directory, std::ostream& out, const listing_rules* lists) {
  int ends[2];
  if (::pipe(ends) != 0) {
    out << "orderhub journal: no pipe: " << std::strerror(errno) << '\n';
    return not_done;
  }
  out.flush();
  const auto child = ::fork();
  if (child < 0) {
    out << "orderhub journal: no process: " << std::strerror(errno) << '\n';
    ::close(ends[0]);
    ::close(ends[1]);
    return not_done;
  }
  if (child == 0) {
    ::close(ends[0]);
    die_quietly();
    std::ostringstream text;
    const int status = verify_here(directory, text, lists);
    write_all(ends[1], text.str() + end_mark);
    ::_exit(status);
  }
  ::close(ends[1]);
  auto text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const bool ended = !text.empty() && text.back() == end_mark;
  if (ended)
    text.pop_back();
  out << text;
  if (ended && WIFEXITED(status))
    return WEXITSTATUS(status);
  out << "damaged: the file's pages cannot be followed, the reader died";
  if (WIFSIGNALED(status))
    out << " by signal " << WTERMSIG(status);
  out << "; restore a backup\n";
  return damage_found;
}

int dump(const std::string& directory, const dump_options& options, std::ostream& out,
         std::ostream& errors) {
  auto journal = open_whole(directory);
  if (!journal)
    return say(errors, journal.error());
  const auto& rows = (*journal)->rows();
  if (auto done = journal::dump(rows, out, options); !done)
    return say(errors, done.error());
  out.flush();
  return out ? as_it_should_be : not_done;
}

int stats(const std::string& directory, std::ostream& out) {
  auto journal = open_whole(directory);
  if (!journal)
    return say(out, journal.error());
  const auto& rows = (*journal)->rows();
  nlohmann::ordered_json j;
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto t = static_cast<table>(i);
    auto count = rows.count(t);
    if (!count)
      return say(out, count.error());
    j["rows"][std::string(name_of(t))] = *count;
  }
  log_sequence first = 0;
  if (auto done = rows.scan(table::lg, {},
                            [&](auto key, auto) {
                              first = parse_log_key(key).value_or(0);
                              return false;
                            });
      !done)
    return say(out, done.error());
  auto last = last_lsn_of(rows);
  if (!last)
    return say(out, last.error());
  j["first_lsn"] = first;
  j["last_lsn"] = *last;
  auto mark = rows.get(table::mt, meta_key::checkpoint);
  if (!mark)
    return say(out, mark.error());
  if (*mark) {
    auto checkpoint = decode_checkpoint(**mark);
    if (!checkpoint)
      return say(out, checkpoint.error());
    j["checkpoint_lsn"] = checkpoint->lsn;
    j["checkpoint_time"] = checkpoint->last_time;
  }
  if (auto done = add_copies(j, rows); !done)
    return say(out, done.error());
  auto lists = listing_state_in(rows);
  if (!lists)
    return say(out, lists.error());
  if (*lists) {
    auto share = share_listed(rows, *lists);
    if (!share)
      return say(out, share.error());
    j["lists"] = {{"form", (*lists)->form},
                  {"indexing", *share ? nlohmann::ordered_json(**share) : nullptr},
                  {"counts", (*lists)->counts}};
  }
  j["file_bytes"] = (*journal)->tables().used_bytes();
  std::uint64_t log_bytes = 0;
  std::uint64_t in_use = 0;
  for (const auto& s : (*journal)->log().segments) {
    log_bytes += s->bytes.size();
    in_use += s->last != 0 ? 1 : 0;
  }
  j["log_segments"] = (*journal)->log().segments.size();
  j["log_segments_in_use"] = in_use;
  j["log_file_bytes"] = log_bytes;
  out << j.dump() << '\n';
  return as_it_should_be;
}

namespace {

/// Those that nobody keeps; the newest are first.
std::size_t remove_older(const std::string& directory, std::size_t keep) {
  std::size_t whole = 0, removed = 0;
  for (const auto& name : copy_folders_in(directory).names) {
    const auto folder = directory + '/' + name;
    std::error_code failed;
    if (!std::filesystem::exists(folder + "/data.mdb", failed) || ++whole <= keep)
      continue;
    remove_copy(folder);
    ++removed;
  }
  return removed;
}

} // namespace

int backup(const std::string& directory, const std::string& given, unix_ms now, std::ostream& out,
           const backup_options& options) {
  const bool is_kept = options.keep > 0;
  if (is_kept)
    if (auto made = make_directory(given); !made)
      return say(out, made.error());
  const auto to = is_kept ? given + '/' + copy_folder_name(now) : given;
  if (auto done = copy_journal(directory, to, now); !done) {
    if (is_kept)
      remove_copy(to);
    return say(out, done.error());
  }
  if (options.verify) {
    const int found = verify(to, out, options.lists);
    std::error_code ignored;
    std::filesystem::remove(to + "/lock.mdb", ignored); // A backup is one file.
    if (found != as_it_should_be) {
      out << "orderhub journal: the copy in '" << to
          << "' is not as it should be; it stays there, and older ones too\n";
      return found;
    }
  }
  note_backup(directory, now);
  out << "backup: '" << directory << "' copied to '" << to << "'\n";
  if (is_kept)
    if (const auto removed = remove_older(given, options.keep); removed > 0)
      out << "backup: older copies removed: " << removed << '\n';
  return as_it_should_be;
}

namespace {

/// The mark of a copy; fails where the journal is none.
result<copy_mark> mark_in(const std::string& directory) {
  auto journal = open_whole(directory);
  if (!journal)
    return journal.failure();
  auto bytes = (*journal)->rows().get(table::mt, meta_key::copied);
  if (!bytes)
    return bytes.failure();
  if (!*bytes)
    return fail({error_kind::invalid, "journal.restore",
                 "'" + directory +
                     "' does not say that it is a copy, so a hub on it would not know what it has "
                     "forgotten; copies are made with `orderhub journal backup`"});
  return decode_copy_mark(**bytes);
}

bool is_free(const std::string& directory) {
  std::error_code failed;
  const auto about = std::filesystem::status(directory, failed);
  if (about.type() == std::filesystem::file_type::not_found)
    return true;
  return std::filesystem::is_directory(about) && std::filesystem::is_empty(directory, failed) &&
         !failed;
}

constexpr std::string_view first_start =
    "At its first start there a hub\n"
    "  knows nothing of what was accepted after that: orders that are sent again are charged and\n"
    "    shipped under their old keys, so that the vendors say what they have of them\n"
    "  takes each call that was open for one that may have left, and finds out by its own rule\n"
    "  looks in Shippo's list before it buys a label, as far back as the copy\n"
    "  notes since when (restored_from_copy in its log, restored in `journal stats`)\n"
    "No other hub may run on this journal or on another copy of it.\n";

} // namespace

int restore(const std::string& from, const std::string& to, bool only_looks,
            const listing_rules* lists, std::ostream& out) {
  if (!is_free(to)) {
    out << "orderhub journal: '" << to
        << "' is there and not an empty directory; nothing was copied\n";
    return not_done;
  }
  const auto mark = mark_in(from); // Closed again before `verify` forks.
  if (!mark)
    return say(out, mark.error());
  std::ostringstream seen;
  if (const int status = verify(from, seen, lists); status != as_it_should_be) {
    if (status != id_taken)
      out << seen.str() << "orderhub journal: '" << from << "' is damaged; nothing was copied\n";
    return status;
  }
  if (!only_looks)
    if (auto done = copy_journal(from, to, mark->made_at); !done)
      return say(out, done.error());
  out << seen.str() << "restore: '" << from << "', a copy of " << utc_text(mark->made_at)
      << " up to LSN " << mark->last_lsn
      << (only_looks ? ", can be copied to '" : ", was copied to '") << to << "'\n"
      << first_start;
  return as_it_should_be;
}

namespace {

/// What was committed is in rows, and the log in the tables is trimmed.
result<void> fold_all(hub_journal& journal) {
  const auto now = journal.last_time();
  if (auto done = journal.checkpoint_now(now); !done)
    return done;
  constexpr int slices_max = 10'000'000;
  for (int n = 0; n < slices_max; ++n) {
    auto more = journal.maintain(now);
    if (!more)
      return more.failure();
    if (!*more)
      return {};
  }
  return {};
}

/// As a running hub does it, but that nothing is committed meanwhile.
result<compact_run> compact_all(hub_journal& journal) {
  using std::chrono::steady_clock;
  if (auto begun = journal.compact(); !begun)
    return begun.failure();
  const auto begin = steady_clock::now();
  for (;;) {
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    const auto more = journal.maintain(journal.last_time() + took.count());
    if (!more)
      return more.failure();
    const auto run = journal.compacted();
    if (run && run->stage == compact_stage::ended)
      return *run;
    if (!*more)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

} // namespace

int compact(const std::string& directory, const listing_rules* lists, std::ostream& out) {
  lmdb_options how; // No log grows beside the copy.
  how.room_beside = how.room_lowest = 1U << 20U;
  auto tables = lmdb_store::open(directory, how); // Which holds the lock until the end.
  if (!tables)
    return say(out, tables.error());
  auto files = file_log_directory::make(directory);
  if (!files)
    return say(out, files.error());
  journal_options options;
  options.lists = lists;
  system_random random;
  commit_log commits(**files);
  auto journal = hub_journal::open(**tables, options, random, &commits);
  if (!journal)
    return say(out, journal.error());
  if (auto done = fold_all(**journal); !done)
    return say(out, done.error());
  if (!(*files)->may_reuse()) {
    out << "orderhub journal: somebody copies '" << directory
        << "': nothing was taken out; try again "
        << "when that is over\n";
    return not_done;
  }
  const auto done = compact_all(**journal);
  if (!done)
    return say(out, done.error());
  if (!done->failed.empty()) {
    out << "orderhub journal: " << done->failed << '\n';
    return not_done;
  }
  out << "compact: data.mdb had " << done->before_bytes << " bytes and has " << done->after_bytes
      << ", segments of the log: " << commits.metrics().segments << ", all cleared\n";
  return as_it_should_be;
}

} // namespace orderhub::journal::tool
