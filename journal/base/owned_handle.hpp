#pragma once
#include <memory>

namespace orderhub {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

/// What a C library made, and its function that frees it: `owned_handle<BIO, BIO_free_all>`.
template <class T, auto Free>
using owned_handle = std::unique_ptr<T, freed_by<Free>>;

} // namespace orderhub
