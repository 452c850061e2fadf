#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// Which hosts take several calls on one connection now, as their answers showed it. Any thread may
/// use it.
///
/// The first call to a host tries; until its answer is there the others have connections of their
/// own, as they have for ten minutes where the host turns out not to speak HTTP/2. A host whose
/// shared connection let a call run into its deadline is left alone for longer than idle
/// connections are kept: a connection of a call's own is closed then, but a shared one lives on,
/// and new calls would follow the one that hung.
class host_protocols {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Hosts at once; one more takes the place of who was heard of longest ago.
  static constexpr std::size_t hosts_max = 256;
  static constexpr std::chrono::seconds try_again_after{600};
  /// A try that is not heard of again is not waited for longer.
  static constexpr std::chrono::seconds try_lasts{60};

  explicit host_protocols(std::chrono::milliseconds suspect_for) : suspect_for_(suspect_for) {}

  /// Whether the call that comes now may share.
  [[nodiscard]] bool shares(std::string_view host, time_point now);
  // How a call that shared has ended.
  void answered(std::string_view host, bool by_http_2, time_point now);
  void hung(std::string_view host, time_point now);
  void failed(std::string_view host, time_point now);

private:
  enum class standing : std::uint8_t { shares, tried, alone };
  struct known_host {
    standing is = standing::tried;
    time_point until;    ///< Of `tried` and `alone`.
    time_point heard_at; ///< For `hosts_max`.
  };
  void set(std::string_view host, known_host known);

  const std::chrono::milliseconds suspect_for_;
  std::mutex mutex_;
  std::map<std::string, known_host, std::less<>> hosts_;
};

} // namespace orderhub::providers
