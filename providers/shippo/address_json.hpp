#pragma once
// An address as Shippo's requests have it. Internal to this folder; templates over the JSON type,
// so that the library stays inside .cpp files.
#include "providers/shippo/address.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace orderhub::providers::shippo::wire {

/// An object of these texts, without the empty ones.
template <class Json>
Json texts(std::initializer_list<std::pair<const char*, const std::string&>> members) {
  Json object = Json::object();
  for (const auto& [name, value] : members)
    if (!value.empty())
      object[name] = value;
  return object;
}

template <class Json>
Json address_json(const address& a) {
  return texts<Json>({{"name", a.name},
                      {"company", a.company},
                      {"street1", a.street1},
                      {"street2", a.street2},
                      {"city", a.city},
                      {"state", a.state},
                      {"zip", a.zip},
                      {"country", a.country},
                      {"phone", a.phone},
                      {"email", a.email}});
}

} // namespace orderhub::providers::shippo::wire
