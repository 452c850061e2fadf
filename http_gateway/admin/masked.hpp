#pragma once
#include "actors/handlers/masked_customer.hpp"

namespace orderhub::http_gateway {

using handlers::masked_customer;

} // namespace orderhub::http_gateway
