#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// Reads the fields of a request's JSON, and keeps the first complaint: `shipping.zip is missing.`
/// A handle to one object of the request; the readers of its inner objects share the document and
/// the complaint. A field that is `null` counts as one that is not there.
///
/// The getters go on after a complaint and return a harmless value, so a caller checks `problem`
/// once, where it has read a part.
class field_reader {
public:
  /// Longest text that `text` takes, in bytes.
  static constexpr std::size_t text_max = 500;
  /// Greatest magnitude that `integer` takes.
  static constexpr std::int64_t integer_max = 1'000'000'000'000;

  /// The outermost object. `body` was checked (`check_json`). Nothing where it is no object.
  static std::optional<field_reader> parse(std::string_view body);

  [[nodiscard]] bool has(const char* name) const;
  /// Names of the fields that are there, in byte order.
  [[nodiscard]] std::vector<std::string> names() const;
  /// What stands before a name in a complaint: `items[2].`, empty at the outermost object.
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Without control characters; not blank where it is required. Empty where it is missing.
  std::string text(const char* name, bool required);
  /// As sent, line breaks and control characters too. Empty where it is missing, and with a
  /// complaint where it is no string or longer than `text_max`.
  std::string written(const char* name);
  /// As sent, of a JSON string or number: what measures are given in. Nothing where it is neither.
  [[nodiscard]] std::optional<std::string> text_or_number(const char* name) const;
  /// `unit` completes the complaint: ` in the currency's minor unit`. 1 where it is wrong.
  std::int64_t positive(const char* name, const char* unit);
  /// 0 where it is missing or wrong; it complains where it is required or no integer.
  std::int64_t integer(const char* name, bool required);
  /// Nothing where it is missing, no integer, or greater than `integer_max`; complains of nothing.
  [[nodiscard]] std::optional<std::int64_t> whole_number(const char* name) const;
  /// False where it is missing.
  bool flag(const char* name);
  std::optional<field_reader> object(const char* name, bool required);
  /// Of a list of objects; each element's path is `name[index].`. It complains where it is missing
  /// and required, no list, or an element is no object.
  std::vector<field_reader> objects(const char* name, bool required);

  /// The first complaint counts.
  void complain(const std::string& name, const std::string& what);
  /// A complaint that is a sentence of its own.
  void complain(std::string sentence);
  /// The first complaint about any part of the request; empty where there is none.
  [[nodiscard]] const std::string& problem() const;
  /// Nothing to complain about, or 400 with the first complaint.
  [[nodiscard]] result<void> verdict() const;

private:
  struct document;
  field_reader(std::shared_ptr<document> whole, const void* object, std::string path)
      : document_(std::move(whole)), object_(object), path_(std::move(path)) {}
  [[nodiscard]] const void* find(const char* name) const;

  std::shared_ptr<document> document_;
  const void* object_; ///< Into the document.
  std::string path_;
};

} // namespace orderhub::handlers
