#include "providers/mock/faults.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using json = nlohmann::json;

constexpr std::array<std::string_view, fault_effect_count> effect_names = {
    "none",         "status",    "drop_before", "drop_after",         "garbage", "truncate",
    "latency",      "late_work", "stored_500",  "stored_500_done",    "refuse",  "queued",
    "unauthorized", "forbidden", "not_found",   "reset_after_answer", "hang",    "hang_after",
    "html",         "empty",     "foreign",     "processing",         "pending", "untracked",
    "twice"};
constexpr std::array<std::string_view, 3> outcome_names = {"success", "error", "never"};
constexpr std::array<std::string_view, 5> refund_statuses = {"succeeded", "pending", "failed",
                                                             "canceled", "requires_action"};

/// Effects that only some calls have; the first row of one has its message.
struct own_effect {
  fault_effect effect;
  vendor_id vendor;
  std::string_view operation;
  const char* message;
};
constexpr std::array own_effects = {
    own_effect{fault_effect::queued, vendor_id::shippo, "label",
               "'effect' queued needs 'vendor' shippo and 'operation' label, twilio and sms, "
               "or github and deployment"},
    own_effect{fault_effect::queued, vendor_id::twilio, "sms", nullptr},
    own_effect{fault_effect::queued, vendor_id::github, "deployment", nullptr},
    own_effect{fault_effect::untracked, vendor_id::shippo, "label",
               "'effect' untracked needs 'vendor' shippo and 'operation' label"},
    own_effect{fault_effect::processing, vendor_id::stripe, "charge",
               "'effect' processing needs 'vendor' stripe and 'operation' charge"},
    own_effect{fault_effect::pending, vendor_id::stripe, "refund",
               "'effect' pending needs 'vendor' stripe and 'operation' refund, or shippo and "
               "label_refund"},
    own_effect{fault_effect::pending, vendor_id::shippo, "label_refund", nullptr},
};

// An hour: longer than any deadline or absence time that a fault could test.
constexpr std::int64_t wait_max_ms = 3'600'000;
// As far as a look-up's window can begin before its intent: 30 days.
constexpr std::int64_t skew_max_ms = std::int64_t{30} * 24 * 3'600'000;

error wrong(std::string message) {
  return {error_kind::invalid, "mock.control", std::move(message)};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

result<std::int64_t> read_wait(const json& value, const std::string& name) {
  if (!value.is_number_integer() || value.get<double>() < 0 ||
      value.get<double>() > static_cast<double>(wait_max_ms))
    return fail(wrong("'" + name + "' must be an integer from 0 to 3600000"));
  return value.get<std::int64_t>();
}

result<std::uint64_t> read_count(const json& value, const std::string& name) {
  if (!value.is_number_unsigned())
    return fail(wrong("'" + name + "' must be an integer that is not negative"));
  return value.get<std::uint64_t>();
}

result<std::string> read_text(const json& value, const std::string& name) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > 1'000)
    return fail(wrong("'" + name + "' must be a text of at most 1000 bytes"));
  return value.get<std::string>();
}

bool safe_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool known_operation(const fault& f) {
  return f.operation == "*" ||
         std::any_of(call_names.begin(), call_names.end(), [&](const call_name& c) {
           return (!f.vendor || c.vendor == *f.vendor) && c.operation == f.operation;
         });
}

result<void> read_fault_field(fault& f, const std::string& name, const json& value) {
  if (name == "vendor") {
    auto text = read_text(value, name);
    if (!text)
      return text.failure();
    const auto it = std::find(vendor_names.begin(), vendor_names.end(), *text);
    if (it == vendor_names.end() && *text != "*")
      return fail(wrong("'vendor' must be one of stripe, shippo, sendgrid, slack, twilio, github, "
                        "inventory, warehouse, carrier, custom, *"));
    if (it != vendor_names.end())
      f.vendor = static_cast<vendor_id>(std::distance(vendor_names.begin(), it));
  } else if (name == "operation" || name == "code" || name == "text") {
    auto text = read_text(value, name);
    if (!text)
      return text.failure();
    (name == "operation" ? f.operation : name == "code" ? f.code : f.text) = std::move(*text);
  } else if (name == "nth" || name == "times") {
    auto count = read_count(value, name);
    if (!count)
      return count.failure();
    (name == "nth" ? f.nth : f.times) = *count;
  } else if (name == "probability") {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1)
      return fail(wrong("'probability' must be a number from 0 to 1"));
    f.probability = value.get<double>();
  } else if (name == "always" || name == "work") {
    if (!value.is_boolean())
      return fail(wrong("'" + name + "' must be true or false"));
    (name == "always" ? f.always : f.work) = value.get<bool>();
  } else if (name == "effect") {
    auto text = read_text(value, name);
    if (!text)
      return text.failure();
    const auto it = std::find(effect_names.begin() + 1, effect_names.end(), *text);
    if (it == effect_names.end())
      return fail(wrong("'effect' must be one of status, drop_before, drop_after, garbage, "
                        "truncate, latency, late_work, stored_500, stored_500_done, refuse, "
                        "queued, unauthorized, forbidden, not_found, reset_after_answer, hang, "
                        "hang_after, html, empty, foreign, processing, pending, untracked, "
                        "twice"));
    f.effect = static_cast<fault_effect>(std::distance(effect_names.begin(), it));
  } else if (name == "outcome") {
    auto text = read_text(value, name);
    if (!text)
      return text.failure();
    const auto it = std::find(outcome_names.begin(), outcome_names.end(), *text);
    if (it == outcome_names.end())
      return fail(wrong("'outcome' must be one of success, error, never"));
    f.outcome = static_cast<queued_outcome>(std::distance(outcome_names.begin(), it));
  } else if (name == "status") {
    if (!value.is_number_integer() || value.get<double>() < 200 || value.get<double>() > 599)
      return fail(wrong("'status' must be an integer from 200 to 599"));
    f.status = value.get<int>();
  } else if (name == "latency_ms" || name == "late_ms") {
    auto wait = read_wait(value, name);
    if (!wait)
      return wait.failure();
    (name == "latency_ms" ? f.latency_ms : f.late_ms) = *wait;
  } else if (name == "headers") {
    if (!value.is_object())
      return fail(wrong("'headers' must be an object of texts"));
    for (const auto& [header, text] : value.items()) {
      if (!text.is_string() || !safe_header(header) ||
          !safe_header(text.get_ref<const std::string&>()))
        return fail(wrong("'headers' must be an object of texts"));
      f.headers.emplace_back(lower(header), text.get<std::string>());
    }
  } else {
    return fail(wrong("a fault has no field '" + name.substr(0, 64) + "'"));
  }
  return {};
}

