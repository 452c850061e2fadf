#pragma once
#include <span>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// A rule by which a request may be refused. A vendor's rule refuses only what the vendor would
/// refuse later, after it was charged or not; one of ours may refuse more, and says why in API.md.
struct request_rule {
  std::string_view id;     ///< As refusals name it: `[item-price]`.
  std::string_view vendor; ///< `stripe`; empty: ours.
  std::string_view source; ///< Where the vendor says so; of ours: the reason.
  std::string_view right;  ///< An example of what is right, as JSON of the field.
};

std::span<const request_rule> request_rules();
/// Null where there is none.
const request_rule* find_rule(std::string_view id);

/// The end of a refusal: what must hold, an example, the rule: `must be an integer, such as 2
/// [item-quantity]`. `right` takes the place of the rule's own example. The rule must be in the
/// table.
std::string refusal(std::string_view rule, std::string_view must, std::string_view right = {});

} // namespace orderhub::handlers
