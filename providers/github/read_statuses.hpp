#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::github {

struct statuses_request {
  step_ref ref;
  std::string repository; ///< `owner/name`
  std::int64_t deployment = 0;
};

/// The latest status of a deployment.
struct deployment_status {
  std::int64_t id = 0; ///< The later, the greater; 0: it has none yet.
  /// `error`, `failure`, `inactive`, `in_progress`, `queued`, `pending`, `success`; empty with id
  /// 0.
  std::string state;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<deployment_status> decode(std::string_view json);
  friend bool operator==(const deployment_status&, const deployment_status&) = default;
};

/// Whether a deployment in that state goes on no more.
bool is_final(std::string_view state);

/// What has become of a deployment so far. Only reads. `rejected`: there is no such deployment.
operation<deployment_status> read_statuses(const statuses_request& request);

} // namespace orderhub::providers::github
