#pragma once
#include "providers/http_message.hpp"

#include <string>
#include <vector>

namespace orderhub::testing {

/// A slice of a vendor's API description, as in tests/golden/specs, or one of our own contracts, an
/// OpenAPI 3 document as in providers/contracts. Holds each request against it
/// the way the vendor would: an operation of that method and path must exist, its query, form or
/// JSON body must have what is required and nothing unknown, with types, enums, lengths and sizes
/// as described (`$ref`, `anyOf`, `items`, `additionalProperties` included).
///
/// Stricter than the slices themselves in one way: a described object takes no undescribed member
/// unless it allows them or describes none at all.
class spec_check {
public:
  /// Throws std::runtime_error where the file is not readable.
  explicit spec_check(const std::string& path);

  /// Every complaint, each with the place it is about; empty where the vendor would take it.
  [[nodiscard]] std::vector<std::string> complaints(const providers::http_request& request) const;

private:
  std::string text_; ///< The slice; parsed per call, so that no header needs the JSON library.
};

} // namespace orderhub::testing
