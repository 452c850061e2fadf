#include "providers/webhooks/vendors.hpp"

#include "providers/github/webhook.hpp"
#include "providers/sendgrid/webhook.hpp"
#include "providers/shippo/webhook.hpp"
#include "providers/slack/webhook.hpp"
#include "providers/stripe/webhook.hpp"
#include "providers/twilio/webhook.hpp"

namespace orderhub::providers::webhooks {

const std::vector<source>& sources() {
  static const std::vector<source> all = {stripe::webhook_source(), sendgrid::webhook_source(),
                                          shippo::webhook_source(), slack::webhook_source(),
                                          twilio::webhook_source(), github::webhook_source()};
  return all;
}

const source* find_source(std::string_view vendor) {
  for (const auto& one : sources())
    if (one.vendor == vendor)
      return &one;
  return nullptr;
}

} // namespace orderhub::providers::webhooks
