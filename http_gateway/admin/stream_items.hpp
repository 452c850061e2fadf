#pragma once
#include "actors/handlers/orders/order_list.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/host/operator.hpp"
#include "actors/host/vendor_status.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"

#include <string>

// What lists have, as JSON texts: a stream tells of an item what its list does.
namespace orderhub::http_gateway {

std::string text_of(const handlers::list_item& item);
/// How many there are, by status, wait and vendor.
std::string text_of(const journal::listing_counts& counts);
std::string text_of(const handlers::listed_webhook& one);
std::string text_of(const host::vendor_places& vendor, unix_ms now);
/// What of that vendor is worth a word: how it stands, and how many wait.
std::string standing_of(const host::vendor_places& vendor);

} // namespace orderhub::http_gateway
