#pragma once
#include "journal/base/random.hpp"
#include "providers/http_message.hpp"
#include "providers/mock/operations.hpp"
#include "providers/webhooks/signature.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// What the vendors sign their webhooks with.
struct webhook_keys {
  std::string stripe, shippo, slack, twilio, github; ///< The secrets as text.
  webhooks::signing_key sendgrid;

  /// Of letters and digits, made of `random`; SendGrid's pair is of OpenSSL's own random numbers.
  static webhook_keys make(random_source& random);
  /// What the hub is given for a setting (`stripe.webhook_secret`, SendGrid's public key); empty
  /// for a setting that is none of these.
  [[nodiscard]] std::string text_for(std::string_view setting) const;
};

/// The headers by which a delivery is the vendor's: as each vendor's own library signs
/// (`providers/<vendor>/webhook.hpp`), with Shippo's HMAC. `url` is the whole public URL, which
/// only Twilio signs. Of a service that has no webhooks: none.
header_list sign(vendor_id vendor, const webhook_keys& keys, std::string_view body,
                 std::string_view url, std::int64_t now_s);

} // namespace orderhub::providers::mock
