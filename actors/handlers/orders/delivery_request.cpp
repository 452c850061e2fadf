#include "actors/handlers/orders/delivery_request.hpp"

#include "actors/handlers/orders/address_request.hpp"
#include "actors/handlers/orders/customs_request.hpp"
#include "actors/handlers/orders/parcel_request.hpp"

namespace orderhub::handlers {

void read_delivery(field_reader request, order& o, const delivery_rules& rules) {
  read_addresses(request, o);
  read_parcel(request, o);
  read_customs(request, o);
  if (!request.problem().empty())
    return;
  if (auto sound = check_delivery(o, rules); !sound)
    request.complain(sound.error().message);
}

} // namespace orderhub::handlers
