#pragma once
#include "journal/base/result.hpp"
#include "providers/custom/values.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::custom {

/// A text with `{{name}}` in it, checked once.
class text_template {
public:
  /// Fails with `invalid`, the reason beginning with `must`, where a brace is not closed, or names
  /// no value. `more` names what is allowed beside `value_names`.
  static result<text_template> parse(std::string_view text,
                                     const std::vector<std::string_view>& more = {});

  /// As it is.
  [[nodiscard]] std::string filled(const values& with) const;
  /// Of a path and its query: what is filled in is percent-encoded whole, so it stays one segment
  /// or one value. One that is nothing but dots has them encoded too.
  [[nodiscard]] std::string filled_path(const values& with) const;
  /// The whole text is one value: its name; else empty.
  [[nodiscard]] std::string_view only_value() const;
  [[nodiscard]] bool names(std::string_view value) const;

private:
  struct part {
    std::string text; ///< As it stands, or a value's name.
    bool is_value = false;
  };
  std::vector<part> parts_;
};

/// A JSON document with `{{name}}` in its texts. A text that is one value and nothing else becomes
/// that value: a number, a list, `null` where there is none. Every other is filled in and stays one
/// text, so nothing that an order holds can change the document's shape.
class json_template {
public:
  /// Fails with `invalid`, the reason beginning with `must`: no JSON, or what `text_template`
  /// refuses. Names of members stand as they are.
  static result<json_template> parse(std::string_view json);
  [[nodiscard]] bool empty() const { return json_.empty(); }
  [[nodiscard]] bool names(std::string_view value) const;
  [[nodiscard]] std::string filled(const values& with) const;

private:
  std::string json_;
};

} // namespace orderhub::providers::custom
