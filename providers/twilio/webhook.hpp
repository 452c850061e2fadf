#pragma once
#include "providers/webhooks/vendors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::twilio {

/// `X-Twilio-Signature`: base64 of HMAC-SHA1 under the account's token, of the whole public URL
/// and, for a form, each parameter's name and value behind it, sorted by name; of a repeated name
/// the distinct values, sorted. For JSON the URL alone, which has the body's SHA-256 in
/// `bodySHA256`. (npm `twilio` 6.2.0 `lib/webhooks/webhooks.js`.)
///
/// The URL is what Twilio was given: `public_url` and the target as it came. Without `public_url`
/// it is `http://` and the Host header. X-Forwarded-* is never believed. The port is tried as it
/// stands, without it, and with the scheme's own.
///
/// No time is signed; a status callback is known again by message and status. Twilio tries again
/// for 15 s at most.
webhooks::source webhook_source();

/// The text that is signed, for the URL as it stands there. Nothing where the form is malformed.
std::optional<std::string> signed_text(std::string_view url, std::string_view form_body);
/// The ways in which Twilio may have written a URL, the URL as it stands first.
std::vector<std::string> spellings_of(std::string_view url);

} // namespace orderhub::providers::twilio
