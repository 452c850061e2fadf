#include "tests/support/memory_store.hpp"

#include <cstdlib>
#include <utility>

namespace orderhub::testing {

using journal::row_visitor;
using journal::table;
using journal::table_count;

namespace {

constexpr auto where = "memory_store";

tl::unexpected<error> failed(error_kind kind, const char* message) {
  return fail({kind, where, message});
}

std::size_t number_of(table t) {
  return static_cast<std::size_t>(t);
}

/// Rows below `below` of ordered rows, from the last one on.
template <class Rows>
void visit_back(const Rows& rows, std::string_view below, const row_visitor& visit) {
  auto it = below.empty() ? rows.end() : rows.lower_bound(below);
  while (it != rows.begin()) {
    --it;
    if (!visit(it->first, it->second))
      return;
  }
}

} // namespace

class memory_snapshot final : public journal::reader {
public:
  memory_snapshot(const memory_store& s, memory_store::tables t)
      : store_(s), tables_(std::move(t)) {}
  ~memory_snapshot() override {
    // Under the lock, so that a writer which finds itself alone is.
    const std::lock_guard lock(store_.mutex_);
    for (auto& t : tables_)
      t.reset();
  }

  result<std::optional<std::string_view>> get(table t, std::string_view key) const override {
    const auto& rows = *tables_[number_of(t)];
    auto it = rows.find(key);
    if (it == rows.end())
      return std::optional<std::string_view>{};
    return std::optional<std::string_view>(it->second);
  }
  result<void> scan(table t, std::string_view from, const row_visitor& visit) const override {
    const auto& rows = *tables_[number_of(t)];
    for (auto it = rows.lower_bound(from); it != rows.end(); ++it)
      if (!visit(it->first, it->second))
        break;
    return {};
  }
  result<void> scan_back(table t, std::string_view below, const row_visitor& visit) const override {
    visit_back(*tables_[number_of(t)], below, visit);
    return {};
  }
  result<std::optional<std::string_view>> last_key(table t) const override {
    const auto& rows = *tables_[number_of(t)];
    if (rows.empty())
      return std::optional<std::string_view>{};
    return std::optional<std::string_view>(rows.rbegin()->first);
  }
  result<std::uint64_t> count(table t) const override {
    return static_cast<std::uint64_t>(tables_[number_of(t)]->size());
  }

private:
  const memory_store& store_;
  memory_store::tables tables_;
};

/// Collects changes; readers of the store see none of them before the commit.
class memory_transaction final : public journal::write_transaction {
public:
  memory_transaction(memory_store& s, bool sync) : store_(s), sync_(sync), life_(s.life_) {}
  ~memory_transaction() override { end(); }

  result<std::optional<std::string_view>> get(table t, std::string_view key) const override {
    if (!alive())
      return ended();
    const auto& changes = changes_[number_of(t)];
    if (auto it = changes.find(key); it != changes.end())
      return it->second ? std::optional<std::string_view>(*it->second) : std::nullopt;
    const auto& rows = *store_.tables_[number_of(t)];
    auto it = rows.find(key);
    return it == rows.end() ? std::nullopt : std::optional<std::string_view>(it->second);
  }
  result<void> scan(table t, std::string_view from, const row_visitor& visit) const override {
    if (!alive())
      return ended();
    const auto merged = merge(t);
    for (auto it = merged->lower_bound(from); it != merged->end(); ++it)
      if (!visit(it->first, it->second))
        break;
    return {};
  }
  result<void> scan_back(table t, std::string_view below, const row_visitor& visit) const override {
    if (!alive())
      return ended();
    visit_back(*merge(t), below, visit);
    return {};
  }
  result<std::optional<std::string_view>> last_key(table t) const override {
    if (!alive())
      return ended();
    const auto merged = merge(t);
    if (merged->empty())
      return std::optional<std::string_view>{};
    last_key_ = merged->rbegin()->first;
    return std::optional<std::string_view>(last_key_);
  }
  result<std::uint64_t> count(table t) const override {
    if (!alive())
      return ended();
    return static_cast<std::uint64_t>(merge(t)->size());
  }
  result<void> put(table t, std::string_view key, std::string_view value) override {
    if (!alive())
      return ended();
    if (key.empty() || key.size() > journal::key_size_max)
      return refuse(error_kind::invalid, "a key has 1 to 511 bytes");
    if (store_.put_failure_ && --store_.put_failure_->nth == 0) {
      const auto kind = store_.put_failure_->kind;
      store_.put_failure_.reset();
      return refuse(kind, "an injected failure of a put");
    }
    changes_[number_of(t)].insert_or_assign(std::string(key), std::string(value));
    return {};
  }
  result<void> append(table t, std::string_view key, std::string_view value) override {
    if (!alive())
      return ended();
    const auto& rows = *store_.tables_[number_of(t)];
    const auto& changes = changes_[number_of(t)];
    // Appends follow appends: the last change, if there is one, is the last key.
    if ((!rows.empty() && key <= rows.rbegin()->first) ||
        (!changes.empty() && key <= changes.rbegin()->first))
      return refuse(error_kind::invalid, "append below the last key");
    return put(t, key, value);
  }
  result<bool> del(table t, std::string_view key) override {
    auto row = get(t, key);
    if (!row)
      return row.failure();
    if (!*row)
      return false;
    changes_[number_of(t)].insert_or_assign(std::string(key), std::nullopt);
    return true;
  }
  result<journal::front_deleted> del_front(table t, std::string_view last,
                                           journal::front_limit limit) override {
    if (!alive())
      return ended();
    journal::front_deleted out;
    std::size_t bytes = 0;
    const auto merged = merge(t);
    for (const auto& [key, value] : *merged) {
      if (key > last)
        break;
      if (out.more = out.rows >= limit.rows || bytes >= limit.bytes; out.more)
        break;
      bytes += value.size();
      ++out.rows;
      changes_[number_of(t)].insert_or_assign(key, std::nullopt);
    }
    return out;
  }
  result<void> commit() override {
    if (!alive())
      return ended();
    if (store_.commit_failure_ && --store_.commit_failure_->nth == 0) {
      const auto kind = store_.commit_failure_->kind;
      store_.commit_failure_.reset();
      return refuse(kind, "an injected failure of a commit");
    }
    const auto number = store_.commits_;
    if (store_.hook_)
      store_.hook_(number, false);
    {
      const std::lock_guard lock(store_.mutex_);
      for (std::size_t i = 0; i < table_count; ++i)
        for (const auto& [key, value] : changes_[i])
          store_.set(static_cast<table>(i), key, value);
      ++store_.commits_;
      if (sync_) {
        ++store_.synced_commits_;
        store_.unsynced_.clear();
      }
    }
    end();
    if (store_.hook_)
      store_.hook_(number, true);
    return {};
  }

private:
  [[nodiscard]] bool alive() const { return open_ && life_ == store_.life_; }
  static tl::unexpected<error> ended() {
    return failed(error_kind::invalid, "the transaction has ended");
  }
  tl::unexpected<error> refuse(error_kind kind, const char* message) {
    end();
    return failed(kind, message);
  }
  void end() {
    if (alive())
      store_.writing_ = false;
    open_ = false;
  }
  /// The table with this transaction's changes.
  [[nodiscard]] std::shared_ptr<const memory_store::rows> merge(table t) const {
    const auto& changes = changes_[number_of(t)];
    if (changes.empty())
      return store_.tables_[number_of(t)];
    auto rows = std::make_shared<memory_store::rows>(*store_.tables_[number_of(t)]);
    for (const auto& [key, value] : changes) {
      if (value)
        rows->insert_or_assign(key, *value);
      else
        rows->erase(key);
    }
    return rows;
  }

