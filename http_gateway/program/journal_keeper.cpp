#include "http_gateway/program/journal_keeper.hpp"

#include "http_gateway/program/child.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/base/utc_text.hpp"
#include "journal/data_directory.hpp"
#include "journal/inspect/kept_copies.hpp"
#include "journal/key.hpp"
#include "journal/store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>

namespace orderhub::http_gateway {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t log_files_max = 10'000;
/// The hub needs room on its own disk while a copy is made: pages that the copy sees are not used
/// again meanwhile, so the tables grow.
constexpr std::uint64_t room_least = 64ULL << 20U, room_lowest = 32ULL << 20U;
constexpr std::uint64_t room_share = 8;
constexpr std::int64_t copies_stale_ms = 10'000;

std::uint64_t free_on(const std::string& directory, std::uint64_t where_unknown = 0) {
  std::error_code failed;
  const auto space = fs::space(directory, failed);
  return failed ? where_unknown : space.available;
}

std::uint64_t size_of(const std::string& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  return failed ? 0 : size;
}

std::uint64_t size_of_files_in(const std::string& directory) {
  std::error_code failed;
  std::uint64_t sum = 0;
  std::size_t left = log_files_max;
  for (fs::directory_iterator it(directory, failed), end; !failed && it != end && left-- > 0;
       it.increment(failed))
    sum += size_of(it->path().string());
  return sum;
}

journal_control::copy copy_in(const std::string& directory, const std::string& name) {
  journal_control::copy c;
  c.name = name;
  const auto path = directory + '/' + name + "/data.mdb";
  struct stat about{};
  c.is_whole = ::stat(path.c_str(), &about) == 0;
  if (c.is_whole) {
    c.bytes = static_cast<std::uint64_t>(about.st_size);
    c.made_at = static_cast<unix_ms>(about.st_mtim.tv_sec) * 1'000 +
                static_cast<unix_ms>(about.st_mtim.tv_nsec) / 1'000'000;
  } else {
    c.bytes = size_of(path + ".partial");
  }
  return c;
}

/// Why the child did not do it: its last line, without the program's name before it.
std::string reason_in(const child_end& end) {
  std::string_view text = end.output;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  text.remove_prefix(text.find_last_of('\n') + 1); // npos + 1 is 0.
  constexpr std::string_view tool = "orderhub journal: ";
  if (text.starts_with(tool))
    text.remove_prefix(tool.size());
  constexpr std::size_t shown_max = 500;
  std::string reason(cut_text(text, shown_max));
  if (reason.empty() || has_control_character(reason))
    reason = "it ended with status " + std::to_string(end.status);
  return reason;
}

} // namespace

journal_keeper::journal_keeper(options how, const journal::lmdb_store& tables,
                               journal::hub_journal& journal, const clock& time)
    : options_(std::move(how)), tables_(tables), journal_(journal), time_(time),
      lane_(std::make_unique<action_lane>()) {
  if (!options_.backup_dir.empty())
    lane_->add([this] { look_at_copies(); });
}

journal_keeper::~journal_keeper() {
  stop();
}

void journal_keeper::stop() {
  stopping_ = true;
  if (lane_)
    lane_->stop();
  if (copying_.joinable())
    copying_.join();
}

journal_control::files journal_keeper::look() const {
  files f;
  const auto figures = tables_.figures();
  auto rows = tables_.read();
  if (!figures || !rows) {
    f.failed = figures ? rows.error().message : figures.error().message;
  } else {
    f.file_bytes = figures->file_bytes;
    f.used_bytes = figures->used_bytes;
    f.free_page_bytes = figures->used_bytes - std::min(figures->used_bytes, figures->live_bytes);
    f.readers = figures->readers;
    for (std::size_t i = 0; i < journal::table_count; ++i) {
      const auto t = static_cast<journal::table>(i);
      if (const auto count = (*rows)->count(t))
        f.rows.emplace_back(name_of(t), *count);
    }
    if (const auto row = (*rows)->get(journal::table::mt, journal::meta_key::format); row && *row)
      if (const auto format = journal::decode_format(**row))
        f.format = *format;
  }
  f.oldest_reader_ms = tables_.oldest_reader_ms(time_.steady_ms());
  f.log_file_bytes = size_of_files_in(options_.data_dir + "/log");
  std::error_code failed;
  if (const auto space = fs::space(options_.data_dir, failed); !failed) {
    f.disk_bytes = space.capacity;
    f.disk_free_bytes = space.available;
  }
  f.compaction = journal_.compacted();
  f.last_backup_at = journal::last_backup_of(options_.data_dir);
  f.backup_dir = options_.backup_dir;
  {
    const std::lock_guard lock(mutex_);
    f.copies = copies_;
    f.running = running_;
    f.last = last_;
  }
  if (!options_.backup_dir.empty() && time_.wall_ms() - f.copies.as_of > copies_stale_ms)
    look_again();
  return f;
}

