#include "journal/change_feed.hpp"

#include "journal/key.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace orderhub::journal {

change_feed::change_feed(std::size_t entries, std::size_t bytes)
    : entries_(entries), bytes_size_(bytes), bytes_(new char[bytes]) {}

void change_feed::start(log_sequence from, log_sequence newest,
                        const std::vector<std::pair<log_sequence, std::string_view>>& known) {
  const std::lock_guard lock(mutex_);
  first_ = count_ = 0;
  since_ = from;
  for (const auto& [lsn, key] : known)
    push(lsn, key);
  newest_ = newest;
}

void change_feed::add(log_sequence before, const std::vector<turn>& turns) noexcept {
  const std::lock_guard lock(mutex_);
  auto lsn = before;
  std::string_view last; // Records of one object that follow each other are one change.
  log_sequence last_lsn = 0;
  const auto push_last = [&] {
    if (!last.empty())
      push(last_lsn, last);
    last = {};
  };
  for (const auto& t : turns) {
    if (!t.prepared)
      continue;
    for (const auto& p : t.prepared->records) {
      ++lsn;
      if (last != p.own)
        push_last();
      last = p.own;
      last_lsn = lsn;
      if (p.other.empty())
        continue;
      push_last();
      push(lsn, p.other);
    }
  }
  push_last();
  newest_ = lsn;
}

void change_feed::push(log_sequence lsn, std::string_view key) {
  if (key.size() > bytes_size_)
    return; // No object has such a key.
  if (count_ == entries_.size())
    drop_oldest();
  const auto here = end_ % bytes_size_;
  auto at = here + key.size() > bytes_size_ ? end_ + bytes_size_ - here : end_;
  while (count_ > 0 && at + key.size() - entry_at(0).at > bytes_size_)
    drop_oldest();
  std::memcpy(bytes_.get() + at % bytes_size_, key.data(), key.size());
  end_ = at + key.size();
  entries_[(first_ + count_++) % entries_.size()] = {lsn, at,
                                                     static_cast<std::uint32_t>(key.size())};
}

void change_feed::drop_oldest() {
  since_ = std::max(since_, entry_at(0).lsn);
  first_ = (first_ + 1) % entries_.size();
  --count_;
}

change_feed::changes change_feed::read(log_sequence after, std::size_t most) const {
  changes out;
  std::vector<std::pair<log_sequence, std::uint32_t>> sizes;
  sizes.reserve(std::min(most, read_max) + 1);
  std::string keys;
  keys.reserve(sizes.capacity() * 64);
  {
    const std::lock_guard lock(mutex_);
    out.upto = newest_;
    out.is_lost = after < since_ || after > newest_;
    if (out.is_lost)
      return out;
    std::size_t low = 0, high = count_;
    while (low < high) {
      const auto middle = (low + high) / 2;
      if (entry_at(middle).lsn > after)
        high = middle;
      else
        low = middle + 1;
    }
    for (; low < count_; ++low) {
      const auto& e = entry_at(low);
      // A record that changed two objects is read whole.
      if (sizes.size() >= std::min(most, read_max) && sizes.back().first != e.lsn) {
        out.upto = sizes.back().first;
        break;
      }
      keys.append(bytes_.get() + e.at % bytes_size_, e.size);
      sizes.emplace_back(e.lsn, e.size);
    }
  }
  std::string_view rest(keys);
  for (const auto& [lsn, size] : sizes) {
    if (auto object = parse_object_key(rest.substr(0, size)))
      out.found.push_back({lsn, std::move(*object)});
    rest.remove_prefix(size);
  }
  return out;
}

log_sequence change_feed::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

} // namespace orderhub::journal
