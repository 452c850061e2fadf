#include "journal/recovery.hpp"

#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "journal/record.hpp"
#include "journal/turn.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::journal {

namespace {

/// A journal on empty tables.
result<recovered_journal> create(store& tables, random_source& random, const commit_log* log) {
  auto rows = tables.read();
  if (!rows)
    return rows.failure();
  for (std::size_t i = 0; i < table_count; ++i) {
    auto count = (*rows)->count(static_cast<table>(i));
    if (!count)
      return count.failure();
    if (*count != 0)
      return corrupt_journal("table " + std::string(name_of(static_cast<table>(i))) +
                             " has rows, but the journal's format is missing; restore a backup");
  }
  rows->reset();

  recovered_journal out;
  out.recent = std::make_shared<generation>();
  random.fill(out.hub);
  if (log != nullptr)
    random.fill(out.log);
  out.format_is_old = true;
  auto txn = tables.begin_write(true);
  if (!txn)
    return txn.failure();
  if (auto done = (*txn)->put(table::mt, meta_key::format, encode_format(format_of_tables)); !done)
    return done.failure();
  if (auto done = (*txn)->put(table::mt, meta_key::hub, encode_hub(out.hub)); !done)
    return done.failure();
  if (log != nullptr)
    if (auto done = (*txn)->put(table::mt, meta_key::log, encode_log_id(out.log)); !done)
      return done.failure();
  if (auto done = (*txn)->put(table::mt, meta_key::checkpoint, encode(out.position.checkpoint));
      !done)
    return done.failure();
  if (auto done = (*txn)->commit(); !done)
    return done.failure();
  return out;
}

/// Hub, checkpoint and boot, as `mt` has them.
result<void> read_meta(const reader& rows, recovered_journal& out) {
  auto hub = rows.get(table::mt, meta_key::hub);
  if (!hub)
    return hub.failure();
  auto mark = rows.get(table::mt, meta_key::checkpoint);
  if (!mark)
    return mark.failure();
  if (!*hub || !*mark)
    return corrupt_journal("the hub id or the checkpoint is missing; restore a backup");
  auto id = decode_hub(**hub);
  if (!id)
    return damaged("the hub id", std::move(id).error());
  out.hub = *id;
  auto checkpoint = decode_checkpoint(**mark);
  if (!checkpoint)
    return damaged("the checkpoint", std::move(checkpoint).error());
  auto& position = out.position;
  position.checkpoint = *checkpoint;
  position.last_lsn = checkpoint->lsn;
  position.last_time = checkpoint->last_time;
  position.boottime_ms = checkpoint->boottime_ms;
  auto boot = rows.get(table::mt, meta_key::boot);
  if (!boot)
    return boot.failure();
  if (*boot) {
    auto boot_id = decode_boot(**boot);
    if (!boot_id)
      return damaged("the boot id", std::move(boot_id).error());
    position.boot_id = std::move(*boot_id);
  }
  return {};
}

/// Takes a row of the log.
result<void> take_row(std::string_view key, std::string_view value, recovered_journal& out) {
  auto& position = out.position;
  const auto first = parse_log_key(key);
  if (!first || *first != position.last_lsn + 1)
    return corrupt_journal(
        "the log goes on at " + std::to_string(first.value_or(0)) + " after " +
        std::to_string(position.last_lsn) +
        ": records are missing; restore a backup, or see `orderhub journal verify`");
  auto each = [&](log_sequence lsn, std::string_view bytes) -> result<void> {
    const auto name = "log record " + std::to_string(lsn);
    auto rec = decode_record(bytes);
    if (!rec)
      return corrupt_journal(name + ": " + rec.error().message);
    auto refs = checked_refs(*rec);
    if (!refs)
      return corrupt_journal(name + ": " + refs.error().message);
    out.recent->add({lsn, bytes}, rec->time, object_key(rec->object),
                    refs->other ? object_key(*refs->other) : std::string(), *refs);
    position.last_lsn = lsn;
    position.last_time = std::max(position.last_time, rec->time);
    return {};
  };
  auto done = each_record(*first, out.recent->bytes.keep(value), each);
  if (!done)
    return corrupt_journal(done.error().message + "; run `orderhub journal verify`");
  position.boottime_ms = *boottime_of(*first, value); // `each_record` has read it.
  out.recent->boottime_ms = position.boottime_ms;
  return {};
}

/// Which the journal's commit log is; a new one where it has none.
result<void> read_log_id(const reader& rows, random_source& random, recovered_journal& out) {
  auto row = rows.get(table::mt, meta_key::log);
  if (!row)
    return row.failure();
  out.log_is_new = !*row;
  if (out.log_is_new) {
    if (!out.format_is_old)
      return corrupt_journal("the id of its commit log is missing; restore a backup");
    random.fill(out.log);
    return {};
  }
  auto id = decode_log_id(**row);
  if (!id)
    return damaged("the commit log's id", std::move(id).error());
  out.log = *id;
  return {};
}

/// Takes what the commit log has behind the rows of the table.
result<void> start_log(commit_log& log, recovered_journal& out) {
  return log.start(out.log, out.position.last_lsn, [&](const commit_batch& batch) -> result<void> {
    if (auto taken = take_row(log_key(batch.first), batch.row, out); !taken)
      return taken;
    if (out.position.last_lsn != batch.last())
      return corrupt_journal("the batch at " + std::to_string(batch.first) +
                             " of the commit log counts other records than it has");
    out.position.boot_id = out.recent->boot_id = batch.boot_id;
    return {};
  });
}

result<void> put_meta(store& tables, std::string_view key, const std::string& value) {
  auto txn = tables.begin_write(true);
  if (!txn)
    return txn.failure();
  if (auto done = (*txn)->put(table::mt, key, value); !done)
    return done;
  return (*txn)->commit();
}

} // namespace

