#pragma once
#include "actors/durable/service.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/ingress.hpp"

#include <memory>

namespace orderhub::host {

/// A responder in front of `to` that adds to a good response what no journal may hold, where it
/// lacks such a part: fetched as the response leaves, where a place is free at once, and left out
/// where that fails. `handler` has an `enrich`; it and `shared` outlive the responder.
responder_ptr enriching(host_context& shared, const durable::handler_definition& handler,
                        std::shared_ptr<part_fetcher> parts, responder_ptr to);

} // namespace orderhub::host
