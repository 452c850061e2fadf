#include "actors/handlers/shipments/shipment_request.hpp"

#include "actors/handlers/mail_address.hpp"
#include "providers/tables/currencies.hpp"
#include "providers/tables/rows.hpp"

#include <utility>

namespace orderhub::handlers {

namespace shippo = providers::shippo;

shippo::address shippo_address(const postal_address& a) {
  return {a.name,    a.street, a.street2,
          a.city,    a.state,  a.zip,
          a.country, a.phone,  ascii_mail_address(a.email),
          a.company};
}

namespace {

/// What customs is told; no items where the parcel crosses no border. Settings that changed since
/// the order was checked may lack something: then this is refused as Shippo would, and tried again
/// later.
result<shippo::customs_declaration>
declaration_of(const label_order& wanted, const parcel_size& parcel, const shipment_plan& plan) {
  shippo::customs_declaration d;
  if (!is_customs_border(plan.from, wanted.to))
    return d;
  const auto lines = customs_lines(wanted.declared, parcel, plan.customs);
  if (!lines)
    return fail({error_kind::rejected, "shipment.customs", lines.error().message});
  const auto& s = plan.customs;
  d.certify_signer = s.certify_signer;
  d.contents_type = s.contents_type;
  d.contents_explanation = s.contents_explanation;
  d.non_delivery_option = s.non_delivery_option;
  d.incoterm = s.incoterm;
  d.eel_pfc = export_code(s, plan.from, wanted.to);
  d.aes_itn = s.aes_itn;
  for (const auto& line : *lines) {
    d.items.push_back({line.description, line.quantity, line.net_weight, line.mass_unit,
                       tables::decimal_text(line.value), tables::upper_ascii(line.value.currency),
                       line.origin_country, line.hs_code, line.sku});
  }
  return d;
}

} // namespace

result<shippo::shipment_request>
shipment_request_of(providers::step_ref ref, const label_order& wanted, const shipment_plan& plan) {
  const auto& parcel = wanted.parcel.empty() ? plan.parcel : wanted.parcel;
  auto customs = declaration_of(wanted, parcel, plan);
  if (!customs)
    return customs.failure();
  shippo::shipment_request request;
  request.ref = std::move(ref);
  request.from = shippo_address(plan.from);
  request.to = shippo_address(wanted.to);
  request.parcel = {parcel.length,        parcel.width,  parcel.height,
                    parcel.distance_unit, parcel.weight, parcel.mass_unit};
  request.customs = std::move(*customs);
  return request;
}

} // namespace orderhub::handlers
