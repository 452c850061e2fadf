#pragma once
// The `messages` of a shipment or transaction. Internal to this folder; a template over the JSON
// type, so that the library stays inside .cpp files.
#include "providers/codec/json_fields.hpp"
#include "providers/policy/answer.hpp"
#include "providers/shippo/reasons.hpp"
#include "providers/shippo/wire.hpp"

namespace orderhub::providers::shippo::wire {

/// Whether an object says it is a test, of a request with a live token: no carrier knows it.
template <class Json>
bool is_test_for_live(const sent_request& sent, const Json& object) {
  const Json* test = member(object, "test");
  return test && test->is_boolean() && test->template get<bool>() &&
         is_of_another_account(sent.target, false);
}

struct messages {
  std::string text;            ///< `readable`, messages separated by `; `.
  bool carrier_silent = false; ///< One of them says the carrier did not answer.
};

template <class Json>
messages read_messages(const Json& object) {
  messages read;
  const Json* list = member(object, "messages");
  if (!list || !list->is_array())
    return read;
  std::string joined;
  for (const Json& entry : *list) {
    const std::string code = text_of(entry, "code");
    const std::string text =
        entry.is_string() ? entry.template get<std::string>() : text_of(entry, "text");
    read.carrier_silent = read.carrier_silent || is_carrier_silent(code) || is_carrier_silent(text);
    if (joined.size() > 1'000 || (code.empty() && text.empty()))
      continue;
    if (!joined.empty())
      joined += "; ";
    joined += code;
    if (!code.empty() && !text.empty())
      joined += ": ";
    joined += text;
  }
  read.text = readable(joined);
  return read;
}

} // namespace orderhub::providers::shippo::wire
