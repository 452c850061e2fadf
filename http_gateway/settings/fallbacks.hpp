#pragma once
#include "http_gateway/settings/settings.hpp"
#include "journal/base/result.hpp"

namespace orderhub::http_gateway {

/// Ties the pages that `fallback.mail` and `fallback.sms` name to the operations that they do in
/// another's place, and looks whether every page is called at all and sends what it is for. Fails
/// with `invalid`, naming the setting: a page that is not there, that is called after something of
/// its own, or does another operation; two for one operation; one that has no value for the
/// receiver or the text.
result<void> name_fallbacks(settings& s);

} // namespace orderhub::http_gateway
