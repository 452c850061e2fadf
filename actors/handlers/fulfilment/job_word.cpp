#include "actors/handlers/fulfilment/job_word.hpp"

#include "actors/handlers/strict_json.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

/// The first of these members that is printable and no longer than so.
std::string shown(const json& said, std::initializer_list<const char*> names,
                  std::size_t size_max) {
  for (const char* name : names) {
    const auto it = said.find(name);
    if (it == said.end() || !it->is_string())
      continue;
    const auto& text = it->get_ref<const std::string&>();
    if (text.size() <= size_max && std::all_of(text.begin(), text.end(), [](char c) {
          return c > 0x20 && c < 0x7f && c != '<';
        }))
      return text;
  }
  return {};
}

} // namespace

void read_tracking(std::string_view text, fulfilment_facts& to) {
  constexpr std::size_t number_size_max = 100;
  constexpr std::size_t url_size_max = 500;
  if (!check_json(text)) // Not of ours, and not bounded otherwise.
    return;
  const auto said = json::parse(text, nullptr, false);
  if (!said.is_object())
    return;
  to.tracking_number = shown(said, {"trackingNumber", "tracking_number"}, number_size_max);
  if (auto url = shown(said, {"trackingUrl", "tracking_url"}, url_size_max);
      url.starts_with("https://"))
    to.tracking_url = std::move(url);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t size_max = 200;
  if (text.size() <= size_max)
    return std::string(text);
  auto end = size_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return std::string(text.substr(0, end));
}

} // namespace orderhub::handlers
