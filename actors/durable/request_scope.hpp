#pragma once
#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"

#include <string_view>

namespace orderhub::durable {

/// Within what a request key is one request: service, key, handler.
inline digest request_scope(const object_id& object, std::string_view handler,
                            std::string_view idempotency_key) {
  byte_writer w(64);
  w.str32(object.service);
  w.str32(object.key);
  w.str32(handler);
  w.str32(idempotency_key);
  return sha256_of(w.view());
}

/// What a request key stands for: the handler, and the content of the body; that is the body as it
/// came where the handler says nothing else.
inline digest request_content(std::string_view handler, std::string_view content) {
  std::string text(handler);
  text += '\n';
  text += content;
  return sha256_of(text);
}

} // namespace orderhub::durable
