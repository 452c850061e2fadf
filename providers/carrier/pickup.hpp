#pragma once
#include "providers/contracts/job.hpp"

namespace orderhub::providers::carrier {

/// Has the parcel fetched. The outcome is the pickup as it stands, maybe with a tracking number
/// already; `rejected`: the reference stands for another destination.
operation<contracts::job_outcome> request_pickup(const contracts::job_request& request);

/// Nobody comes for the parcel. `cancelled`, also where there is no pickup. `rejected`: it was
/// picked up (`too_late`).
operation<contracts::job_outcome> cancel_pickup(const step_ref& ref);

/// How it stands. `rejected`: there is none.
operation<contracts::job_outcome> read_pickup(const step_ref& ref);

} // namespace orderhub::providers::carrier
