#pragma once
#include "journal/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

/// Largest template, in bytes.
inline constexpr std::size_t template_size_max = std::size_t{64} * 1'024;

/// A name that a template may use.
struct template_name {
  std::string_view name;
  bool is_flag = false;   ///< It has no text: it opens sections, `{{#isCancelled}}`.
  bool is_always = false; ///< Its text is never empty.
};

/// What the names stand for; a name that is missing stands for nothing.
using template_values = std::map<std::string, std::string, std::less<>>;

enum class escaping : std::uint8_t { none, html };

/// A text with Mustache's tags (mustache.5): `{{name}}`, `{{#name}}…{{/name}}` where the name
/// stands for something, `{{^name}}…{{/name}}` where it does not, `{{! a comment }}`, `{{=<%
/// %>=}}`. Immutable; `render` may be called by several threads.
class text_template {
public:
  /// Fails with `invalid`, saying what is wrong: larger than `template_size_max`, no UTF-8, a
  /// control character, tags that do not close, a name that is none of these, a partial, a flag
  /// where a text is wanted, nothing to show, and of HTML a text that is shown as it came. All
  /// sections are tried, whatever they are within.
  static result<text_template> parse(std::string_view bytes, std::span<const template_name> names,
                                     escaping how);

  /// HTML's five characters are escaped where it is HTML.
  [[nodiscard]] std::string render(const template_values& values) const;

private:
  struct parsed;
  explicit text_template(std::shared_ptr<parsed> p) : parsed_(std::move(p)) {}

  std::shared_ptr<parsed> parsed_;
};

} // namespace orderhub::handlers
