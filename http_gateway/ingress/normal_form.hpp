#pragma once
#include <string>

namespace orderhub::http_gateway {

/// Brings a key into Unicode's normal form C (UAX #15), so that what looks the same to a person is
/// the same key however a client composed it (`é` as one character, or as `e` and an accent).
/// `text` is valid UTF-8; text that cannot be brought into the form for want of memory stays as it
/// is. Idempotent. Characters that are newer than ICU's version of Unicode stay as they are; for
/// all others the form never changes with the version (UAX #15, stability policy).
void make_normal(std::string& text);

} // namespace orderhub::http_gateway
