#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/hub_journal.hpp"
#include "journal/record.hpp"

#include <optional>
#include <string>

namespace orderhub::durable {

/// How an invocation has ended; nothing where it has not, is not known any more, or cannot be read.
inline std::optional<result<std::string>> end_of(const journal::hub_journal& journal,
                                                 const invocation_id& id) {
  const auto row = journal.find_invocation(id);
  if (!row || !*row || !(*row)->invocation.finished)
    return std::nullopt;
  auto outcome = journal::decode_result((*row)->invocation.output);
  return outcome ? std::optional(std::move(*outcome)) : std::nullopt;
}

} // namespace orderhub::durable
