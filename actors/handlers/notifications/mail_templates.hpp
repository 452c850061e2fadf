#pragma once
#include "actors/handlers/notifications/text_template.hpp"
#include "journal/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

/// The mails to a customer. Each has three templates: `confirmation.subject`, `confirmation.txt`
/// and `confirmation.html`.
enum class mail_kind : std::uint8_t {
  confirmation,
  tracking, ///< The number that the confirmation said would follow.
  shipped,  ///< The carrier has the parcel.
  delivered,
  cancelled,
  refund, ///< Money was given back.
  refund_failed,
};
inline constexpr std::size_t mail_kind_count = 7;
/// As files are named.
std::string_view name_of(mail_kind kind);

/// A name that templates may use, and in which mails.
struct mail_variable {
  std::string_view name;
  std::string_view meaning; ///< For people.
  bool is_flag = false;     ///< As of `template_name`.
  bool is_always = false;   ///< Likewise.
  std::uint32_t mails = 0;  ///< Bit `1 << kind` of each.
};
std::span<const mail_variable> mail_variables();

/// A template as it is read from a directory.
struct template_file {
  std::string name; ///< `confirmation.html`
  std::string bytes;
};

struct mail_words {
  std::string subject; ///< One line.
  std::string text;
  std::string html;
};

/// The texts of all mails: the built-in templates, and a shop's in their places. Immutable; shared
/// by threads.
class mail_templates {
public:
  static std::shared_ptr<const mail_templates> built_in();
  /// The built-in ones but for these. Fails with `invalid`, naming the file and what is wrong with
  /// it: no template's name, or what `text_template::parse` refuses; a subject is one line.
  static result<std::shared_ptr<const mail_templates>>
  with(const std::vector<template_file>& files);

  /// A part that shows nothing with these values is the built-in one: no mail is without subject or
  /// text.
  [[nodiscard]] mail_words render(mail_kind kind, const template_values& values) const;

private:
  struct three {
    std::array<std::shared_ptr<const text_template>, 3> parts; ///< Subject, text, HTML.
  };
  using all_mails = std::array<three, mail_kind_count>;

  explicit mail_templates(all_mails mails) : mails_(std::move(mails)) {}
  static const all_mails& built_in_mails();
  [[nodiscard]] std::string part(mail_kind kind, std::size_t index,
                                 const template_values& values) const;

  all_mails mails_;
};

} // namespace orderhub::handlers
