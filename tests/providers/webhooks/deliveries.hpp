#pragma once
#include "providers/http_message.hpp"
#include "providers/webhooks/vendors.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::testing {

/// A delivery that owns its bytes.
struct sent_delivery {
  std::string body;
  std::string target = "/webhooks/any";
  header_list headers = {};
  std::int64_t now_s = 1'760'000'000;

  [[nodiscard]] webhooks::delivery view() const { return {body, target, &headers, now_s}; }
};

/// The hub that the events of these tests name.
inline constexpr const char* own_hub = "0123456789abcdef0123456789abcdef";

webhooks::verification verify(std::string_view vendor, const sent_delivery& sent,
                              const std::vector<std::string>& secrets,
                              std::string_view public_url = {});
webhooks::reading read(std::string_view vendor, const sent_delivery& sent);
/// The only event of a body; the case fails where it is none.
webhooks::event read_one(std::string_view vendor, const sent_delivery& sent);
webhooks::event read_one(std::string_view vendor, std::string body);

} // namespace orderhub::providers::testing