void journal_keeper::look_again() const {
  if (looks_again_.exchange(true))
    return;
  if (!lane_->add([this] { look_at_copies(); }))
    looks_again_ = false;
}

void journal_keeper::look_at_copies() const {
  looks_again_ = false;
  found_copies found;
  auto folders = journal::copy_folders_in(options_.backup_dir);
  found.is_cut = folders.is_cut;
  found.count = folders.names.size();
  folders.names.resize(std::min(folders.names.size(), found_copies::shown_max));
  for (const auto& name : folders.names)
    found.newest.push_back(copy_in(options_.backup_dir, name));
  found.disk_free_bytes = free_on(options_.backup_dir);
  found.as_of = time_.wall_ms();
  const std::lock_guard lock(mutex_);
  copies_ = std::move(found);
}

void journal_keeper::back_up(bool is_dry_run, std::function<void(backup_plan)> done) {
  backup_plan none;
  if (options_.backup_dir.empty()) {
    none.refused = "backup_dir (ORDERHUB_BACKUP_DIR) is not set, and copies are made below it "
                   "only; set it and start the hub again.";
    return done(std::move(none));
  }
  const auto shared = std::make_shared<std::function<void(backup_plan)>>(std::move(done));
  if (!stopping_ && lane_->add([this, is_dry_run, shared] { (*shared)(begin(is_dry_run)); }))
    return;
  none.refused = stopping_ ? "The hub is stopping; nothing was copied."
                           : "Too many questions about backups wait; nothing was copied.";
  (*shared)(std::move(none));
}

/// On the lane: nobody else begins one.
journal_control::backup_plan journal_keeper::begin(bool is_dry_run) {
  backup_plan plan;
  const auto refuse = [&](std::string why) {
    plan.refused = std::move(why);
    return plan;
  };
  std::optional<backup_run> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  if (running && !is_dry_run)
    return refuse("A backup is being made since " + utc_text(running->began_at) + ", into '" +
                  running->to + "'; ask again when it has ended.");
  if (!is_dry_run && is_compacting())
    return refuse("The journal is being compacted; ask again when that has ended.");
  const auto figures = tables_.figures();
  if (!figures)
    return refuse("The tables cannot be read (" + figures.error().message +
                  "); nothing was copied.");
  const auto& directory = options_.backup_dir;
  if (!is_dry_run)
    if (const auto made = journal::make_directory(directory); !made)
      return refuse("The directory backup_dir '" + directory +
                    "' is not there and cannot be made; nothing was copied.");
  // A directory that a dry run does not make would be where the one above it is.
  std::error_code failed;
  const auto above = fs::path(directory).parent_path().string();
  const auto there = fs::is_directory(directory, failed) ? directory : above.empty() ? "." : above;
  plan.to = directory + '/' + journal::copy_folder_name(time_.wall_ms());
  plan.copy_bytes = figures->live_bytes + journal_.metrics().log_bytes;
  plan.room_needed_bytes = plan.copy_bytes + std::max(plan.copy_bytes / room_share, room_least);
  plan.room_bytes = free_on(there);
  if (plan.room_bytes < plan.room_needed_bytes)
    return refuse("There are " + std::to_string(plan.room_bytes) + " bytes free in '" + directory +
                  "' and " + std::to_string(plan.room_needed_bytes) +
                  " are needed; nothing was copied. Make room, or set backup_dir "
                  "(ORDERHUB_BACKUP_DIR) to another disk.");
  if (is_dry_run || stopping_)
    return plan;
  // A folder of its own: `journal backup` takes an empty one.
  if (::mkdir(plan.to.c_str(), 0700) != 0)
    return refuse("The folder '" + plan.to + "' cannot be made (" + std::strerror(errno) +
                  "); nothing was copied.");
  backup_run run;
  run.to = plan.to;
  run.began_at = time_.wall_ms();
  {
    const std::lock_guard lock(mutex_);
    running_ = run;
  }
  copying_ = std::jthread([this, run] { make_copy(run); }); // The one before has ended.
  return plan;
}