result<recovered_journal> recover_journal(store& tables, random_source& random,
                                          aside_objects& aside, commit_log* log) {
  auto rows = tables.read();
  if (!rows)
    return rows.failure();
  const auto& r = **rows;
  auto format = r.get(table::mt, meta_key::format);
  if (!format)
    return format.failure();
  if (!*format) {
    rows->reset();
    auto made = create(tables, random, log);
    if (made && log != nullptr)
      if (auto started = start_log(*log, *made); !started)
        return started.failure();
    return made;
  }
  const auto version = decode_format(**format);
  if (!version)
    return version.failure();
  if (log == nullptr && *version != format_of_tables)
    return corrupt_journal("the journal has a commit log, without which it is not whole");

  recovered_journal out;
  out.recent = std::make_shared<generation>();
  out.format_is_old = *version == format_of_tables;
  if (auto done = read_meta(r, out); !done)
    return done.failure();
  if (log != nullptr)
    if (auto done = read_log_id(r, random, out); !done)
      return done.failure();
  if (auto done = aside.recover(r); !done)
    return done.failure();
  const auto checkpoint = out.position.checkpoint.lsn;
  result<void> outcome;
  auto scanned = r.scan(table::lg, log_key(checkpoint + 1), [&](auto key, auto value) {
    outcome = take_row(key, value, out);
    return outcome.has_value();
  });
  if (!scanned)
    return scanned.failure();
  if (!outcome)
    return outcome.failure();
  scanned = r.scan(table::lg, {}, [&](auto key, auto) {
    out.trim_waits = parse_log_key(key).value_or(0) <= checkpoint;
    return false;
  });
  if (!scanned)
    return scanned.failure();
  out.recent->boot_id = out.position.boot_id;
  if (log == nullptr)
    return out;
  rows->reset();
  if (auto started = start_log(*log, out); !started)
    return started.failure();
  if (!out.format_is_old && !log->exists())
    return corrupt_journal("its commit log is missing: the directory `log` in the data directory. "
                           "Put it back, or restore a backup");
  return out;
}

result<void> settle_journal(store& tables, commit_log& log, recovered_journal& journal) {
  if (journal.log_is_new)
    if (auto put = put_meta(tables, meta_key::log, encode_log_id(journal.log)); !put)
      return put;
  journal.log_is_new = false;
  if (auto settled = log.settle(); !settled)
    return settled;
  // An older program would not look for what comes now.
  if (journal.format_is_old)
    if (auto put = put_meta(tables, meta_key::format, encode_format(format_version)); !put)
      return put;
  journal.format_is_old = false;
  return {};
}

} // namespace orderhub::journal
