#pragma once
#include "actors/handlers/field_reader.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// A name under which people send a field. `spelled` in lower case without `_`, `-` and spaces: how
/// the rest of the name is written does not count (`address_2`, `Address2`).
struct field_alias {
  std::string_view spelled;
  std::string_view meaning;
};

/// The fields of an object by what they mean, under whatever known name they were sent.
class known_fields {
public:
  known_fields(field_reader object, std::span<const field_alias> aliases);

  /// The names under which that was sent, as they were spelled.
  [[nodiscard]] std::vector<std::string> names_of(std::string_view meaning) const;
  /// Whether that was sent.
  [[nodiscard]] bool has(std::string_view meaning) const { return !names_of(meaning).empty(); }
  /// The first of these names; `otherwise` where there is none.
  [[nodiscard]] std::string name_of(std::string_view meaning, std::string_view otherwise) const;

  /// The field as lines (`read_written`), without control characters; none where it is missing or
  /// blank. It complains where two names of it have different content, or one is no text.
  std::vector<std::string> lines(std::string_view meaning);
  /// The same as one line: it complains of a line break inside.
  std::string line(std::string_view meaning);

  /// A text that machines read, as it was sent but for spaces, tabs and line breaks around it: what
  /// nobody sees in it stays, so that it can be refused.
  std::string exact(std::string_view meaning);

  /// The names that mean nothing here, as `folded` and as they were spelled.
  struct unknown_field {
    std::string folded, spelled;
  };
  [[nodiscard]] const std::vector<unknown_field>& unknown() const { return unknown_; }

  field_reader& reader() { return object_; }

private:
  void complain_of_difference(const std::string& name, const std::string& other);

  struct sent {
    std::string_view meaning;
    std::string spelled;
  };
  field_reader object_;
  std::vector<sent> sent_;
  std::vector<unknown_field> unknown_;
};

/// A field's name in lower case without `_`, `-` and spaces.
std::string folded_name(std::string_view name);

} // namespace orderhub::handlers
