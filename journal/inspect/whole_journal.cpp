#include "journal/inspect/whole_journal.hpp"

#include "journal/commit_log/file_log_directory.hpp"
#include "journal/key.hpp"
#include "journal/restored.hpp"

#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

namespace orderhub::journal {

namespace {

/// Beside a hub that goes from one segment to the next a reader may see a batch and not the one
/// before it; a moment later it sees both.
constexpr int tries_max = 5;
constexpr auto between_tries = std::chrono::milliseconds(20);

/// The tables, and from then on no segment of the log is used again. Before that a hub may have put
/// a compacted file in the place of the one that was opened, and folded into that what is then
/// missing here: so it is opened once more.
result<std::unique_ptr<lmdb_store>> open_held(const std::string& directory,
                                              const file_log_directory& files, result<file>& hold) {
  for (int tries = 1;; ++tries) {
    auto tables = lmdb_store::open(directory, {.read_only = true});
    if (!tables)
      return tables;
    hold = files.hold();
    if ((*tables)->is_current() || tries == tries_max)
      return tables;
    hold = file();
  }
}

/// What the commit log has behind these rows.
result<found_log> log_behind(const reader& rows, log_directory& directory) {
  auto format_row = rows.get(table::mt, meta_key::format);
  if (!format_row)
    return format_row.failure();
  auto id_row = rows.get(table::mt, meta_key::log);
  if (!id_row)
    return id_row.failure();
  if (!*format_row || !*id_row) // It has none yet, or verify tells what is wrong.
    return found_log{};
  auto format = decode_format(**format_row);
  if (!format)
    return format.failure();
  auto id = decode_log_id(**id_row);
  if (!id)
    return id.failure();
  auto last = last_lsn_of(rows);
  if (!last)
    return last.failure();
  for (int tries = 1;; ++tries) {
    auto found = read_log(directory, *id, *last);
    if (found && found->segments.empty() && *format != format_of_tables)
      return fail({error_kind::corrupt, "journal.commit_log",
                   "the directory `log` is missing, or empty; put it back, or restore a backup"});
    if (found || tries == tries_max)
      return found;
    std::this_thread::sleep_for(between_tries);
  }
}

/// As a journal without a commit log: what that had is in the log's table.
result<void> make_whole(write_transaction& copy, const found_log& log) {
  auto mark = copy.get(table::mt, meta_key::checkpoint);
  if (!mark)
    return mark.failure();
  if (*mark) {
    auto checkpoint = decode_checkpoint(**mark);
    if (!checkpoint)
      return checkpoint.failure();
    // Left from before it had a commit log: the table's rows are to go on without a gap.
    constexpr auto all = std::numeric_limits<std::size_t>::max();
    if (auto done = copy.del_front(table::lg, log_key(checkpoint->lsn), {all, all}); !done)
      return done.failure();
  }
  auto last = last_lsn_of(copy);
  if (!last)
    return last.failure();
  for (const auto& b : log.batches) {
    if (b.first <= *last)
      continue;
    if (auto put = copy.append(table::lg, log_key(b.first), b.row); !put)
      return put;
    if (auto put = copy.put(table::mt, meta_key::boot, encode_boot(b.boot_id)); !put)
      return put;
  }
  if (auto gone = copy.del(table::mt, meta_key::log); !gone)
    return gone.failure();
  return copy.put(table::mt, meta_key::format, encode_format(format_of_tables));
}

} // namespace

class whole_journal::combined_rows final : public reader {
public:
  combined_rows(const reader& rows, const std::vector<commit_batch>& batches) : rows_(rows) {
    for (const auto& b : batches)
      log_.emplace(log_key(b.first), b.row);
  }

