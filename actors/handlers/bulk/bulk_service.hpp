#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/object_loader.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/time.hpp"

namespace orderhub::handlers {

/// The internal service `Bulk`, events alone: `Plan` (body: an encoded `bulk_plan`; its pages are
/// frozen before), `Start`, `Pause`, `Cancel` (`bulk_order`), each of which leaves a record of who
/// did it, and `Report` (`bulk_report`), by which the page at work asks whether it goes on. 409
/// where it does not stand so that it can be done, or a start names another count. What a report
/// tells for the first time is counted in `order_settings::operator_actions`: `accepted`,
/// `nothing_to_do`, `failed`.
durable::service_definition bulk_service(settings_ptr settings);

/// The internal service `BulkPage`: `Freeze`, an event, keeps its keys. `Work`, exclusive, asks its
/// bulk, does some of its items one after the other, and begins the next of itself after a pause:
/// so many a second as the plan says. An item is looked at when its turn comes, passed over where
/// it can no longer be done, and else told to its objects (`operate.hpp`). `started_at`: when this
/// process began. Without a loader nothing can be done, and each item fails.
durable::service_definition bulk_page_service(settings_ptr settings, object_loader load,
                                              unix_ms started_at);

} // namespace orderhub::handlers
