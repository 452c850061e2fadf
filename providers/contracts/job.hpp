#pragma once
#include "journal/base/result.hpp"
#include "providers/contracts/wire.hpp"
#include "providers/operation.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::contracts {

// What a service does over hours or days for an order, and says how it stands: the warehouse's pick
// ticket, the carrier's pickup. One a reference.

/// The service's own words for how far it is.
struct job_words {
  std::array<std::string_view, 2> open; ///< Asked for; begun.
  std::string_view done;
};

/// A kind of job, as its document names it. All texts constant.
struct job_kind {
  std::string_view vendor;  ///< `warehouse`
  std::string_view path;    ///< `/v1/pick_tickets`
  std::string_view unknown; ///< `unknown_pick_ticket`
  job_words words;
  std::string_view create_name; ///< Of the operations: `warehouse.create_pick_ticket`
  std::string_view cancel_name;
  std::string_view read_name;
};

enum class job_state : std::uint8_t {
  open,      ///< Asked for, or begun.
  done,      ///< Packed, or picked up.
  cancelled, ///< Also of a cancel where there was nothing.
  failed,    ///< The service cannot do it, and has stopped trying.
};

struct job_outcome {
  job_state state = job_state::open;
  std::string tracking_number = {}; ///< Of a pickup, once there is one.
  std::string tracking_url = {};

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<job_outcome> decode(std::string_view json);
  friend bool operator==(const job_outcome&, const job_outcome&) = default;
};

/// Where goods go. Empty texts are left out.
struct destination {
  std::string name, company, street, street2, city, state, zip, country, phone;

  friend bool operator==(const destination&, const destination&) = default;
};

/// What both services are asked to do. A pickup has no items.
struct job_request {
  step_ref ref;
  std::vector<item_line> items;
  destination ship_to;
  /// By this id the service may tell the hub that it is done; goes into the metadata. Empty: none.
  std::string awakeable = {};
};

// Internal to the calls of the two services.

/// The body of the request that begins a job.
std::string job_body(const job_request& request);
/// The body of one that says nothing but whose step it is.
std::string metadata_body(const step_ref& ref);
std::string job_target(const job_kind& kind, const step_ref& ref, std::string_view verb = {});

/// The job as it stands, whatever its state.
result<std::string> read_job(const job_kind& kind, const http_response& response,
                             std::string_view where);
/// The same of a call that cancels: no other state is its success, and what is unknown is
/// cancelled.
result<std::string> read_cancelled(const job_kind& kind, const http_response& response,
                                   std::string_view where);
/// Of a GET.
result<std::string> read_standing(const job_kind& kind, const http_response& response,
                                  std::string_view where);
/// Whether an answer names the reference of the request, in its body or its path.
bool is_about_job(const job_kind& kind, const sent_request& sent, const http_response& response);

} // namespace orderhub::providers::contracts
