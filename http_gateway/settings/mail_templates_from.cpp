#include "http_gateway/settings/mail_templates_from.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

namespace {

namespace fs = std::filesystem;
using handlers::mail_templates;
using handlers::template_file;

constexpr const char* setting = "ORDERHUB_MAIL_TEMPLATES";

tl::unexpected<error> bad(std::string what) {
  return fail({error_kind::invalid, "settings", std::move(what)});
}

bool is_named_as_template(const std::string& name) {
  constexpr std::string_view endings[] = {".subject", ".txt", ".html"};
  return !name.starts_with('.') &&
         std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

/// One byte more than a template may have, so that what is too large is seen as such.
std::optional<std::string> read_some(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return std::nullopt;
  std::string bytes(handlers::template_size_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad())
    return std::nullopt;
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

} // namespace

result<std::shared_ptr<const mail_templates>> mail_templates_from(const std::string& directory) {
  if (directory.empty())
    return mail_templates::built_in();
  std::error_code failed;
  std::vector<template_file> files;
  for (fs::directory_iterator it(directory, failed), end; !failed && it != end;
       it.increment(failed)) {
    const auto name = it->path().filename().string();
    if (!is_named_as_template(name))
      continue;
    std::error_code ignored;
    auto bytes = it->is_regular_file(ignored) ? read_some(it->path()) : std::nullopt;
    if (!bytes)
      return bad(std::string(setting) + ": " + it->path().string() + " cannot be read.");
    files.push_back({name, std::move(*bytes)});
  }
  if (failed)
    return bad(std::string(setting) + ": the directory " + directory + " cannot be read.");
  // In the same order everywhere, so that of several faults the same one is named.
  std::sort(files.begin(), files.end(),
            [](const template_file& a, const template_file& b) { return a.name < b.name; });
  auto mails = mail_templates::with(files);
  if (!mails)
    return bad(std::string(setting) + ": in " + directory + ", " + mails.error().message + '.');
  return mails;
}

} // namespace orderhub::http_gateway
