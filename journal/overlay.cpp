#include "journal/overlay.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::journal {

namespace {
/// What a generation's entries cost beside the records' bytes, about.
constexpr std::uint64_t reference_cost = 32;
constexpr std::uint64_t object_cost = 160;
constexpr std::uint64_t invocation_cost = 80;
constexpr std::uint64_t request_cost = 160;
constexpr std::uint64_t due_cost = 64;
} // namespace

// ── A generation ─────────────────────────────────────────────────────────────────────────────

bool generation::covers(std::string_view object) const {
  auto it = objects.find(object);
  return it != objects.end() && !it->second.folded;
}

const std::string& generation::add(std::string_view key, const stored_record& r) {
  auto it = objects.find(key);
  if (it == objects.end()) {
    it = objects.emplace(std::string(key), overlay_object{}).first;
    size += object_cost + key.size();
  }
  it->second.records.push_back(r);
  size += reference_cost;
  return it->first;
}

void generation::add(const stored_record& r, unix_ms time, std::string_view own,
                     std::string_view other, const record_refs& refs) {
  if (empty())
    first_time = time;
  last_time = std::max(last_time, time);
  last_lsn = r.lsn;
  size += r.bytes.size();
  const auto* owner = &add(own, r);
  if (refs.other) {
    const auto& second = add(other, r);
    if (refs.starts_at_other)
      owner = &second;
  }
  if (refs.starts && invocations.insert_or_assign(*refs.starts, owner).second)
    size += invocation_cost;
  if (refs.key && refs.starts) {
    const request_row seen{*refs.starts, refs.key->body, refs.key->expires_at};
    if (requests.insert_or_assign(refs.key->scope, seen).second)
      size += request_cost;
  }
  if (refs.due_at) {
    due.emplace(*refs.due_at, owner);
    size += due_cost;
  }
  if (refs.is_action) {
    actions.push_back(r);
    size += reference_cost;
  }
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────

unix_ms overlay::last_time() const {
  const std::lock_guard lock(mutex_);
  return position_.last_time;
}

journal_stamp overlay::last_stamp() const {
  const std::lock_guard lock(mutex_);
  return {position_.last_time, position_.boottime_ms, position_.boot_id};
}

overlay_view overlay::view_of(std::string_view object) const {
  overlay_view view;
  const std::lock_guard lock(mutex_);
  if (frozen_) {
    if (auto it = frozen_->objects.find(object);
        it != frozen_->objects.end() && !it->second.folded) {
      view.frozen = frozen_;
      view.records = it->second.records;
    }
  }
  if (auto it = current_->objects.find(object); it != current_->objects.end()) {
    view.current = current_;
    view.records.insert(view.records.end(), it->second.records.begin(), it->second.records.end());
  }
  return view;
}

bool overlay::covers(std::string_view object) const {
  const std::lock_guard lock(mutex_);
  return current_->covers(object) || (frozen_ && frozen_->covers(object));
}

bool overlay::in_current(std::string_view object) const {
  const std::lock_guard lock(mutex_);
  return current_->objects.contains(object);
}

bool overlay::knows(const invocation_id& id) const {
  const std::lock_guard lock(mutex_);
  return current_->invocations.contains(id) || (frozen_ && frozen_->invocations.contains(id));
}

std::optional<object_id> overlay::object_of(const invocation_id& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto* g : {current_.get(), frozen_.get()})
    if (g != nullptr)
      if (auto it = g->invocations.find(id); it != g->invocations.end())
        return parse_object_key(*it->second);
  return std::nullopt;
}

std::vector<invocation_id> overlay::begun_by(std::span<const std::string> objects,
                                             std::size_t most) const {
  std::vector<invocation_id> out;
  const std::lock_guard lock(mutex_);
  for (const auto* g : {current_.get(), frozen_.get()}) {
    if (g == nullptr || std::none_of(objects.begin(), objects.end(),
                                     [&](const auto& key) { return g->objects.contains(key); }))
      continue;
    for (const auto& [id, object] : g->invocations)
      if (out.size() < most && std::find(objects.begin(), objects.end(), *object) != objects.end())
        out.push_back(id);
  }
  return out;
}

