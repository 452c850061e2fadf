#pragma once
#include "journal/base/result.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace orderhub::testing {

/// The value of what the test's own set-up needs. Without it nothing that follows would mean
/// anything, so the program ends.
template <class T>
T must(result<T> r) {
  if (!r) {
    std::fprintf(stderr, "test set-up: %s\n", r.error().message.c_str());
    std::abort();
  }
  return std::move(*r);
}

} // namespace orderhub::testing
