#include "providers/policy/refusal.hpp"
#include "tests/support/catch2.hpp"

#include <string>

namespace orderhub::providers {

// Statuses and reasons as the adapters give them (tests/golden/http).
TEST_CASE("a vendor's limit is told from what else may pass", "[providers][refusal]") {
  struct row {
    int status;
    error_kind kind;
    const char* reason;
    bool is_limit;
  };
  for (const auto& [status, kind, reason, is_limit] : {
           row{429, error_kind::unavailable, "429 invalid_request_error: rate_limit", true},
           row{429, error_kind::unavailable, "429", true},
           row{403, error_kind::unavailable, "403 invalid_request_error: rate_limit", true},
           row{403, error_kind::unavailable, "403", true},
           row{200, error_kind::unavailable, "ratelimited", true},
           row{200, error_kind::unavailable, "rate_limited", true},
           row{200, error_kind::unavailable, "message_limit_exceeded", true},
           // A lock on one object, a migration, a request too early, a server error.
           row{429, error_kind::unavailable, "429 invalid_request_error: lock_timeout", false},
           row{403, error_kind::unavailable, "403 invalid_request_error: lock_timeout", false},
           row{200, error_kind::unavailable, "team_added_to_org", false},
           row{425, error_kind::unavailable, "425", false},
           row{503, error_kind::unavailable, "503", false},
           // Another meaning.
           row{403, error_kind::misconfigured, "403", false},
           row{400, error_kind::invalid, "400: rate_limit", false},
           row{200, error_kind::in_doubt, "unreadable success body", false},
       }) {
    CAPTURE(status, reason);
    CHECK(meets_limit({status, {}, {}}, {kind, "test", reason}) == is_limit);
  }
}

} // namespace orderhub::providers
