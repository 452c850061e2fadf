#include "actors/handlers/notifications/mail_templates.hpp"

#include <cstdlib>
#include <optional>
#include <utility>

namespace orderhub {
/// The files of `mails/`, compiled in by CMake: name and bytes.
std::span<const std::pair<std::string_view, std::string_view>> built_in_mail_files();
} // namespace orderhub

namespace orderhub::handlers {

namespace {

constexpr std::array<std::string_view, mail_kind_count> names = {
    "confirmation", "tracking", "shipped", "delivered", "cancelled", "refund", "refund_failed"};
constexpr std::array<std::string_view, 3> endings = {".subject", ".txt", ".html"};

constexpr std::uint32_t in(mail_kind kind) {
  return 1U << static_cast<unsigned>(kind);
}
constexpr std::uint32_t everywhere = (1U << mail_kind_count) - 1;
constexpr std::uint32_t of_parcels =
    in(mail_kind::confirmation) | in(mail_kind::shipped) | in(mail_kind::delivered);
constexpr std::uint32_t of_refunds = in(mail_kind::refund) | in(mail_kind::refund_failed);

constexpr std::array variables = {
    mail_variable{"orderId", "the order's key", false, true, everywhere},
    mail_variable{"name", "the customer's name", false, true, everywhere},
    mail_variable{"total", "what the order costs, `42.00 EUR (€42.00)`", false, true, everywhere},
    mail_variable{"trackingNumber", "the parcel's number, where the carrier has given one", false,
                  false, of_parcels},
    mail_variable{"trackingNumber", "the parcel's number", false, true, in(mail_kind::tracking)},
    mail_variable{"trackingUrl", "the carrier's page about the parcel, where it has one", false,
                  false, of_parcels | in(mail_kind::tracking)},
    mail_variable{"amount", "what this refund gives back, where that is known", false, false,
                  of_refunds},
    mail_variable{"isCancelled", "the order was cancelled", true, false, of_refunds},
    mail_variable{"refundOnItsWay", "the money is on its way back", true, false,
                  in(mail_kind::cancelled)},
    mail_variable{"refundPart", "a part of what was paid was given back", true, false,
                  in(mail_kind::cancelled) | in(mail_kind::refund)},
    mail_variable{"refundWhole", "all of what was paid was given back", true, false,
                  in(mail_kind::cancelled) | in(mail_kind::refund)},
};

std::vector<template_name> names_of(mail_kind kind) {
  std::vector<template_name> known;
  for (const auto& v : variables)
    if ((v.mails & in(kind)) != 0)
      known.push_back({v.name, v.is_flag, v.is_always});
  return known;
}

/// Which template a file is; nothing where it is none.
struct place {
  std::size_t mail = 0, part = 0;
};
std::optional<place> place_of(std::string_view file) {
  for (std::size_t mail = 0; mail < names.size(); ++mail)
    for (std::size_t part = 0; part < endings.size(); ++part)
      if (file == std::string(names[mail]).append(endings[part]))
        return place{mail, part};
  return std::nullopt;
}

std::string listed_names() {
  std::string text;
  for (const auto name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string_view without_end(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Editors write a mark of the encoding in front, and an end of line behind a subject.
std::string_view content_of(std::string_view bytes, std::size_t part) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (bytes.starts_with(byte_order_mark))
    bytes.remove_prefix(byte_order_mark.size());
  return part == 0 ? without_end(bytes) : bytes;
}

result<text_template> parse(std::string_view bytes, place at) {
  const auto content = content_of(bytes, at.part);
  if (at.part == 0 && content.find_first_of("\r\n") != std::string_view::npos)
    return fail({error_kind::invalid, "template", "has several lines; a subject is one"});
  const auto known = names_of(static_cast<mail_kind>(at.mail));
  return text_template::parse(content, known, at.part == 2 ? escaping::html : escaping::none);
}

} // namespace

std::string_view name_of(mail_kind kind) {
  return names[static_cast<std::size_t>(kind)];
}

std::span<const mail_variable> mail_variables() {
  return variables;
}

const mail_templates::all_mails& mail_templates::built_in_mails() {
  static const all_mails mails = [] {
    all_mails all;
    for (const auto& [name, bytes] : built_in_mail_files()) {
      const auto at = place_of(name);
      auto made = at ? parse(bytes, *at)
                     : result<text_template>(fail({error_kind::invalid, "template", "no name"}));
      if (!made)
        std::abort(); // The program was built wrong; a test reads them all.
      all[at->mail].parts[at->part] = std::make_shared<const text_template>(std::move(*made));
    }
    return all;
  }();
  return mails;
}

std::shared_ptr<const mail_templates> mail_templates::built_in() {
  static const std::shared_ptr<const mail_templates> all(new mail_templates(built_in_mails()));
  return all;
}

result<std::shared_ptr<const mail_templates>>
mail_templates::with(const std::vector<template_file>& files) {
  auto mails = built_in_mails();
  for (const auto& file : files) {
    const auto at = place_of(file.name);
    if (!at)
      return fail({error_kind::invalid, "template",
                   file.name + " is no template's name: that is one of " + listed_names() +
                       " with .subject, .txt or .html"});
    auto made = parse(file.bytes, *at);
    if (!made)
      return fail({error_kind::invalid, "template", file.name + ' ' + made.error().message});
    mails[at->mail].parts[at->part] = std::make_shared<const text_template>(std::move(*made));
  }
  return std::shared_ptr<const mail_templates>(new mail_templates(std::move(mails)));
}

std::string mail_templates::part(mail_kind kind, std::size_t index,
                                 const template_values& values) const {
  const auto mail = static_cast<std::size_t>(kind);
  auto shown = mails_[mail].parts[index]->render(values);
  if (without_end(shown).empty())
    shown = built_in_mails()[mail].parts[index]->render(values);
  return shown;
}

mail_words mail_templates::render(mail_kind kind, const template_values& values) const {
  return {part(kind, 0, values), part(kind, 1, values), part(kind, 2, values)};
}

} // namespace orderhub::handlers
