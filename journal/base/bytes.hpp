#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace orderhub {

/// Appends big-endian integers and length-prefixed byte strings to a string it owns.
class byte_writer {
public:
  byte_writer() = default;
  explicit byte_writer(std::size_t reserve) { out_.reserve(reserve); }

  template <class Int>
    requires std::is_unsigned_v<Int>
  void put(Int value) {
    char raw[sizeof(Int)];
    for (std::size_t i = 0; i < sizeof(Int); ++i)
      raw[i] = static_cast<char>((value >> (8 * (sizeof(Int) - 1 - i))) & 0xffU);
    out_.append(raw, sizeof(Int));
  }
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { put(v); }
  void u32(std::uint32_t v) { put(v); }
  void u64(std::uint64_t v) { put(v); }
  void i64(std::int64_t v) { put(static_cast<std::uint64_t>(v)); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// Size prefix of 1, 2 or 4 bytes; a longer string is a programming error and aborts.
  void str8(std::string_view s) { sized<std::uint8_t>(s); }
  void str16(std::string_view s) { sized<std::uint16_t>(s); }
  void str32(std::string_view s) { sized<std::uint32_t>(s); }
  template <std::size_t N>
  void array(const std::array<std::uint8_t, N>& a) {
    out_.append(reinterpret_cast<const char*>(a.data()), N);
  }

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] std::string_view view() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

private:
  template <class Size>
  void sized(std::string_view s) {
    check_size(s.size(), static_cast<std::size_t>(Size(-1)));
    put(static_cast<Size>(s.size()));
    out_.append(s);
  }
  static void check_size(std::size_t size, std::size_t max);

  std::string out_;
};

/// Reads what `byte_writer` wrote. After the first read past the end `ok()` is false for good and
/// every later read yields zero or empty; views point into the input.
class byte_reader {
public:
  explicit byte_reader(std::string_view in) : in_(in) {}

  template <class Int>
    requires std::is_unsigned_v<Int>
  Int get() {
    if (!need(sizeof(Int)))
      return 0;
    Int value = 0;
    for (std::size_t i = 0; i < sizeof(Int); ++i)
      value = static_cast<Int>((static_cast<std::uint64_t>(value) << 8U) |
                               static_cast<std::uint8_t>(in_[at_ + i]));
    at_ += sizeof(Int);
    return value;
  }
  std::uint8_t u8() { return get<std::uint8_t>(); }
  std::uint16_t u16() { return get<std::uint16_t>(); }
  std::uint32_t u32() { return get<std::uint32_t>(); }
  std::uint64_t u64() { return get<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
  std::string_view raw(std::size_t size) {
    if (!need(size))
      return {};
    auto view = in_.substr(at_, size);
    at_ += size;
    return view;
  }
  std::string_view str8() { return raw(u8()); }
  std::string_view str16() { return raw(u16()); }
  std::string_view str32() { return raw(u32()); }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    if (auto v = raw(N); v.size() == N)
      std::memcpy(out.data(), v.data(), N);
    return out;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  /// Read everything and nothing more.
  [[nodiscard]] bool done() const { return ok_ && at_ == in_.size(); }
  [[nodiscard]] std::size_t left() const { return in_.size() - at_; }

private:
  bool need(std::size_t size) {
    if (!ok_ || in_.size() - at_ < size)
      ok_ = false;
    return ok_;
  }
  std::string_view in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

} // namespace orderhub
