#pragma once
#include "providers/contracts/job.hpp"

namespace orderhub::providers::warehouse {

/// Has the goods picked and packed. The outcome is the ticket as it stands; `rejected`: the
/// reference stands for other goods.
operation<contracts::job_outcome> create_pick_ticket(const contracts::job_request& request);

/// The goods are not packed, or unpacked again. `cancelled`, also where there is no ticket.
/// `rejected`: they have left (`too_late`).
operation<contracts::job_outcome> cancel_pick_ticket(const step_ref& ref);

/// How it stands. `rejected`: there is none.
operation<contracts::job_outcome> read_pick_ticket(const step_ref& ref);

} // namespace orderhub::providers::warehouse
