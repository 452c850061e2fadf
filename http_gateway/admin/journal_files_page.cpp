// The journal's files, and their copies.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/journal_control.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/page_json.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

admin_problem no_files() {
  return problem_of(admin_reason::unavailable, "This hub does not show its journal's files.");
}

constexpr double us_in_ms = 1'000;

/// The end of the bucket that the so many-th hundredth falls into; null: beyond all, or nothing was
/// counted.
json hundredth(const histogram_values& h, std::uint64_t part) {
  const auto all = h.count();
  std::uint64_t below = 0;
  for (std::size_t n = 0; all > 0 && n < h.shape.bounds.size() && n < h.counts.size(); ++n) {
    below += h.counts[n];
    if (below * 100 >= all * part)
      return static_cast<double>(h.shape.bounds[n]) / us_in_ms;
  }
  return nullptr;
}

json took_json(std::uint64_t count, const histogram_values& took, std::int64_t longest_us) {
  return {{"count", count},
          {"p50_ms", hundredth(took, 50)},
          {"p99_ms", hundredth(took, 99)},
          {"longest_ms", static_cast<double>(longest_us) / us_in_ms}};
}

json run_json(const std::optional<journal_control::backup_run>& run) {
  if (!run)
    return nullptr;
  const bool is_over = run->ended_at > 0;
  return {{"to", run->to},
          {"began_at", time_json<json>(run->began_at)},
          {"ended_at", time_json<json>(run->ended_at)},
          {"took_ms", is_over ? json(run->ended_at - run->began_at) : json(nullptr)},
          {"size_bytes", is_over && run->failed.empty() ? json(run->bytes) : json(nullptr)},
          {"failed", text_or_null<json>(run->failed)}};
}

json backups_json(const journal_control::files& f, unix_ms now) {
  const auto& found = f.copies;
  json copies = json::array();
  for (const auto& c : found.newest)
    copies.push_back({{"name", c.name},
                      {"made_at", c.is_whole ? time_json<json>(c.made_at) : json(nullptr)},
                      {"size_bytes", c.bytes},
                      {"whole", c.is_whole}});
  const bool is_looked = found.as_of > 0;
  return {{"last_success_at", time_json<json>(f.last_backup_at)},
          {"age_ms", age_json<json>(f.last_backup_at, now)},
          {"backup_dir", text_or_null<json>(f.backup_dir)},
          {"disk_free_bytes", is_looked ? json(found.disk_free_bytes) : json(nullptr)},
          {"running", run_json(f.running)},
          {"last", run_json(f.last)},
          {"copies_as_of", time_json<json>(found.as_of)},
          {"copies", std::move(copies)},
          {"copies_count", found.count},
          {"complete", is_looked && !found.is_cut && found.count == found.newest.size()}};
}

json compaction_json(const std::optional<journal::compact_run>& run) {
  json one = nullptr;
  const bool is_over = run && run->stage == journal::compact_stage::ended;
  if (run)
    one = {{"stage", journal::name_of(run->stage)},
           {"began_at", time_json<json>(run->began_at)},
           {"ended_at", time_json<json>(run->ended_at)},
           {"took_ms", is_over ? json(run->ended_at - run->began_at) : json(nullptr)},
           {"before_bytes", run->before_bytes},
           {"copied_bytes", run->copied_bytes},
           {"after_bytes", run->after_bytes > 0 ? json(run->after_bytes) : json(nullptr)},
           {"failed", text_or_null<json>(run->failed)}};
  return {{"running", is_over ? json(nullptr) : one}, {"last", is_over ? one : json(nullptr)}};
}

} // namespace

admin_answer journal_files_page(const admin_call&, const admin_sources& from) {
  if (from.journal == nullptr)
    return no_files();
  const auto f = from.journal->look();
  if (!f.failed.empty())
    return problem_of(admin_reason::unreadable, f.failed + '.');
  const auto j = from.hub.journal();
  const auto now = from.hub.now();
  json rows = json::object();
  for (const auto& [name, count] : f.rows)
    rows[std::string(name)] = count;
  return page_of(json{{"at", time_json<json>(now)},
                      {"format", f.format},
                      {"sync", from.hub.health().sync_mode},
                      {"first_lsn", j.first_lsn},
                      {"last_lsn", j.last_lsn},
                      {"checkpoint_lsn", j.checkpoint_lsn},
                      {"rows", std::move(rows)},
                      {"objects_set_aside", j.objects_set_aside},
                      {"unfolded_bytes", j.overlay_bytes},
                      {"unfolded_objects", j.overlay_objects},
                      {"records_total", j.records},
                      {"commits", took_json(j.commits, j.commit_took, j.longest_commit_us)},
                      {"slices", took_json(j.slices, j.slice_took, j.longest_slice_us)},
                      {"tables",
                       {{"file_bytes", f.file_bytes},
                        {"used_bytes", f.used_bytes},
                        {"free_page_bytes", f.free_page_bytes}}},
                      {"log",
                       {{"segments", j.log_segments},
                        {"file_bytes", f.log_file_bytes},
                        {"unfolded_bytes", j.log_bytes},
                        {"segment_waits_total", j.log_segment_waits},
                        {"batches_rewritten_total", j.log_batches_rewritten}}},
                      {"disk", {{"size_bytes", f.disk_bytes}, {"free_bytes", f.disk_free_bytes}}},
                      {"readers", {{"count", f.readers}, {"oldest_ms", f.oldest_reader_ms}}},
                      {"compaction", compaction_json(f.compaction)},
                      {"backups", backups_json(f, now)}});
}

void backup_journal(operator_action action, const admin_sources& from) {
  if (from.journal == nullptr)
    return action.refuse(no_files());
  const auto shared = std::make_shared<operator_action>(std::move(action));
  from.journal->back_up(shared->is_dry_run(), [shared](journal_control::backup_plan plan) {
    if (!plan.refused.empty())
      return shared->refuse(problem_of(admin_reason::not_possible, std::move(plan.refused)));
    shared->accept(json{{"to", plan.to},
                        {"copy_bytes", plan.copy_bytes},
                        {"room_needed_bytes", plan.room_needed_bytes},
                        {"room_bytes", plan.room_bytes}}
                       .dump(-1, ' ', false, json::error_handler_t::replace));
  });
}

void compact_journal(operator_action action, const admin_sources& from) {
  if (from.journal == nullptr)
    return action.refuse(no_files());
  auto plan = from.journal->compact(action.is_dry_run());
  if (!plan.refused.empty())
    return action.refuse(problem_of(admin_reason::not_possible, std::move(plan.refused)));
  action.accept(json{{"file_bytes", plan.file_bytes},
                     {"free_page_bytes", plan.free_page_bytes},
                     {"room_needed_bytes", plan.room_needed_bytes},
                     {"room_bytes", plan.room_bytes}}
                    .dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace orderhub::http_gateway
