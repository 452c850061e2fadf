#pragma once
#include "journal/base/hash.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// What the verifiers of webhooks share: OpenSSL behind plain values. Signed bytes are given as
/// parts, so that no body is copied to stand behind a timestamp.
namespace orderhub::providers::webhooks {

using signed_parts = std::initializer_list<std::string_view>;

using orderhub::hash_algorithm;

/// The raw bytes of the HMAC: `hmac_of`.
inline std::string hmac(hash_algorithm algorithm, std::string_view key, signed_parts parts) {
  return hmac_of(algorithm, key, parts);
}
/// Its lower-case hexadecimal text.
std::string hmac_hex(hash_algorithm algorithm, std::string_view key, signed_parts parts);

/// Whether the bytes are equal, in a time that depends on their sizes only.
bool are_same(std::string_view a, std::string_view b);

/// A key that only verifies. Copies share it; immutable.
class public_key {
public:
  /// ECDSA on P-256: base64 of the DER SubjectPublicKeyInfo, or PEM. Nothing where the text is
  /// neither, or is a key of another curve. The last few texts are remembered by each thread, since
  /// reading one takes as long as verifying.
  static std::optional<public_key> p256(std::string_view text);
  /// Ed25519: the 32 raw bytes.
  static std::optional<public_key> ed25519(std::string_view raw);

  /// P-256: `signature` is DER, of the SHA-256 of the parts. Ed25519: 64 bytes, of the parts.
  [[nodiscard]] bool verifies(signed_parts parts, std::string_view signature) const;

private:
  public_key(std::shared_ptr<void> key, std::shared_ptr<void> ready)
      : key_(std::move(key)), ready_(std::move(ready)) {}
  std::shared_ptr<void> key_; ///< `EVP_PKEY`
  std::shared_ptr<void>
      ready_; ///< Of P-256 an `EVP_PKEY_CTX` that is copied for each use; or null.
};

/// A key pair, for what plays a sender: the mock and tests. Both making and signing take OpenSSL's
/// own random numbers.
class signing_key {
public:
  static signing_key new_p256();
  static signing_key new_ed25519();

  [[nodiscard]] std::string sign(signed_parts parts) const;
  /// As `public_key` takes it: base64 of the DER for P-256, base64 of the raw bytes for Ed25519.
  [[nodiscard]] std::string public_text() const;

private:
  explicit signing_key(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;
};

} // namespace orderhub::providers::webhooks
