#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// Who gets the order, and where: `customer`, `shipping`. Every part is read under all names that
/// are customary for it, and made what can stand on a label (`read_written`); the country is a code
/// of ISO 3166-1, the postal code as the country writes it, phones are E.164. Of name, company,
/// phone and e-mail the address's own count before the customer's. What looks like a part of an
/// address and is not known is refused, so that nothing of an address is lost. Complains to
/// `request`; what an address must have is `check_address`'s.
void read_addresses(field_reader& request, order& o);

/// An address that stands by itself, read in the same way; what it lacks is nobody else's.
postal_address read_address(field_reader& address);

} // namespace orderhub::handlers
