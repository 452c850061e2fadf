#include "actors/runtime/messages.hpp"

#include <array>

namespace orderhub::runtime {

std::string_view name_of(const object_event& event) {
  static constexpr std::array<std::string_view, 10> names = {
      "input", "message", "awakeable", "operator", "answer",
      "place", "durable", "tick",      "wake",     "activation_failed"};
  static_assert(names.size() == std::variant_size_v<object_event>);
  return names.at(event.index());
}

} // namespace orderhub::runtime