bool journal_keeper::is_compacting() const {
  const auto run = journal_.compacted();
  return run && run->stage != journal::compact_stage::ended;
}

journal_control::compact_plan journal_keeper::compact(bool is_dry_run) {
  compact_plan plan;
  const auto refuse = [&](std::string why) {
    plan.refused = std::move(why) + " Nothing was done.";
    return plan;
  };
  const auto figures = tables_.figures();
  const auto needed = tables_.room_for_copy();
  if (!figures || !needed)
    return refuse("The tables cannot be read (" +
                  (figures ? needed.error().message : figures.error().message) + ").");
  plan.file_bytes = figures->file_bytes;
  plan.free_page_bytes = figures->used_bytes - std::min(figures->used_bytes, figures->live_bytes);
  plan.room_needed_bytes = *needed;
  plan.room_bytes = free_on(options_.data_dir);
  if (plan.room_bytes < plan.room_needed_bytes)
    return refuse("There are " + std::to_string(plan.room_bytes) +
                  " bytes free on the journal's disk and " +
                  std::to_string(plan.room_needed_bytes) +
                  " are needed; make room, or stop the hub and run `orderhub journal compact`, "
                  "which needs less.");
  if (is_dry_run)
    return plan;
  if (stopping_)
    return refuse("The hub is stopping.");
  {
    const std::lock_guard lock(mutex_);
    if (running_)
      return refuse("A backup is being made since " + utc_text(running_->began_at) +
                    "; ask again when it has ended.");
  }
  if (is_compacting())
    return refuse("The journal is being compacted already; `GET /admin/journal` says how it goes.");
  if (const auto begun = journal_.compact(); !begun)
    return refuse("It cannot be compacted (" + begun.error().message + ").");
  return plan;
}

/// Empty: it is copied.
std::string journal_keeper::try_copy(const std::string& to) const {
  const auto began = time_.steady_ms();
  std::string why;
  const auto goes_on = [&] {
    if (stopping_)
      why = "the hub was stopped";
    else if (time_.steady_ms() - began > options_.longest_ms)
      why = "it took longer than " + std::to_string(options_.longest_ms / 1'000) + " s";
    else if (free_on(options_.data_dir, room_lowest) < room_lowest)
      why = "the journal's disk ran out of room";
    return why.empty();
  };
  const auto end = run_child(
      {options_.program, "journal", "backup", "--data-dir", options_.data_dir, to}, goes_on);
  if (!end)
    return end.error().message;
  if (end->was_ended)
    return why;
  return end->status == 0 ? std::string() : reason_in(*end);
}

void journal_keeper::make_copy(const backup_run& begun) {
  auto run = begun;
  run.failed = try_copy(run.to);
  if (run.failed.empty())
    run.bytes = size_of(run.to + "/data.mdb");
  else
    journal::remove_copy(run.to);
  run.ended_at = time_.wall_ms();
  if (run.failed.empty())
    log::info(
        "backup_made",
        {{"to", run.to}, {"size_bytes", run.bytes}, {"took_ms", run.ended_at - run.began_at}});
  else if (stopping_)
    log::warn("backup_ended", {{"to", run.to}, {"message", run.failed}});
  else
    log::error("backup_failed", {{"to", run.to},
                                 {"message", run.failed + "; nothing of it was kept, orders go on. "
                                                          "Make room or mend what it says, then "
                                                          "make the backup again"}});
  look_at_copies();
  const std::lock_guard lock(mutex_);
  last_ = std::move(run);
  running_.reset();
}

} // namespace orderhub::http_gateway
