#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::tables {

// Reading the data files of this folder. They are compiled in, so a line that has not its form is a
// fault of the build and aborts.

std::vector<std::string_view> split(std::string_view text, char at);

/// The lines of a tab-separated table that are neither empty nor begin with `#`, each as exactly
/// `columns` texts.
std::vector<std::vector<std::string_view>> rows_of(std::string_view table, std::size_t columns);

std::string upper_ascii(std::string_view text);

/// Of a postal code: without spaces, hyphens and dots.
std::string without_separators(std::string_view code);

} // namespace orderhub::tables
