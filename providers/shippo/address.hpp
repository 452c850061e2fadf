#pragma once
#include <string>

namespace orderhub::providers::shippo {

/// Empty fields are left out of the request. Buying needs name, street1, city, zip where the
/// country has postal codes, for US, CA and AU the state, and of some carriers' senders phone and
/// email.
struct address {
  std::string name;
  std::string street1;
  std::string street2;
  std::string city;
  std::string state;
  std::string zip;
  std::string country; ///< ISO 3166, `US`. The only field Shippo always wants.
  std::string phone;
  std::string email;
  std::string company = {};
};

} // namespace orderhub::providers::shippo
