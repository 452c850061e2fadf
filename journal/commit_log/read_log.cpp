#include "journal/commit_log/read_log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";

struct candidate {
  stored_batch stored;
  found_segment* segment = nullptr;
};

} // namespace

bool is_segment(std::string_view name) {
  constexpr std::string_view prefix = "segment-";
  return name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix &&
         std::all_of(name.begin() + prefix.size(), name.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

result<found_log> read_log(log_directory& directory, const log_id& id, log_sequence after) {
  auto names = directory.names();
  if (!names)
    return names.failure();
  found_log out;
  std::map<log_sequence, candidate> newest; // By number, of the highest epoch.
  for (const auto& name : *names) {
    if (!is_segment(name))
      continue;
    auto file = directory.open(name);
    if (!file)
      return file.failure();
    auto bytes = (*file)->read();
    if (!bytes)
      return bytes.failure();
    out.segments.push_back(
        std::make_unique<found_segment>(found_segment{name, std::move(*bytes), 0}));
    auto& segment = *out.segments.back();
    const std::string_view all = segment.bytes;
    if (auto head = check_segment_head(id, all); !head)
      return fail({error_kind::corrupt, where,
                   "segment '" + name + "' of the commit log: " + head.error().message});
    // Every block is looked at, and not only those up to the first that begins no batch: were an
    // acknowledged batch damaged, those behind it must be met, so that it is missed.
    for (std::size_t at = log_block; at < all.size();) {
      auto stored = batch_at(id, all.substr(at));
      if (!stored)
        return stored.failure();
      at += *stored ? (*stored)->size : log_block;
      if (!*stored)
        continue;
      out.newest_epoch = std::max(out.newest_epoch, (*stored)->epoch);
      if ((*stored)->batch.first <= after)
        continue;
      auto& best = newest[(*stored)->batch.first];
      if (best.segment == nullptr || (*stored)->epoch > best.stored.epoch)
        best = {**stored, &segment};
    }
  }
  auto next = after + 1;
  for (auto it = newest.find(next); it != newest.end(); it = newest.find(next)) {
    const auto& batch = it->second.stored.batch;
    out.batches.push_back(batch);
    it->second.segment->last = std::max(it->second.segment->last, batch.last());
    next = batch.last() + 1;
  }
  if (const auto behind = newest.lower_bound(next); behind != newest.end())
    return fail({error_kind::corrupt, where,
                 "the commit log goes on at " + std::to_string(behind->first) + " after " +
                     std::to_string(next - 1) +
                     ": records are missing; restore a backup, or see `orderhub journal verify`"});
  return out;
}

} // namespace orderhub::journal
