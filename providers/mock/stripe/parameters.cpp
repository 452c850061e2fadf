// What a request to the mock Stripe may say.
#include "providers/mock/stripe/parameters.hpp"

#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

bool stripe::read_parameters(call& c) {
  if (c.request.method == "POST" && !c.request.body.empty()) {
    const auto* type = c.header("content-type");
    if (!type || std::string_view(*type).substr(0, 33) != "application/x-www-form-urlencoded") {
      refuse(c, 400, "invalid_request_error", {},
             "Invalid request: the body must be application/x-www-form-urlencoded.");
      return false;
    }
  }
  if (!shared_.params.add_form(c.request.method == "GET" ? c.query
                                                         : std::string_view(c.request.body))) {
    refuse(c, 400, "invalid_request_error", {}, "Invalid request: broken percent-encoding.");
    return false;
  }
  return true;
}

bool stripe::check_known(call& c, std::span<const std::string_view> allowed, const fields& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto name = base_name(given.name(i));
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      std::string message = "Received unknown parameter: ";
      message.append(name.substr(0, 100));
      refuse(c, 400, "invalid_request_error", "parameter_unknown", message, name.substr(0, 100));
      return false;
    }
  }
  return true;
}

bool stripe::read_metadata(call& c, std::string& json) {
  const auto& params = shared_.params;
  json.assign("{");
  std::size_t count = 0;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto name = params.name(i);
    if (name.substr(0, 9) != "metadata[" || name.back() != ']')
      continue;
    const auto key = name.substr(9, name.size() - 10);
    if (++count > metadata_entries_max || key.empty() || key.size() > metadata_key_size_max ||
        params.value(i).size() > metadata_value_size_max) {
      refuse(c, 400, "invalid_request_error", {},
             "Metadata can have up to 50 keys, with key names up to 40 characters long and values "
             "up to 500 characters long.",
             "metadata");
      return false;
    }
    if (count > 1)
      json.push_back(',');
    append_json(json, key);
    json.push_back(':');
    append_json(json, params.value(i));
  }
  json.push_back('}');
  return true;
}

} // namespace orderhub::providers::mock