result<fault> read_fault(const json& document) {
  if (!document.is_object())
    return fail(wrong("a fault must be an object"));
  fault f;
  for (const auto& [name, value] : document.items())
    if (auto read = read_fault_field(f, name, value); !read)
      return read.failure();
  if (f.effect == fault_effect::none)
    return fail(wrong("a fault needs 'effect'"));
  if ((f.nth != 0 ? 1 : 0) + (f.probability > 0 ? 1 : 0) + (f.always ? 1 : 0) != 1)
    return fail(wrong("a fault needs exactly one of 'nth', 'probability', 'always'"));
  const char* message = nullptr;
  bool has_it = false;
  for (const auto& own : own_effects)
    if (f.effect == own.effect) {
      message = message != nullptr ? message : own.message;
      has_it = has_it || (f.vendor == own.vendor && f.operation == own.operation);
    }
  if (message != nullptr && !has_it)
    return fail(wrong(message));
  if (!known_operation(f))
    return fail(wrong("that vendor has no operation of the name given in 'operation'"));
  return f;
}

result<void> read_faults(control_document& to, const json& list) {
  if (!list.is_array())
    return fail(wrong("'faults' must be an array"));
  for (const auto& item : list) {
    auto f = read_fault(item);
    if (!f)
      return f.failure();
    to.faults.push_back(std::move(*f));
  }
  return {};
}

/// A setting for all vendors at once, or an object of some by name.
template <class T, class Read>
result<void> read_by_vendor(std::array<std::optional<T>, vendor_count>& to, const json& value,
                            const std::string& name, Read read) {
  if (!value.is_object()) {
    auto one = read(value, name);
    if (!one)
      return one.failure();
    to.fill(*one);
    return {};
  }
  for (const auto& [vendor, item] : value.items()) {
    const auto it = std::find(vendor_names.begin(), vendor_names.end(), vendor);
    if (it == vendor_names.end())
      return fail(wrong("'" + name + "' has no vendor '" + vendor.substr(0, 64) + "'"));
    auto one = read(item, name + "." + vendor);
    if (!one)
      return one.failure();
    to[static_cast<std::size_t>(std::distance(vendor_names.begin(), it))] = *one;
  }
  return {};
}

result<std::int64_t> read_skew(const json& value, const std::string& name) {
  const auto limit = static_cast<double>(skew_max_ms);
  if (!value.is_number_integer() || value.get<double>() < -limit || value.get<double>() > limit)
    return fail(wrong("'" + name + "' must be an integer of at most 30 days either way"));
  return value.get<std::int64_t>();
}

result<bool> read_flag(const json& value, const std::string& name) {
  if (!value.is_boolean())
    return fail(wrong("'" + name + "' must be true or false"));
  return value.get<bool>();
}

result<void> read_refund(control_document& to, const json& value) {
  if (!value.is_object())
    return fail(wrong("'refund' must be an object"));
  dashboard_refund r;
  for (const auto& [name, item] : value.items()) {
    if (name == "payment_intent" && item.is_string()) {
      r.payment_intent = item.get<std::string>();
    } else if (name == "amount" && item.is_number_unsigned()) {
      r.amount = item.get<std::int64_t>();
    } else if (name == "status" && item.is_string() &&
               std::find(refund_statuses.begin(), refund_statuses.end(), item.get<std::string>()) !=
                   refund_statuses.end()) {
      r.status = item.get<std::string>();
    } else {
      return fail(wrong("'refund' takes 'payment_intent', 'amount' in minor units, and 'status', "
                        "one of succeeded, pending, failed, canceled, requires_action"));
    }
  }
  if (r.payment_intent.empty())
    return fail(wrong("'refund' needs 'payment_intent'"));
  to.refund = std::move(r);
  return {};
}

