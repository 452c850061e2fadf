#pragma once
#include "actors/handlers/bulk/bulk.hpp"
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/object_loader.hpp"
#include "journal/base/ids.hpp"

#include <optional>
#include <string>
#include <vector>

namespace orderhub::handlers {

/// Whether an item can be done, asked when it is planned and again when its turn comes.
struct bulk_check {
  std::optional<bulk_skip> skipped; ///< Why not.
  std::vector<object_id> objects;   ///< That are told of it.
};

/// Of an order, as its objects are at the last commit. It reads no finished invocations.
bulk_check check_order(bulk_action action, const std::string& key, bool accepts_repeat,
                       const object_loader& load, const explain_now& now);
/// Of a dead webhook that is to be replayed.
bulk_check check_webhook(const std::string& key, const object_loader& load);

} // namespace orderhub::handlers
