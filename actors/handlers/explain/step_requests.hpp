#pragma once
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "providers/http_message.hpp"

#include <optional>
#include <string_view>

namespace orderhub::handlers {

/// The step that somebody means by its ref (`inv_…:4`) or by its name.
struct meant_step {
  const explained_step* step = nullptr; ///< Of the explanation; null: there is none, or several.
  bool is_ambiguous = false;            ///< Several have that name.
};
/// Among those that have not ended.
meant_step open_step(const explanation& e, std::string_view wanted);
/// Among all of them: by a name the one that is open, and where none is the one that has ended.
meant_step any_step(const explanation& e, std::string_view wanted);

/// A request without base URL, secrets and idempotency key. Unlike an explanation it holds what the
/// order's customer is called and where he lives.
struct step_request {
  providers::http_request wire;
  bool is_whole = false; ///< Else its bytes are not known: method and path are all, or less.
};
struct step_requests {
  step_request sent; ///< Whole where the journal keeps its bytes.
  /// What would leave if it were retried now. Nothing where nothing would, and where nobody knows
  /// what it looks like: the look-up of a configured provider.
  std::optional<step_request> retried;
};
/// `step` is one of those that the same objects are explained by, at the same moment.
std::optional<step_requests> requests_of(const order_objects& objects, const explained_step& step,
                                         const explain_now& now);

} // namespace orderhub::handlers