result<void> read_stock(control_document& to, const json& value) {
  const char* const message =
      "'stock' must be an object of pieces by product, integers that are not negative";
  if (!value.is_object())
    return fail(wrong(message));
  for (const auto& [product, pieces] : value.items()) {
    if (!pieces.is_number_unsigned())
      return fail(wrong(message));
    to.stock[product] = pieces.get<std::int64_t>();
  }
  return {};
}

} // namespace

std::string_view name_of(fault_effect effect) {
  return effect_names[static_cast<std::size_t>(effect)];
}

result<control_document> parse_control(std::string_view text) {
  const auto document = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  control_document to;
  if (document.is_discarded())
    return fail(wrong("the body is not JSON"));
  if (document.is_array()) {
    if (auto read = read_faults(to, document); !read)
      return read.failure();
    return to;
  }
  if (!document.is_object())
    return fail(wrong("the body must be an object or an array of faults"));
  if (document.contains("effect")) {
    auto f = read_fault(document);
    if (!f)
      return f.failure();
    to.faults.push_back(std::move(*f));
    return to;
  }
  for (const auto& [name, value] : document.items()) {
    result<void> read;
    if (name == "clear" && value.is_boolean())
      to.clear = value.get<bool>();
    else if (name == "clear")
      read = fail(wrong("'clear' must be true or false"));
    else if (name == "faults")
      read = read_faults(to, value);
    else if (name == "latency_ms")
      read = read_by_vendor(to.latency_ms, value, name, &read_wait);
    else if (name == "clock_skew_ms")
      read = read_by_vendor(to.clock_skew_ms, value, name, &read_skew);
    else if (name == "page_size_max")
      read = read_by_vendor(to.page_size_max, value, name, &read_wait);
    else if (name == "calls_per_second")
      read = read_by_vendor(to.calls_per_second, value, name, &read_wait);
    else if (name == "retry_after_s")
      read = read_by_vendor(to.retry_after_s, value, name, &read_wait);
    else if (name == "oldest_first")
      read = read_by_vendor(to.oldest_first, value, name, &read_flag);
    else if (name == "ignores_filter")
      read = read_by_vendor(to.ignores_filter, value, name, &read_flag);
    else if (name == "refund")
      read = read_refund(to, value);
    else if (name == "authenticate" && value.is_string())
      to.authenticate = value.get<std::string>();
    else if (name == "fail_authentication" && value.is_string())
      to.fail_authentication = value.get<std::string>();
    else if (name == "dispute" && value.is_string())
      to.dispute = value.get<std::string>();
    else if (name == "archive" && value.is_string())
      to.archive = value.get<std::string>();
    else if (name == "unarchive" && value.is_string())
      to.unarchive = value.get<std::string>();
    else if (name == "stock")
      read = read_stock(to, value);
    else if (name == "expire" && value.is_string())
      to.expire = value.get<std::string>();
    else if (name == "fail_pick_ticket" && value.is_string())
      to.fail_pick_ticket = value.get<std::string>();
    else if (name == "fail_pickup" && value.is_string())
      to.fail_pickup = value.get<std::string>();
    else if (name == "expire_tokens" && value == true)
      to.expire_tokens = true;
    else
      read = fail(wrong("there is no setting '" + name.substr(0, 64) + "'"));
    if (!read)
      return read.failure();
  }
  return to;
}

result<void> fault_plan::add(std::vector<fault> faults) {
  if (faults.size() > rules_max - rules_.size())
    return fail({error_kind::full, "mock.control", "at most 1000 faults can be set"});
  for (auto& f : faults) {
    if (f.nth != 0 && f.times == 0)
      f.times = 1;
    rules_.push_back({std::move(f)});
  }
  return {};
}

fault_decision fault_plan::decide(call_id call) {
  fault_decision decision;
  const auto& name = call_names[static_cast<std::size_t>(call)];
  for (auto& r : rules_) {
    const auto& f = r.what;
    if ((f.vendor && *f.vendor != name.vendor) ||
        (f.operation != "*" && f.operation != name.operation))
      continue;
    ++r.calls;
    bool hit = f.always;
    if (f.nth != 0)
      hit = r.calls >= f.nth && r.calls - f.nth < f.times;
    else if (f.probability > 0) // 53 random bits make a double in [0, 1)
      hit = static_cast<double>(engine_() >> 11) * 0x1p-53 < f.probability;
    if (f.times != 0 && r.hits >= f.times)
      hit = false;
    if (!hit)
      continue;
    ++r.hits;
    ++hits_[static_cast<std::size_t>(f.effect)];
    decision.latency_ms += f.latency_ms;
    if (f.effect == fault_effect::latency)
      continue;
    decision.hit = &f;
    break;
  }
  return decision;
}

} // namespace orderhub::providers::mock
