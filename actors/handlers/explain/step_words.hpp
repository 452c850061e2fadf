#pragma once
#include "journal/record.hpp"
#include "providers/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What steps and vendors' answers are called before people. No personal data: of a value only ids
/// and amounts, of a request only its method and those parts of its path that are no values.
namespace orderhub::handlers {

/// `the label`, `bought`: at Shippo the label was to be bought.
struct step_words {
  std::string_view thing, done;
  std::string_view twice; ///< What it means where it happens twice.
};
/// Of a step by its name in the journal.
step_words words_of(std::string_view step);

/// Whether it does something that counts at its vendor: a read, and a question for rates, do not.
bool has_effect(std::string_view operation);

/// `Stripe`; what has no title is called by its name.
std::string title_of_vendor(std::string_view vendor);

/// What a step's value says: `charged 42.00 USD, ch_…`; `done` of what nobody knows better.
/// `currency`: the order's, lower case.
std::string shown_value(std::string_view operation, std::string_view value,
                        std::string_view currency);

/// How a step's calls look: `POST /transactions`. Without its query, and `…` for a segment that is
/// no plain word. Of an operation of a configured provider only the method, since nobody knows
/// what its path is made of.
std::string shown_call(std::string_view operation, const providers::http_request& request);

/// The request of a step as its intent holds it; of one that is not held (`may_repeat`) method and
/// path as its operation has them. Empty where nobody knows.
providers::http_request call_of(const journal::effect_payload& intent);

/// The look-up by which that step is asked for; nothing where it cannot be.
std::optional<providers::http_request> lookup_of(const journal::effect_payload& intent,
                                                 std::string_view key, unix_ms first_sent_at);

} // namespace orderhub::handlers
