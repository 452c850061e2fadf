#include "actors/durable/idempotency_key.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <span>

namespace orderhub::durable {

namespace {
std::string key_of(const digest& d) {
  constexpr std::size_t key_bytes = 20;
  return "oh_" + hex_of(std::span(d).first(key_bytes));
}
} // namespace

std::string idempotency_key(const hub_id& hub, const object_id& object, std::string_view step,
                            std::string_view attempt) {
  byte_writer w(96);
  w.array(hub);
  w.str8(object.service);
  w.str8(object.key);
  w.str8(step);
  w.str8(attempt);
  return key_of(sha256_of(w.view()));
}

std::string key_of_generation(const std::string& first, std::uint32_t generation) {
  return generation < 2 ? first : key_of(sha256_of(first + '/' + std::to_string(generation)));
}

} // namespace orderhub::durable