  memory_store& store_;
  bool sync_;
  bool open_ = true;
  std::uint64_t life_;
  std::array<std::map<std::string, std::optional<std::string>, std::less<>>, table_count> changes_;
  mutable std::string last_key_;
};

memory_store::memory_store() {
  for (auto& t : tables_)
    t = std::make_shared<rows>();
}
memory_store::~memory_store() = default;

memory_store::rows& memory_store::writable(table t) {
  auto& shared = tables_[number_of(t)];
  if (shared.use_count() > 1) // A snapshot keeps it as it was.
    shared = std::make_shared<rows>(*shared);
  return *shared;
}

void memory_store::set(table t, const std::string& key, const std::optional<std::string>& value) {
  auto& r = writable(t);
  auto it = r.find(key);
  unsynced_.push_back({t, key, it == r.end() ? std::nullopt : std::optional(it->second)});
  if (value)
    r.insert_or_assign(key, *value);
  else if (it != r.end())
    r.erase(it);
}

result<std::unique_ptr<journal::write_transaction>> memory_store::begin_write(bool sync) {
  if (writing_) // LMDB would wait for ever.
    std::abort();
  writing_ = true;
  return std::unique_ptr<journal::write_transaction>(
      std::make_unique<memory_transaction>(*this, sync));
}

result<std::unique_ptr<journal::reader>> memory_store::read() const {
  const std::lock_guard lock(mutex_);
  return std::unique_ptr<journal::reader>(std::make_unique<memory_snapshot>(*this, tables_));
}

void memory_store::power_loss() {
  crash();
  const std::lock_guard lock(mutex_);
  for (auto it = unsynced_.rbegin(); it != unsynced_.rend(); ++it) {
    auto& r = writable(it->t);
    if (it->value)
      r.insert_or_assign(it->key, *it->value);
    else
      r.erase(it->key);
  }
  unsynced_.clear();
}

void memory_store::crash() {
  ++life_;
  writing_ = false;
  commit_failure_.reset();
  put_failure_.reset();
}

void memory_store::fail_commit(std::uint64_t nth, error_kind kind) {
  commit_failure_ = failure{nth, kind};
}

void memory_store::fail_put(std::uint64_t nth, error_kind kind) {
  put_failure_ = failure{nth, kind};
}

void memory_store::on_commit(commit_hook hook) {
  hook_ = std::move(hook);
}

std::uint64_t memory_store::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

std::uint64_t memory_store::synced_commits() const {
  const std::lock_guard lock(mutex_);
  return synced_commits_;
}

void memory_store::overwrite(table t, const std::string& key, std::optional<std::string> value) {
  const std::lock_guard lock(mutex_);
  auto& r = writable(t);
  if (value)
    r.insert_or_assign(key, std::move(*value));
  else
    r.erase(key);
}

memory_store::rows memory_store::contents(table t) const {
  const std::lock_guard lock(mutex_);
  return *tables_[number_of(t)];
}

} // namespace orderhub::testing
