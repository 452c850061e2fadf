#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/contracts/keys.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// What tells a warehouse from a carrier.
struct job_facts {
  std::string_view path;    ///< `/v1/pick_tickets`
  std::string_view unknown; ///< `unknown_pick_ticket`
  std::string_view noun;    ///< `pick ticket`
  /// By how far it is: asked for, begun, done; then cancelled and failed.
  std::array<std::string_view, 5> words;
  bool has_items = false;
  bool has_tracking = false;
  call_id create, cancel, read, request, other;
  effect_kind made, undone;
};
extern const job_facts warehouse_facts;
extern const job_facts carrier_facts;

/// A merchant's warehouse or carrier by its contract: a job goes on by itself, and is done after
/// `job_ms` of the clock. Internal to the mock.
class job_service {
public:
  job_service(shared_state& shared, const job_facts& facts)
      : shared_(shared), facts_(facts), keys_(shared.settings) {}

  static call_id route(const job_facts& facts, std::string_view method, std::string_view path);
  void handle(call& c);
  /// That order's job has failed. False where it has none that is open.
  [[nodiscard]] bool fail(std::string_view order_id);

private:
  struct job {
    std::uint64_t number = 0;
    std::string order_id, step, content;
    std::int64_t attempt = -1;
    unix_ms since = 0;
    bool is_cancelled = false;
    bool has_failed = false;
  };

  [[nodiscard]] std::size_t progress_of(const job& j, unix_ms now) const;
  void create(call& c);
  void cancel(call& c, job& j, const std::string& reference);
  void answer(call& c, int status, const std::string& reference, const job& j) const;
  void note(effect_kind kind, const job& j, const call& c);
  static void take_metadata(job& j, std::string_view body);

  shared_state& shared_;
  const job_facts& facts_;
  contract_keys keys_;
  std::map<std::string, job, std::less<>> jobs_;
  std::deque<std::string> oldest_; ///< References by age.
  std::uint64_t made_ = 0;
};

} // namespace orderhub::providers::mock
