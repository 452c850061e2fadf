#include "providers/vendors.hpp"

#include "providers/carrier/endpoint.hpp"
#include "providers/github/endpoint.hpp"
#include "providers/inventory/endpoint.hpp"
#include "providers/sendgrid/endpoint.hpp"
#include "providers/shippo/endpoint.hpp"
#include "providers/slack/endpoint.hpp"
#include "providers/stripe/endpoint.hpp"
#include "providers/twilio/endpoint.hpp"
#include "providers/warehouse/endpoint.hpp"

#include <algorithm>
#include <cassert>

namespace orderhub::providers {

const std::vector<vendor>& all_vendors() {
  static const std::vector<vendor> all = {
      stripe::describe(),    shippo::describe(),    slack::describe(),
      sendgrid::describe(),  twilio::describe(),    github::describe(),
      inventory::describe(), warehouse::describe(), carrier::describe(),
  };
  return all;
}

const vendor& vendor_for(vendor_role role) {
  const auto& all = all_vendors();
  const auto it =
      std::find_if(all.begin(), all.end(), [role](const vendor& v) { return v.role == role; });
  assert(it != all.end());
  return *it;
}

const std::vector<operation_row>& all_operations() {
  static const std::vector<operation_row> all = [] {
    std::vector<operation_row> rows;
    for (const auto& v : all_vendors())
      rows.insert(rows.end(), v.operations.begin(), v.operations.end());
    return rows;
  }();
  return all;
}

const operation_row* find_operation(std::string_view name) {
  const auto& all = all_operations();
  const auto it = std::find_if(all.begin(), all.end(),
                               [name](const operation_row& row) { return row.name == name; });
  return it == all.end() ? nullptr : &*it;
}

std::vector<std::string_view> skippable_vendors() {
  std::vector<std::string_view> names;
  for (const auto& v : all_vendors())
    if (!v.is_required)
      names.push_back(v.name);
  return names;
}

} // namespace orderhub::providers
