#pragma once
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "tests/simulation/world/world.hpp"

#include <string>

namespace orderhub::testing {

/// What a world's journal holds of an order.
handlers::order_objects objects_of(const world& w, const std::string& key = "1");
/// The moment, with the vendors as the world's gate has them.
handlers::explain_now now_of(const world& w);
handlers::explanation explained(const world& w, const std::string& key = "1");

/// A text in which times, ids and keys have numbers in the order in which they come, `<time 1>`, so
/// that it says which of them are the same; spans, sizes and sequence numbers have none. No draw of
/// chance is in it.
std::string without_chance(const std::string& text);

/// What is wrong with that text against the golden file of that name; empty: nothing. With
/// ORDERHUB_WRITE_GOLDEN=DIR it is written there instead.
std::string differs_from_golden(const std::string& name, const std::string& text);

} // namespace orderhub::testing
