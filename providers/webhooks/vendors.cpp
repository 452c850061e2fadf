#include "providers/webhooks/vendors.hpp"

#include "providers/stripe/webhook.hpp"

namespace orderhub::providers::webhooks {

const std::vector<source>& sources() {
  static const std::vector<source> all = {stripe::webhook_source()};
  return all;
}

const source* find_source(std::string_view vendor) {
  for (const auto& one : sources())
    if (one.vendor == vendor)
      return &one;
  return nullptr;
}

} // namespace orderhub::providers::webhooks
