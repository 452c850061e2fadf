#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"
#include "providers/twilio/send_sms.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::twilio {

struct read_sms_request {
  step_ref ref;
  std::string sid; ///< `SM…`
};

/// Whether a message in that status goes on no more.
bool is_final(std::string_view status);

/// What has become of a message so far. Only reads. `rejected`: it was not delivered, with Twilio's
/// code (`undelivered: 30007`); `invalid`: there is no such message.
operation<sms_outcome> read_sms(const read_sms_request& request);

} // namespace orderhub::providers::twilio
