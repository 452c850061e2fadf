#pragma once
#include "actors/handlers/strict_json.hpp"

#include <string_view>

namespace orderhub::handlers {

/// Whether a text holds what looks like a card's number: 13 to 19 digits in a range of some network
/// (`providers/tables/card_networks.tsv`) that pass Luhn's check, however they are spaced or
/// separated, in any script's digits (full-width ones too), alone or within other text.
///
/// No card's number are: what is longer, a part of one unbroken run of digits, a UUID, a word of 20
/// or more hexadecimal digits, a telephone number with its `+`, and 13 digits where `field` is one
/// of trade items (with GS1's own check digit) or telephones (`providers/tables/digit_fields.tsv`).
/// Where it may be either, it is taken for a card's: a shop can spell its own number another way,
/// and a card's number in a log or a backup cannot be taken back.
///
/// `text` is valid UTF-8. Takes time in proportion to its length.
bool holds_card_number(std::string_view field, std::string_view text);

/// Of any field of a request, known or not, name or value: nothing of one that holds a card's
/// number is stored, logged or sent.
const json_rule& no_card_numbers();

} // namespace orderhub::handlers
