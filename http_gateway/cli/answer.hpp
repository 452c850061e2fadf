#pragma once
#include "http_gateway/cli/client.hpp"
#include "journal/base/result.hpp"

#include <ostream>
#include <string>
#include <string_view>
#include <variant>

/// What the commands that ask a hub have in common.
namespace orderhub::http_gateway::cli {

/// The answer's body; where there is none, `err` is told why, and this is the exit status.
/// `option_of`: what the field that a refusal names is called on the line; null: as it is.
std::variant<std::string, int> body_of(const result<client_answer>& answer, std::ostream& err,
                                       std::string (*option_of)(std::string_view) = nullptr);

/// Makes a text for a terminal of an answer.
using show = std::string (*)(std::string_view answer);
/// Prints the answer, as it came where a program wants it. The exit status.
int print(const std::variant<std::string, int>& body, bool wants_json, show shown,
          std::ostream& out);
int print(const result<client_answer>& answer, bool wants_json, show shown, std::ostream& out,
          std::ostream& err);

/// `live`, `test` or `mock`; empty: the hub does not say. It stands in every question.
std::string mode_of(const client& hub);

/// An `idempotency-key`, under which an action may be asked for again.
std::string new_action_key();

} // namespace orderhub::http_gateway::cli
