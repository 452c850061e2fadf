#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/restored.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <vector>

namespace orderhub::journal {

class hub_journal;

/// At the first start on a copy. What a copy says of an open effect, that its call is not out, was
/// true when the copy was made; since then the call may have left. So each open effect of which the
/// journal says where it stands gets the note `resend`, as before a call that may be out, and is
/// resolved by its own policy. Returns how many. Made again after a crash, it changes nothing.
/// Fails as the journal does.
result<std::size_t> doubt_copied_effects(hub_journal& journal);

/// What a start does about copies, once its journal is open and before anything is resumed: where
/// this is the first start on a copy, `doubt_copied_effects`, and then `take_restorations`, whose
/// result this is. `journal` is that of `tables`.
result<std::vector<restoration>> start_on(store& tables, hub_journal& journal, unix_ms now);

} // namespace orderhub::journal
