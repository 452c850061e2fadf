#pragma once
#include "actors/host/ingress.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <string>
#include <string_view>

namespace orderhub::host {

/// `{"code":…,"message":…}`.
std::string error_body(std::uint16_t status, std::string_view message);

call_response response_of(const result<std::string>& outcome, const invocation_id& id);
/// Of an invocation that has ended, as the journal holds it.
call_response response_of_ended(const journal::invocation_state& ended);
call_response failure(std::uint16_t status, std::string_view message);
/// 503 for a call whose input is not on disk and does not get there for now.
call_response not_stored(std::string_view reason);
/// `{"invocationId":…,"status":…}` with 202.
call_response accepted(const invocation_id& id, bool previously);

} // namespace orderhub::host
