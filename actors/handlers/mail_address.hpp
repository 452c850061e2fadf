#pragma once
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What SendGrid takes as an address, and no more: one `local@domain` of at most 254 bytes, the
/// local part a dot-atom of at most 64 (RFC 5322 3.2.3; other scripts by RFC 6532, which SendGrid
/// takes since 2025), the domain a name of at least two labels that is a host's, in any script (UTS
/// 46). No `mailto:`, display name, quoted local part, address literal or invisible character.
bool is_mail_address(std::string_view text);

/// The same address as Shippo takes it ("RFC3696/5321-compliant"): a domain of another script in
/// its ASCII form. Empty where the local part has no such form.
std::string ascii_mail_address(std::string_view address);

} // namespace orderhub::handlers
