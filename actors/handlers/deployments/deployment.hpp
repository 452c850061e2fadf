#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What is to be deployed: a checked request.
struct deployment_wanted {
  std::string order_id;    ///< The order it is for; empty: none.
  std::string git_ref;     ///< A branch, a tag or a full commit.
  std::string environment; ///< `production`

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<deployment_wanted> decode(std::string_view bytes);
};

/// Reads `{orderId?, ref, environment}`. Fails with `invalid`, 400, naming the field.
result<deployment_wanted> check_deployment(std::string_view body);

/// What a workflow knows of its deployment. Only grows; merging is commutative and idempotent.
struct deployment_facts {
  unix_ms created_at = 0;         ///< The earliest one counts.
  unix_ms updated_at = 0;         ///< The latest one counts.
  std::int64_t deployment_id = 0; ///< GitHub's; 0: not made yet.
  std::string sha;                ///< The commit that is deployed.
  std::int64_t status_id = 0;     ///< GitHub's, of `state`: the greater is the later.
  std::string state;              ///< `queued`, `in_progress`, `success`, …; empty: none yet.
  /// How the workflow ended: `succeeded`, `failed`, `inactive`, `timed_out`, `refused`; empty: it
  /// has not. Written by the workflow alone.
  std::string ended;
  std::string reason; ///< Why it was refused, or is not followed any more.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<deployment_facts> decode(std::string_view bytes);
  friend bool operator==(const deployment_facts&, const deployment_facts&) = default;
};

deployment_facts merge(const deployment_facts& a, const deployment_facts& b);
/// The service's merge function, on the bytes of the state entry `facts`.
std::string merge_deployment(std::string_view entry, const std::string* current,
                             std::string_view delta);

/// The one table from facts to status: `creating`, `created`, then GitHub's `queued`, `pending`,
/// `in_progress`, and how it ended.
std::string status_of(const deployment_facts& facts);
/// How it ended by GitHub's final state; empty where that is none.
std::string_view end_of(std::string_view state);

/// The response of `run` and `GetStatus`.
std::string deployment_response(const std::string& key, const deployment_wanted& wanted,
                                const deployment_facts& facts);

} // namespace orderhub::handlers
