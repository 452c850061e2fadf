#include "http_gateway/monitoring/families.hpp"

namespace orderhub::http_gateway {

namespace {

double seconds(std::int64_t count, double per_second) {
  return static_cast<double>(count) / per_second;
}

} // namespace

void add_journal(metrics_page& page, const journal_facts& facts) {
  using enum metric_kind;
  const auto& j = facts.journal;
  page.one("orderhub_journal_accepting", gauge, facts.accepting,
           "1 while orders are taken; 0 while the journal takes no writes, or the hub drains.");
  page.one("orderhub_journal_unfolded_bytes", gauge, j.log_bytes,
           "Of batches in the commit log that are not in synced tables.");
  page.one("orderhub_journal_checkpoint_bytes", gauge, facts.checkpoint_bytes,
           "So many that are not folded begin a checkpoint.");
  page.one("orderhub_journal_file_bytes", gauge, facts.file_bytes, "Of the tables' file in use.");
  page.one("orderhub_journal_free_bytes", gauge, facts.free_bytes, "Free on the journal's disk.");
  page.one("orderhub_journal_reader_age_seconds", gauge, seconds(facts.oldest_reader_ms, 1'000),
           "Since when the oldest reader has been seen; no page that it sees is used again.");
  page.one("orderhub_backup_last_success_timestamp_seconds", gauge,
           seconds(facts.last_backup_at, 1'000), "Of the last backup; 0 where none is known of.");
  page.one("orderhub_journal_commits_total", counter, j.commits, "Commits.");
  page.one("orderhub_journal_records_total", counter, j.records, "Records committed.");
  page.one("orderhub_journal_slices_total", counter, j.slices, "Slices of folding.");
  page.one("orderhub_journal_overlay_bytes", gauge, j.overlay_bytes,
           "Of what is in memory because it is not folded.");
  page.one("orderhub_journal_log_first", gauge, j.first_lsn, "Oldest record in the log.");
  page.one("orderhub_journal_log_last", gauge, j.last_lsn, "Newest record in the log.");
  page.one("orderhub_journal_objects_set_aside", gauge, j.objects_set_aside,
           "Objects whose rows are damaged.");
  page.one("orderhub_journal_log_segments", gauge, j.log_segments, "Files of the commit log.");
  page.one("orderhub_journal_log_segment_waits_total", counter, j.log_segment_waits,
           "Commits for which a segment had to be made first.");
  page.one("orderhub_journal_log_batches_rewritten_total", counter, j.log_batches_rewritten,
           "Batches written again because a write or sync of the commit log had failed.");
  page.one("orderhub_journal_commit_duration_max_seconds", gauge, seconds(j.longest_commit_us, 1e6),
           "The longest commit since the start.");
  page.one("orderhub_journal_slice_duration_max_seconds", gauge, seconds(j.longest_slice_us, 1e6),
           "The longest slice of folding since the start.");
  page.family("orderhub_journal_commit_duration_seconds", metric_kind::histogram,
              "Of a commit, its sync included.");
  page.sample({}, j.commit_took);
  page.family("orderhub_journal_commit_records", metric_kind::histogram, "Records of a commit.");
  page.sample({}, j.commit_records);
  page.family("orderhub_journal_slice_duration_seconds", metric_kind::histogram,
              "Of a slice of folding.");
  page.sample({}, j.slice_took);
}

} // namespace orderhub::http_gateway
