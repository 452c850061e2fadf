#include "providers/mock/contracts/jobs.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using nlohmann::json;

constexpr std::string_view requests = "/v1/requests/";
constexpr std::size_t done = 2;
constexpr std::size_t cancelled = 3;
constexpr std::size_t failed = 4;
constexpr std::size_t items_max = 1'000;

std::string text_in(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// The member that is wrong; empty: all is well.
std::string fault_of_items(const json& body) {
  const auto items = body.find("items");
  if (items == body.end() || !items->is_array() || items->empty() || items->size() > items_max)
    return "items";
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto& item = (*items)[i];
    auto at = "items." + std::to_string(i);
    if (!item.is_object())
      return at;
    if (text_in(item, "product_id").empty())
      return at + ".product_id";
    const auto quantity = item.find("quantity");
    if (quantity == item.end() || !quantity->is_number_integer() || quantity->get<double>() < 1)
      return at + ".quantity";
  }
  return {};
}

std::string fault_of_destination(const json& body) {
  const auto to = body.find("ship_to");
  if (to == body.end() || !to->is_object())
    return "ship_to";
  for (const auto& [name, value] : to->items())
    if (!value.is_string())
      return "ship_to." + name;
  for (const char* needed : {"street", "city", "country"})
    if (text_in(*to, needed).empty())
      return std::string("ship_to.") + needed;
  return {};
}

} // namespace

const job_facts warehouse_facts{"/v1/pick_tickets",
                                "unknown_pick_ticket",
                                "pick ticket",
                                {"open", "picking", "packed", "cancelled", "failed"},
                                true,
                                false,
                                call_id::warehouse_pick_ticket,
                                call_id::warehouse_cancel,
                                call_id::warehouse_read,
                                call_id::warehouse_request,
                                call_id::warehouse_other,
                                effect_kind::pick_ticket,
                                effect_kind::pick_cancel};
const job_facts carrier_facts{"/v1/pickups",
                              "unknown_pickup",
                              "pickup",
                              {"requested", "scheduled", "picked_up", "cancelled", "failed"},
                              false,
                              true,
                              call_id::carrier_pickup,
                              call_id::carrier_cancel,
                              call_id::carrier_read,
                              call_id::carrier_request,
                              call_id::carrier_other,
                              effect_kind::pickup,
                              effect_kind::pickup_cancel};

call_id job_service::route(const job_facts& facts, std::string_view method, std::string_view path) {
  std::string_view reference;
  std::string_view verb;
  const auto one = std::string(facts.path) + '/';
  const bool names_one = split_reference(path, one, reference, verb);
  if (method == "GET" && path.starts_with(requests))
    return facts.request;
  if (method == "GET" && names_one && verb.empty())
    return facts.read;
  if (method == "POST" && path == facts.path)
    return facts.create;
  if (method == "POST" && names_one && verb == "cancel")
    return facts.cancel;
  return facts.other;
}

void job_service::handle(call& c) {
  if (!contract_keys::admit(c))
    return;
  if (c.what == facts_.other)
    return contract_keys::refuse(c, 404, "unknown_path", "There is no such path or method.");
  if (c.what == facts_.request)
    return keys_.answer_for(c, c.path.substr(requests.size()));
  const bool is_post = c.request.method == "POST";
  if (is_post && !keys_.begin(c, shared_.replays[static_cast<std::size_t>(c.what)]))
    return;
  if (is_post && c.mode() == fault_effect::refuse) {
    contract_keys::refuse(c, 409, c.hit->code.empty() ? std::string_view("too_late") : c.hit->code,
                          c.hit->text.empty() ? std::string_view("Refused.") : c.hit->text);
  } else if (c.what == facts_.create) {
    create(c);
  } else {
    std::string_view reference;
    std::string_view verb;
    split_reference(c.path, std::string(facts_.path) + '/', reference, verb);
    const auto known = jobs_.find(reference);
    if (known == jobs_.end())
      contract_keys::refuse(c, 404, facts_.unknown, "There is no such thing.");
    else if (is_post)
      cancel(c, known->second, known->first);
    else
      answer(c, 200, known->first, known->second);
  }
  if (is_post)
    keys_.end(c);
}

