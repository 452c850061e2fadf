#pragma once
#include "journal/base/error.hpp"

#include <utility>

#include <tl/expected.hpp>

namespace orderhub {

/// A value or an `error`. Dropping one is a compile error: a lost journal write must not build.
template <class T>
class [[nodiscard]] result : public tl::expected<T, error> {
  using base = tl::expected<T, error>;

public:
  using base::base;
  result(base other) : base(std::move(other)) {}

  /// The error as the failure of another result: `return rows.failure();`. Moves it out; only
  /// where there is one.
  [[nodiscard]] tl::unexpected<error> failure() {
    return tl::unexpected<error>(std::move(this->error()));
  }
  [[nodiscard]] tl::unexpected<error> failure() const {
    return tl::unexpected<error>(this->error());
  }
};

/// The failure side of any `result`.
inline tl::unexpected<error> fail(error e) {
  return tl::unexpected<error>(std::move(e));
}

} // namespace orderhub