std::optional<request_row> overlay::request(const digest& scope) const {
  const std::lock_guard lock(mutex_);
  for (const auto* g : {current_.get(), frozen_.get()})
    if (g != nullptr)
      if (auto it = g->requests.find(scope); it != g->requests.end())
        return it->second;
  return std::nullopt;
}

overlay::object_keys overlay::not_folded() const {
  object_keys keys;
  const std::lock_guard lock(mutex_);
  for (const auto* g : {frozen_.get(), current_.get()})
    if (g != nullptr)
      for (const auto& [key, object] : g->objects)
        if (!object.folded)
          keys.insert(key);
  return keys;
}

overlay::changed_objects
overlay::changed(const std::function<bool(std::string_view key)>& is_wanted,
                 std::size_t most) const {
  changed_objects out;
  const std::lock_guard lock(mutex_);
  const auto take = [&](const generation& g, bool is_older) {
    for (const auto& [key, object] : g.objects) {
      if (object.folded || !is_wanted(key) || (is_older && current_->objects.contains(key)))
        continue;
      if (out.found.size() >= most) {
        out.is_whole = false;
        return;
      }
      out.found.push_back({key, object.records.back().lsn});
    }
  };
  take(*current_, false);
  if (frozen_)
    take(*frozen_, true);
  return out;
}

overlay::due_objects overlay::due(unix_ms until) const {
  due_objects out;
  const std::lock_guard lock(mutex_);
  out.folds = folds_;
  for (const auto* g : {frozen_.get(), current_.get()})
    if (g != nullptr)
      for (auto it = g->due.begin(); it != g->due.end() && it->first <= until; ++it)
        if (g->covers(*it->second))
          out.keys.insert(*it->second);
  return out;
}

std::vector<std::pair<log_sequence, std::string>> overlay::actions(std::size_t limit) const {
  std::vector<std::pair<log_sequence, std::string>> out;
  const std::lock_guard lock(mutex_);
  const auto count = current_->actions.size() + (frozen_ ? frozen_->actions.size() : 0);
  auto passed_over = count - std::min(count, limit);
  for (const auto* g : {frozen_.get(), current_.get()}) {
    if (g == nullptr)
      continue;
    for (const auto& r : g->actions) {
      if (passed_over > 0)
        --passed_over;
      else
        out.emplace_back(r.lsn, r.bytes);
    }
  }
  return out;
}

std::uint64_t overlay::folds() const {
  const std::lock_guard lock(mutex_);
  return folds_;
}

overlay::metrics_now overlay::metrics() const {
  const std::lock_guard lock(mutex_);
  return {position_.last_lsn, position_.checkpoint.lsn,
          current_->size + (frozen_ ? frozen_->size : 0),
          current_->objects.size() + (frozen_ ? frozen_->objects.size() : 0)};
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────

void overlay::start(journal_position position, std::shared_ptr<generation> recent) {
  const std::lock_guard lock(mutex_);
  position_ = std::move(position);
  current_ = std::move(recent);
}

void overlay::add(const std::vector<turn>& turns, const std::vector<std::string_view>& bytes,
                  std::int64_t boottime_ms, const std::string& boot_id) {
  const std::lock_guard lock(mutex_);
  auto stored = bytes.begin();
  for (const auto& t : turns) {
    if (!t.prepared)
      continue;
    for (const auto& p : t.prepared->records) {
      current_->add({++position_.last_lsn, *stored++}, p.time, p.own, p.other, p.refs);
      position_.last_time = std::max(position_.last_time, p.time);
    }
  }
  position_.boottime_ms = current_->boottime_ms = boottime_ms;
  if (position_.boot_id != boot_id)
    position_.boot_id = boot_id;
  if (current_->boot_id != boot_id)
    current_->boot_id = boot_id;
}

void overlay::freeze() {
  const std::lock_guard lock(mutex_);
  frozen_ = std::exchange(current_, std::make_shared<generation>());
}

void overlay::folded(std::span<const std::string* const> objects,
                     const std::optional<checkpoint_mark>& ended) {
  std::shared_ptr<generation> done_with; // Freed after the lock.
  const std::lock_guard lock(mutex_);
  for (const auto* object : objects)
    frozen_->objects.find(*object)->second.folded = true;
  ++folds_;
  if (!ended)
    return;
  position_.checkpoint = *ended;
  done_with = std::exchange(frozen_, nullptr);
}

} // namespace orderhub::journal
