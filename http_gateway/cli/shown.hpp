#pragma once
#include <string>
#include <string_view>

/// The hub's answers, JSON texts, as tables for a terminal. What is not there is shown as `-`.
namespace orderhub::http_gateway::cli {

std::string shown_order(std::string_view answer);
std::string shown_records(std::string_view answer);
std::string shown_matches(std::string_view answer);
std::string shown_status(std::string_view answer);
std::string shown_vendor(std::string_view answer);
/// A plan's lines, each `  step vendor: what`; of a plan for one order.
std::string shown_plan(std::string_view answer);
/// A customer and bodies.
std::string shown_revealed(std::string_view answer);
std::string shown_vendor_action(std::string_view answer);
std::string shown_bulk(std::string_view answer);
std::string shown_bulk_action(std::string_view answer);
std::string shown_webhook(std::string_view answer);
std::string shown_webhook_action(std::string_view answer);
/// The sentence of a refusal; the body where it is none.
std::string shown_problem(std::string_view answer);
/// The same, with the option's name where the refusal begins with that of its field.
std::string shown_problem(std::string_view answer, std::string (*option_of)(std::string_view));
/// `--older-than` for `older_than`.
std::string option_of_field(std::string_view field);

} // namespace orderhub::http_gateway::cli
