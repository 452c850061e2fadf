#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// What Stripe says of a charge, written down once more from docs.stripe.com/currencies and
/// docs.stripe.com/api/payment_intents/create, not from the program's table: a mistake there must
/// not be a mistake here. The account has every currency and settles each in itself.
///
/// `method` is a PaymentMethod, Card or Source; those of other objects are not there.
std::vector<std::string> stripe_complaints(std::int64_t amount, std::string_view currency,
                                           std::string_view method);

/// Every currency it takes, lower case.
std::vector<std::string> stripe_currencies();

} // namespace orderhub::testing
