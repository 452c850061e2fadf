#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "journal/base/result.hpp"
#include "providers/operation.hpp"

#include <utility>

namespace orderhub::durable {

/// Whether a step's failure says that it did not happen, and never will: refused, or given up
/// before anything left. What may have happened (`missed`), what was done before and what was
/// cancelled is no reason to let another vendor do it.
inline bool is_definite(const error& why) {
  return why.kind == error_kind::invalid || why.kind == error_kind::rejected ||
         why.kind == error_kind::unavailable;
}

/// An effect at one vendor, and only where it is definite that it did not happen there, the same at
/// another: a second provider of mail or SMS. `first` gives way where its vendor's breaker is open
/// before anything has left; in doubt it stays with its vendor until that is resolved. Both are
/// steps of the journal, so a replay takes the same way. The value of one, or the failure of the
/// second.
template <class T>
task<result<T>> effect_or(context ctx, providers::operation<T> first,
                          providers::operation<T> second) {
  first.raw.gives_way = true;
  auto done = co_await ctx.effect(std::move(first));
  if (done || !is_definite(done.error()))
    co_return done;
  co_return co_await ctx.effect(std::move(second));
}

} // namespace orderhub::durable
