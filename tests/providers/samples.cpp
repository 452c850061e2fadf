#include "tests/providers/samples.hpp"

#include "providers/carrier/pickup.hpp"
#include "providers/github/create_deployment.hpp"
#include "providers/github/read_statuses.hpp"
#include "providers/inventory/commit.hpp"
#include "providers/inventory/release.hpp"
#include "providers/inventory/reserve.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "providers/shippo/list_labels.hpp"
#include "providers/shippo/read_refund.hpp"
#include "providers/shippo/read_track.hpp"
#include "providers/shippo/register_tracking.hpp"
#include "providers/shippo/retrieve_label.hpp"
#include "providers/shippo/validate_address.hpp"
#include "providers/shippo/void_label.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/list_events.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve.hpp"
#include "providers/stripe/retrieve_refund.hpp"
#include "providers/twilio/read_sms.hpp"
#include "providers/twilio/send_sms.hpp"
#include "providers/warehouse/pick_ticket.hpp"

namespace orderhub::testing {

using namespace orderhub::providers;

std::map<std::string, raw_operation> sample_operations() {
  const shippo::address shop{"Shop", "215 Clayton St",  "", "San Francisco", "CA", "94117", "US",
                             "+1",   "shop@example.com"};
  const shippo::address customer{
      "Zoë Q. O'Hara", "1 Main St & Co", "Apt \"2\"", "New York", "NY", "10001", "US", "", ""};
  const shippo::parcel parcel{"10", "10", "5", "in", "1", "lb"};
  std::map<std::string, raw_operation> all;
  const auto of = [](const char* step) { return step_ref{sample_hub, "ord-1001", step, "1"}; };
  const auto add = [&](const std::string& name, const raw_operation& raw) { all[name] = raw; };
  add("stripe.charge", stripe::charge({of("charge"), {4'200, "USD"}, "pm_card_visa", ""}).raw);
  add("stripe.charge#customer",
      stripe::charge(
          {{sample_hub, "ord&1=1 ü", "charge", "2"}, {50, "eur"}, "pm_card_visa", "cus_1"})
          .raw);
  add("stripe.refund", stripe::refund({of("refund"), "pi_1", {4'200, "usd"}}).raw);
  add("stripe.refund#all", stripe::refund({of("refund"), "pi_1", {0, "usd"}}).raw);
  add("stripe.cancel_intent", stripe::cancel_intent({of("undo"), "pi_1"}).raw);
  add("stripe.retrieve", stripe::retrieve({of("retrieve"), "pi_1"}).raw);
  add("stripe.retrieve_refund", stripe::retrieve_refund({of("retrieve_refund"), "re_1"}).raw);
  add("stripe.list_events",
      stripe::list_events({of("sweep"), 1'700'000'000, 1'700'000'600, ""}).raw);
  add("stripe.list_events#next",
      stripe::list_events({of("sweep"), 1'700'000'000, 1'700'000'600, "evt_1"}).raw);
  add("shippo.create_shipment",
      shippo::create_shipment({of("rates"), shop, customer, parcel, {}}).raw);
  shippo::shipment_request abroad{of("rates"), shop, customer, parcel, {}};
  abroad.to.company = "Lovelace Ltd";
  abroad.customs = {"Ada Lovelace",
                    "OTHER",
                    "Used books",
                    "RETURN",
                    "DDU",
                    "AES_ITN",
                    "X20261128000001",
                    {{"Books", 2, "0.4", "kg", "30.00", "USD", "PT", "4901.99", "sku-1"}}};
  add("shippo.create_shipment#customs", shippo::create_shipment(abroad).raw);
  add("shippo.buy_label", shippo::buy_label({of("label"), "rate_1"}).raw);
  add("shippo.list_labels", shippo::list_labels(of("page"), 1).raw);
  add("shippo.list_labels#3", shippo::list_labels(of("page"), 3).raw);
  add("shippo.read_label", shippo::read_label(of("forgotten_label"), "txn_1").raw);
  add("shippo.retrieve_label", shippo::retrieve_label({of("tracking"), "txn_1"}).raw);
  add("shippo.void_label", shippo::void_label({of("void"), "txn_1"}).raw);
  add("shippo.validate_address", shippo::validate_address({of("validate"), customer}).raw);
  add("shippo.register_tracking",
      shippo::register_tracking({of("register_tracking"), "usps", "9400"}).raw);
  add("shippo.read_refund", shippo::read_refund({of("refund_of_label"), "txn_1"}).raw);
  add("shippo.read_track", shippo::read_track({of("where_is_it"), "usps", "9400/1"}).raw);
  add("sendgrid.send_mail",
      sendgrid::send_mail({of("mail"), "shop@example.com", "Shop", "a@example.com", "Zoë",
                           "Order ord-1001", "It is on its way.", "<p>It is on its way.</p>"})
          .raw);
  add("slack.post_message",
      slack::post_message({of("announce"), "C0123456789", "Order ord-1001 shipped"}).raw);
  add("slack.post_message#name",
      slack::post_message({of("announce"), "#orders", "Order ord-1001 shipped"}).raw);
  add("slack.post_webhook", slack::post_webhook({of("announce"), "Order ord-1001 shipped"}).raw);
  add("twilio.send_sms", twilio::send_sms({of("sms_confirm"), "+15558675310", "+15005550006",
                                           "Your order ord-1001 is confirmed.", ""})
                             .raw);
  add("twilio.send_sms#service",
      twilio::send_sms({of("sms_confirm"), "+15558675310", "MG00000000000000000000000000000000",
                        "Your order ord-1001 is confirmed.", "https://hub.example.com"})
          .raw);
  add("twilio.read_sms",
      twilio::read_sms({of("follow"), "SM00000000000000000000000000000001"}).raw);
  add("github.create_deployment",
      github::create_deployment({of("deploy"), "owner/shop", "main", "production", ""}).raw);
  add("github.create_deployment#sha",
      github::create_deployment({of("deploy"), "owner/shop",
                                 "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d", "orders", "ord-7"})
          .raw);
  add("github.read_statuses", github::read_statuses({of("follow"), "owner/shop", 42}).raw);
  add("inventory.reserve",
      inventory::reserve({of("reserve_stock"), {{"sku-1", 2}, {"sku \"2\" ü", 1}, {"sku-1", 1}}})
          .raw);
  add("inventory.commit", inventory::commit(of("commit_stock")).raw);
  add("inventory.release", inventory::release(of("release_stock")).raw);
  contracts::destination to{
      "Zoë Q. O'Hara", "", "1 Main St & Co", "Apt \"2\"", "New York", "NY", "10001", "US", ""};
  add("warehouse.create_pick_ticket",
      warehouse::create_pick_ticket({of("pick"), {{"sku-1", 2}}, to}).raw);
  const std::string awakeable = "sign_1AZq1b2c3d4e5f6g7h8i9j0k1l2m3n4AAAAAQ";
  add("warehouse.create_pick_ticket#awakeable",
      warehouse::create_pick_ticket({of("pick"), {{"sku-1", 2}}, to, awakeable}).raw);
  add("warehouse.cancel_pick_ticket", warehouse::cancel_pick_ticket(of("cancel_pick")).raw);
  add("warehouse.read_pick_ticket", warehouse::read_pick_ticket(of("read_pick")).raw);
  add("carrier.request_pickup", carrier::request_pickup({of("pickup"), {}, to}).raw);
  add("carrier.request_pickup#awakeable",
      carrier::request_pickup({of("pickup"), {}, to, awakeable}).raw);
  add("carrier.cancel_pickup", carrier::cancel_pickup(of("cancel_pickup")).raw);
  add("carrier.read_pickup", carrier::read_pickup(of("read_pickup")).raw);
  return all;
}

sent_request sent(const raw_operation& operation) {
  return {operation.request, "key-1", sample_sent_at, sample_since};
}

} // namespace orderhub::testing
