#pragma once
#include "journal/base/histogram.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub {

/// What is kept by labels whose values come up as it happens: names of ours (events of the log,
/// vendors, operations, steps), never anything of a caller's. Of more combinations than `most` the
/// further ones are kept together, as `other`. From any thread; for what is rare.
template <std::size_t N, class Kept>
class labelled {
public:
  using names = std::array<std::string, N>;
  static constexpr std::size_t most = 48;

  /// `make` gives what is kept of labels that come up for the first time.
  template <class Use, class Make>
  void with(const std::array<std::string_view, N>& of, Use&& use, Make&& make) {
    names key;
    std::copy(of.begin(), of.end(), key.begin());
    const std::lock_guard lock(mutex_);
    if (!kept_.contains(key) && kept_.size() >= most)
      key.fill("other");
    auto& one = kept_[key];
    if (!one)
      one = make();
    use(*one);
  }
  template <class Use>
  void each(Use&& use) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, one] : kept_)
      use(key, *one);
  }

private:
  mutable std::mutex mutex_;
  std::map<names, std::unique_ptr<Kept>> kept_;
};

/// How often, by `N` labels.
template <std::size_t N>
class labelled_counts {
public:
  using values_type = std::vector<std::pair<std::array<std::string, N>, std::uint64_t>>;

  void add(const std::array<std::string_view, N>& of) {
    counts_.with(
        of, [](std::uint64_t& n) { ++n; }, [] { return std::make_unique<std::uint64_t>(); });
  }
  [[nodiscard]] values_type values() const {
    values_type all;
    counts_.each([&](const auto& of, const std::uint64_t& n) { all.emplace_back(of, n); });
    return all;
  }

private:
  labelled<N, std::uint64_t> counts_;
};

/// How long, by `N` labels.
template <std::size_t N>
class labelled_histograms {
public:
  using values_type = std::vector<std::pair<std::array<std::string, N>, histogram_values>>;

  explicit labelled_histograms(const histogram_shape& shape) : shape_(shape) {}
  void add(const std::array<std::string_view, N>& of, std::int64_t ticks) {
    histograms_.with(
        of, [&](histogram& h) { h.add(ticks); },
        [&] { return std::make_unique<histogram>(shape_); });
  }
  [[nodiscard]] values_type values() const {
    values_type all;
    histograms_.each([&](const auto& of, const histogram& h) { all.emplace_back(of, h.values()); });
    return all;
  }

private:
  const histogram_shape shape_;
  labelled<N, histogram> histograms_;
};

} // namespace orderhub