void job_service::create(call& c) {
  const auto body = json::parse(c.request.body, nullptr, false);
  const auto invalid = [&](const std::string& field) {
    contract_keys::refuse(c, 400, "invalid_request", "is not as the document has it", field);
  };
  const auto reference = text_in(body, "reference");
  if (!is_reference(reference))
    return invalid("reference");
  if (const auto field = facts_.has_items ? fault_of_items(body) : std::string(); !field.empty())
    return invalid(field);
  if (const auto field = fault_of_destination(body); !field.empty())
    return invalid(field);
  job wanted;
  wanted.content = body["ship_to"].dump() + body.value("items", json()).dump();
  wanted.since = c.now;
  take_metadata(wanted, c.request.body);
  const auto known = jobs_.find(reference);
  if (known != jobs_.end() && !known->second.is_cancelled && !known->second.has_failed) {
    if (known->second.content == wanted.content)
      return answer(c, 200, reference, known->second);
    return contract_keys::refuse(c, 409, "reference_in_use", "It stands for something else.");
  }
  wanted.number = ++made_;
  if (known == jobs_.end()) {
    oldest_.push_back(reference);
    if (shared_.settings.objects_max != 0 && oldest_.size() > shared_.settings.objects_max) {
      jobs_.erase(oldest_.front());
      oldest_.pop_front();
    }
  }
  const auto& kept = jobs_.insert_or_assign(reference, std::move(wanted)).first->second;
  note(facts_.made, kept, c);
  answer(c, 201, reference, kept);
}

void job_service::cancel(call& c, job& j, const std::string& reference) {
  // What is packed can be unpacked; what the carrier has is gone.
  if (facts_.has_tracking && progress_of(j, c.now) == done)
    return contract_keys::refuse(c, 409, "too_late", "It has left.");
  take_metadata(j, c.request.body);
  if (!j.is_cancelled && !j.has_failed) {
    note(facts_.undone, j, c);
    j.is_cancelled = true;
  }
  answer(c, 200, reference, j);
}

std::size_t job_service::progress_of(const job& j, unix_ms now) const {
  if (j.is_cancelled)
    return cancelled;
  if (j.has_failed)
    return failed;
  const auto whole = shared_.settings.job_ms;
  const auto passed = now - j.since;
  return passed >= whole ? done : passed * 2 >= whole ? 1 : 0;
}

void job_service::answer(call& c, int status, const std::string& reference, const job& j) const {
  json body{{"reference", reference}, {"state", facts_.words.at(progress_of(j, c.now))}};
  if (facts_.has_tracking) {
    const auto number = "PU" + std::to_string(1'000'000'000 + j.number);
    body["tracking_number"] = number;
    body["tracking_url"] = "https://carrier.example/track/" + number;
  }
  c.reply.status = status;
  c.json_header();
  c.reply.body = body.dump();
}

void job_service::note(effect_kind kind, const job& j, const call& c) {
  shared_.effects.add({.kind = kind,
                       .number = j.number,
                       .order_id = j.order_id,
                       .step = j.step,
                       .attempt = j.attempt,
                       .at_ms = c.now,
                       .request_number = c.request_number});
}

void job_service::take_metadata(job& j, std::string_view body) {
  const auto document = json::parse(body, nullptr, false);
  const auto metadata = document.find("metadata");
  if (metadata == document.end() || !metadata->is_object())
    return;
  if (auto order = text_in(*metadata, "order_id"); !order.empty())
    j.order_id = std::move(order);
  j.step = text_in(*metadata, "step");
  j.attempt = attempt_of(text_in(*metadata, "attempt"));
}

bool job_service::fail(std::string_view order_id) {
  bool any = false;
  for (auto& [reference, j] : jobs_)
    if (j.order_id == order_id && !j.is_cancelled && !j.has_failed) {
      j.has_failed = true;
      any = true;
    }
  return any;
}

} // namespace orderhub::providers::mock
