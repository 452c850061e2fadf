#pragma once
#include "journal/base/result.hpp"
#include "providers/http_message.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers {

/// What a vendor says where it is shown the key that the hub has. Nothing of it is a secret, or a
/// person's.
struct live_account {
  std::string account; ///< `T0123`; empty: it does not say.
  std::string mode;    ///< `live` or `test`; likewise.
  std::string note;    ///< What the person who asked should know, a sentence; empty: nothing.

  friend bool operator==(const live_account&, const live_account&) = default;
};

/// One harmless read of an endpoint, by which its base and its key can be tried before anything
/// depends on them. Plain data and a pure function, as an operation is.
struct live_read {
  std::string_view endpoint;   ///< Its name in the registry.
  std::string_view credential; ///< The settings that a refused key is of: `STRIPE_API_KEY`.
  http_request request;
  /// Fails with `misconfigured` (key, permission or path), `unavailable` (it may be asked again),
  /// or `invalid`; the message has codes of the vendor and no value.
  result<live_account> (*read)(const http_response&) = nullptr;
  std::string account = {}; ///< As the configuration names it; counts where the answer does not.
};

} // namespace orderhub::providers
