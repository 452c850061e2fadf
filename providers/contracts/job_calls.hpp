#pragma once
#include "providers/contracts/job.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::contracts {

/// The three calls of a kind of job. A template over the kind, since the functions of an operation
/// are plain ones. Internal to the services' folders.
template <const job_kind& Kind>
class job_calls {
public:
  static operation<job_outcome> create(const job_request& request) {
    auto raw =
        keyed_post(creating, Kind.vendor, request.ref, std::string(Kind.path), job_body(request));
    raw.read_lookup = &look_up_created;
    return {std::move(raw)};
  }

  static operation<job_outcome> cancel(const step_ref& ref) {
    auto raw = keyed_post(cancelling, Kind.vendor, ref, job_target(Kind, ref, "cancel"),
                          metadata_body(ref));
    raw.compensates = true;
    raw.read_lookup = &look_up_cancelled;
    return {std::move(raw)};
  }

  static operation<job_outcome> read(const step_ref& ref) {
    raw_operation raw;
    raw.name = Kind.read_name;
    raw.vendor = Kind.vendor;
    raw.call_class = "read";
    raw.ref = ref;
    raw.request = {"GET", job_target(Kind, ref), {}, {}};
    raw.deadline_ms = deadline_ms;
    raw.doubt = doubt_policy::may_repeat;
    raw.has_effect = false;
    raw.parse = &parse_read;
    raw.is_about = &is_about;
    return {std::move(raw)};
  }

private:
  static bool is_about(const sent_request& sent, const http_response& response) {
    return is_about_job(Kind, sent, response);
  }
  static result<std::string> parse_created(const http_response& response) {
    return read_job(Kind, response, Kind.create_name);
  }
  static result<std::string> parse_cancelled(const http_response& response) {
    return read_cancelled(Kind, response, Kind.cancel_name);
  }
  static result<std::string> parse_read(const http_response& response) {
    return read_standing(Kind, response, Kind.read_name);
  }
  static lookup_finding look_up_created(const sent_request& sent, const http_response& response) {
    return read_lookup(sent, response, creating);
  }
  static lookup_finding look_up_cancelled(const sent_request& sent, const http_response& response) {
    return read_lookup(sent, response, cancelling);
  }

  static constexpr readers creating{Kind.create_name, &parse_created, &is_about};
  static constexpr readers cancelling{Kind.cancel_name, &parse_cancelled, &is_about};
};

} // namespace orderhub::providers::contracts
