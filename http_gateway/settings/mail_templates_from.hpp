#pragma once
#include "actors/handlers/notifications/mail_templates.hpp"
#include "journal/base/result.hpp"

#include <memory>
#include <string>

namespace orderhub::http_gateway {

/// The mails' templates: those of that directory, and the built-in ones for what is not in it.
/// Empty: the built-in ones alone. Names that begin with a dot and those without one of the
/// templates' endings (a README) are none. Fails with `invalid`, naming the setting or the file:
/// what cannot be read, is larger than a template may be, or is refused by
/// `handlers::mail_templates::with`.
result<std::shared_ptr<const handlers::mail_templates>>
mail_templates_from(const std::string& directory);

} // namespace orderhub::http_gateway
