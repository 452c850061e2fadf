#include "tests/support/simulated_log.hpp"

#include <algorithm>
#include <cstdlib>

namespace orderhub::testing {

namespace {

constexpr std::size_t sector = 512;

tl::unexpected<error> failed(error_kind kind, std::string message) {
  return fail({kind, "test.log", std::move(message)});
}

void put(std::string& file, std::size_t at, std::string_view bytes) {
  if (file.size() < at + bytes.size())
    file.resize(at + bytes.size(), '\0');
  file.replace(at, bytes.size(), bytes);
}

} // namespace

class simulated_file final : public journal::log_file {
public:
  simulated_file(simulated_log& log, std::shared_ptr<simulated_log::inode> node)
      : log_(log), node_(std::move(node)) {}

  result<std::uint64_t> size() const override {
    const std::lock_guard lock(log_.mutex_);
    return static_cast<std::uint64_t>(node_->seen().size());
  }
  result<std::string> read() const override {
    const std::lock_guard lock(log_.mutex_);
    return node_->seen();
  }
  result<void> reserve(std::uint64_t size) override {
    if (size > log_.room_)
      return failed(error_kind::full, "there is no room for so large a file");
    return {};
  }
  result<void> write(std::uint64_t at, std::string_view bytes) override {
    const std::lock_guard lock(log_.mutex_);
    ++log_.writes_;
    if (log_.write_failure_ && --log_.write_failure_->nth == 0) {
      const auto kind = log_.write_failure_->kind;
      log_.write_failure_.reset();
      node_->waiting.push_back({at, std::string(bytes.substr(0, bytes.size() / 2)), false});
      log_.changed();
      return failed(kind, "an injected failure of a write");
    }
    node_->waiting.push_back({at, std::string(bytes), false});
    log_.changed();
    return {};
  }
  result<void> sync() override {
    const std::lock_guard lock(log_.mutex_);
    ++log_.syncs_;
    if (log_.sync_failure_ && --log_.sync_failure_->nth == 0) {
      const auto kind = log_.sync_failure_->kind;
      log_.sync_failure_.reset();
      node_->waiting = lost(std::move(node_->waiting));
      log_.changed();
      return failed(kind, "an injected failure of a sync");
    }
    std::vector<simulated_log::write> doubtful;
    for (auto& w : node_->waiting) {
      if (w.lost_to_sync) {
        doubtful.push_back(std::move(w));
        continue;
      }
      put(node_->synced, w.at, w.bytes);
      std::erase_if(doubtful, [&](const auto& d) {
        return d.at >= w.at && d.at + d.bytes.size() <= w.at + w.bytes.size();
      });
    }
    node_->waiting = std::move(doubtful);
    log_.changed(true);
    return {};
  }

private:
  /// Sector by sector, since each of them is written again, or not, by itself.
  static std::vector<simulated_log::write> lost(std::vector<simulated_log::write> writes) {
    std::vector<simulated_log::write> out;
    for (const auto& w : writes)
      for (std::size_t at = 0; at < w.bytes.size(); at += sector)
        out.push_back({w.at + at, w.bytes.substr(at, sector), true});
    return out;
  }

  simulated_log& log_;
  std::shared_ptr<simulated_log::inode> node_;
};

std::string simulated_log::inode::seen() const {
  auto all = synced;
  for (const auto& w : waiting)
    put(all, w.at, w.bytes);
  return all;
}

result<std::vector<std::string>> simulated_log::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [name, node] : now_)
    all.push_back(name);
  return all;
}

result<std::unique_ptr<journal::log_file>> simulated_log::create(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (create_failure_)
    return failed(*create_failure_, "an injected failure to create a file");
  ++created_;
  auto node = std::make_shared<inode>();
  now_[name] = node;
  changed();
  return std::unique_ptr<journal::log_file>(std::make_unique<simulated_file>(*this, node));
}

result<std::unique_ptr<journal::log_file>> simulated_log::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = now_.find(name);
  if (it == now_.end())
    return failed(error_kind::unavailable, "there is no file '" + name + "'");
  return std::unique_ptr<journal::log_file>(std::make_unique<simulated_file>(*this, it->second));
}

result<void> simulated_log::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto it = now_.find(from);
  if (it == now_.end())
    return failed(error_kind::unavailable, "there is no file '" + from + "'");
  auto node = it->second;
  now_.erase(it);
  now_[to] = std::move(node);
  changed();
  return {};
}

result<void> simulated_log::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  now_.erase(name);
  changed();
  return {};
}

result<void> simulated_log::sync() {
  const std::lock_guard lock(mutex_);
  synced_ = now_;
  changed();
  return {};
}

std::unique_ptr<simulated_log>
simulated_log::after_power_cut(const std::function<bool(std::size_t)>& keeps) const {
  // Files in the order of their names, whether they have them for good or not.
  std::map<const inode*, std::string> left;
  std::size_t number = 0;
  const auto cut = [&](const std::shared_ptr<inode>& node) {
    if (left.contains(node.get()))
      return;
    auto& bytes = left[node.get()];
    bytes = node->synced;
    for (const auto& w : node->waiting)
      for (std::size_t at = 0; at < w.bytes.size(); at += sector)
        if (keeps(number++))
          put(bytes, w.at + at, std::string_view(w.bytes).substr(at, sector));
  };
  for (const auto* names : {&now_, &synced_})
    for (const auto& [name, node] : *names)
      cut(node);
  auto out = std::make_unique<simulated_log>();
  for (const auto& [name, node] : keeps(number) ? now_ : synced_) {
    auto copy = std::make_shared<inode>();
    copy->synced = left[node.get()];
    out->now_[name] = copy;
  }
  out->synced_ = out->now_;
  return out;
}

std::unique_ptr<simulated_log> simulated_log::after_kill() const {
  auto out = std::make_unique<simulated_log>();
  std::map<const inode*, std::shared_ptr<inode>> copies;
  const auto copy = [&](const std::shared_ptr<inode>& node) {
    auto& made = copies[node.get()];
    if (!made)
      made = std::make_shared<inode>(*node);
    return made;
  };
  for (const auto& [name, node] : now_)
    out->now_[name] = copy(node);
  for (const auto& [name, node] : synced_)
    out->synced_[name] = copy(node);
  return out;
}

std::size_t simulated_log::sectors_not_synced() const {
  std::size_t count = 0;
  for (const auto& [name, node] : now_)
    for (const auto& w : node->waiting)
      count += (w.bytes.size() + sector - 1) / sector;
  return count;
}

void simulated_log::overwrite(const std::string& name, std::size_t at, std::string_view bytes) {
  const auto it = now_.find(name);
  if (it == now_.end())
    std::abort();
  put(it->second->synced, at, bytes);
}

std::string simulated_log::contents(const std::string& name) const {
  const auto it = now_.find(name);
  return it == now_.end() ? std::string() : it->second->seen();
}

} // namespace orderhub::testing
