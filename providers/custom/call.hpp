#pragma once
#include "providers/custom/description.hpp"
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace orderhub::providers::custom {

using description_ptr = std::shared_ptr<const description>;

struct custom_outcome {
  int status = 0;    ///< Of the success, as the provider answered it; 0: found by a look-up.
  std::string shown; ///< What `show` points at, at most 200 bytes; mostly empty.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<custom_outcome> decode(std::string_view json);
  friend bool operator==(const custom_outcome&, const custom_outcome&) = default;
};

/// One call of a provider as its description says. The operation holds the description.
///
/// A status of `success` is one where what `proof` points at is there, else it is doubt; `terminal`
/// is `rejected`, `retryable` is `unavailable`; every other means what it means of a call that acts
/// (`policy/refusal.hpp`).
operation<custom_outcome> call(const description_ptr& what, const step_ref& ref,
                               const values& with);

/// The same for one whose description is gone, all but its names: nothing of it is ever sent or
/// read.
operation<custom_outcome> gone(const description_ptr& what, const step_ref& ref);

/// `oh-` and 32 hexadecimal digits of the SHA-256 of hub, order, step and attempt.
std::string reference_of(const step_ref& ref);

} // namespace orderhub::providers::custom
