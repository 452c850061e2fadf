#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/custom/call.hpp"
#include "providers/custom/description.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

/// The internal service `CustomProvider`, one object an order: `Call`, whose body is an encoded
/// `custom_call`. Shared, so one provider never holds another up. The order is told what became of
/// it, and goes on whatever that is, unless the provider's page says that a refusal cancels it.
durable::service_definition custom_service(settings_ptr settings);

/// A call of that provider; where the configuration has it no more what stands for one: its effect
/// then pauses, and says what is to be restored.
providers::operation<providers::custom::custom_outcome>
custom_call_of(const order_settings& s, const std::string& name, const providers::step_ref& ref,
               const providers::custom::values& with);

/// Something has happened to the order, and is durable by now or with the same record: the
/// providers that are called after it are, by invocations of their own.
void post_hook(const order_run& run, providers::custom::hook what, std::uint32_t attempt = 1);

/// `TellProviders` of an order, whose body is an encoded `hook_event`: gathers what is known of the
/// order, and calls those that are called after it.
durable::handler_task tell_providers(durable::context ctx, std::string body, settings_ptr settings);

} // namespace orderhub::handlers
