#pragma once
#include "journal/base/ids.hpp"
#include "journal/store.hpp"

#include <iosfwd>
#include <optional>

namespace orderhub::journal {

struct dump_options {
  /// Prints what requests, states and answers contain. They hold personal data; without it the
  /// printer gives sizes. Secrets are not in a journal at all.
  bool bodies = false;
  std::optional<table> only; ///< This table alone.
  log_sequence from = 0;     ///< Records of the log from here on.
  std::string object;        ///< Only lines that speak of this `service/key`; empty: all.
};

/// One line of JSON a record and row. A row that cannot be read is a line too, with `damaged`.
result<void> dump(const reader& tables, std::ostream& out, const dump_options& options);

/// The table of that name.
std::optional<table> table_named(std::string_view name);

} // namespace orderhub::journal