  result<std::optional<std::string_view>> get(table t, std::string_view key) const override {
    if (t == table::lg)
      if (const auto it = log_.find(key); it != log_.end())
        return std::optional(it->second);
    return rows_.get(t, key);
  }
  result<void> scan(table t, std::string_view from, const row_visitor& visit) const override {
    bool wants_more = true;
    auto done = rows_.scan(t, from, [&](auto key, auto value) {
      wants_more = visit(key, value);
      return wants_more;
    });
    if (!done || t != table::lg)
      return done;
    for (auto it = log_.lower_bound(from); wants_more && it != log_.end(); ++it)
      wants_more = visit(it->first, it->second);
    return {};
  }
  result<void> scan_back(table t, std::string_view below, const row_visitor& visit) const override {
    bool wants_more = true;
    if (t == table::lg)
      for (auto it = below.empty() ? log_.end() : log_.lower_bound(below);
           wants_more && it != log_.begin();) {
        --it;
        wants_more = visit(it->first, it->second);
      }
    return wants_more ? rows_.scan_back(t, below, visit) : result<void>();
  }
  result<std::optional<std::string_view>> last_key(table t) const override {
    if (t == table::lg && !log_.empty())
      return std::optional<std::string_view>(log_.rbegin()->first);
    return rows_.last_key(t);
  }
  result<std::uint64_t> count(table t) const override {
    auto counted = rows_.count(t);
    if (counted && t == table::lg)
      *counted += log_.size();
    return counted;
  }

private:
  const reader& rows_;
  std::map<std::string, std::string_view, std::less<>> log_;
};

whole_journal::whole_journal() = default;
whole_journal::~whole_journal() = default;

const reader& whole_journal::rows() const {
  return *rows_;
}

result<std::unique_ptr<whole_journal>> whole_journal::open(const std::string& directory) {
  file_log_directory files(directory);
  result<file> hold = file(); // From before the rows are chosen until the log is read.
  auto tables = open_held(directory, files, hold);
  if (!tables)
    return tables.failure();
  std::unique_ptr<whole_journal> out(new whole_journal);
  out->tables_ = std::move(*tables);
  auto rows = out->tables_->read();
  if (!rows)
    return rows.failure();
  out->table_rows_ = std::move(*rows);
  auto found = hold ? log_behind(*out->table_rows_, files) : result<found_log>(hold.failure());
  if (found)
    out->log_ = std::move(*found);
  else
    out->problem_ = std::move(found).error();
  out->rows_ = std::make_unique<combined_rows>(*out->table_rows_, out->log_.batches);
  return out;
}

namespace {

/// So that a disk is not filled for a copy that cannot become whole. Where the file system does not
/// say, it is tried.
result<void> room_for_copy(const lmdb_store& tables, const std::string& to) {
  const auto figures = tables.figures();
  if (!figures)
    return figures.failure();
  std::error_code failed;
  auto place = std::filesystem::absolute(to, failed).lexically_normal();
  while (!failed && !std::filesystem::exists(place, failed) && place.has_relative_path())
    place = place.parent_path();
  const auto space = std::filesystem::space(place, failed);
  if (failed || space.available >= figures->live_bytes)
    return {};
  return fail({error_kind::full, "journal.copy",
               "there are " + std::to_string(space.available) + " bytes free for '" + to +
                   "' and " + std::to_string(figures->live_bytes) +
                   " are needed; nothing was copied"});
}

} // namespace

result<void> copy_journal(const std::string& directory, const std::string& to, unix_ms now) {
  file_log_directory files(directory);
  // From before the tables' moment until the log is read, which is after it: so the log has all
  // that is not folded there, and all of which the rows already contain a part.
  result<file> hold = file();
  auto tables = open_held(directory, files, hold);
  if (!tables)
    return tables.failure();
  if (!hold)
    return hold.failure();
  if (auto has_room = room_for_copy(**tables, to); !has_room)
    return has_room;
  auto before = (*tables)->read();
  if (!before)
    return before.failure();
  auto log = result<found_log>(found_log{});
  const auto read_the_log = [&] {
    log = log_behind(**before, files);
    before->reset();
    *hold = file();
  };
  return (*tables)->copy_to(to, read_the_log, [&](write_transaction& copy) -> result<void> {
    if (!log)
      return log.failure();
    if (auto done = make_whole(copy, *log); !done)
      return done;
    return mark_copy(copy, now);
  });
}

} // namespace orderhub::journal
