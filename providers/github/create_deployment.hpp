#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::github {

struct deployment_request {
  step_ref ref;
  std::string repository;  ///< `owner/name`
  std::string git_ref;     ///< A full SHA, a branch or a tag.
  std::string environment; ///< `production`
  std::string for_order;   ///< The order it is for, in payload and description; empty: none.
};

struct deployment_outcome {
  std::int64_t id = 0;
  std::string sha; ///< That is deployed.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<deployment_outcome> decode(std::string_view json);
  friend bool operator==(const deployment_outcome&, const deployment_outcome&) = default;
};

/// Creates one deployment, whatever the commit's checks say (`required_contexts: []`), and never a
/// merge (`auto_merge: false`, else GitHub may answer 202 and create nothing). Two equal requests
/// make two deployments; what proves one is the list of its environment and task, whose payloads
/// say whose step each is: `hub`, `order_id` (the workflow), `step`, `attempt`, `generation`.
///
/// `invalid`: 422, 409 and the rest.
operation<deployment_outcome> create_deployment(const deployment_request& request);

} // namespace orderhub::providers::github
