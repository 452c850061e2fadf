#pragma once
#include "providers/mock/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// Makes and reads the vendors' ids. An id spells the object's number and the tag of the mock's
/// life, so that no index from id to object is needed and an id of an earlier life (another seed,
/// or before a reset) is unknown.
class ids {
public:
  enum class shippo_kind : std::uint8_t {
    shipment = 1,
    rate = 2,
    transaction = 3,
    refund = 4,
    address = 5,
    track = 6
  };

  explicit ids(std::uint64_t tag) : tag_(tag & tag_mask) {}

  /// `pi_`, `ch_`, `re_`, … and 24 characters, as Stripe's are.
  void append_stripe(std::string& out, std::string_view prefix, std::uint64_t number) const {
    out.append(prefix).append("3M");
    append_hex(out, tag_, 10);
    append_hex(out, number, 12);
  }
  [[nodiscard]] std::optional<std::uint64_t> read_stripe(std::string_view prefix,
                                                         std::string_view id) const {
    if (id.size() != prefix.size() + 24 || id.substr(0, prefix.size()) != prefix ||
        id.substr(prefix.size(), 2) != "3M")
      return std::nullopt;
    return read(id.substr(prefix.size() + 2, 10), id.substr(prefix.size() + 12));
  }

  /// 32 hexadecimal digits, as Shippo's object ids are. `index` numbers the rates of a shipment.
  void append_shippo(std::string& out, shippo_kind kind, std::uint64_t number,
                     std::uint8_t index = 0) const {
    append_hex(out, static_cast<std::uint64_t>(kind), 1);
    append_hex(out, index, 2);
    append_hex(out, tag_, 10);
    append_hex(out, number, 19);
  }
  [[nodiscard]] std::optional<std::uint64_t> read_shippo(shippo_kind kind, std::string_view id,
                                                         std::uint8_t* index = nullptr) const {
    std::uint64_t read_kind = 0;
    std::uint64_t read_index = 0;
    if (id.size() != 32 || !read_hex(id.substr(0, 1), read_kind) ||
        read_kind != static_cast<std::uint64_t>(kind) || !read_hex(id.substr(1, 2), read_index) ||
        id.substr(13, 3) != "000")
      return std::nullopt;
    if (index)
      *index = static_cast<std::uint8_t>(read_index);
    else if (read_index != 0)
      return std::nullopt;
    return read(id.substr(3, 10), id.substr(16));
  }

  /// SendGrid's `X-Message-Id`, 22 characters.
  void append_mail(std::string& out, std::uint64_t number) const {
    append_hex(out, tag_, 10);
    append_hex(out, number, 12);
  }

  /// Twilio's `SM` and 32 hexadecimal digits.
  void append_message(std::string& out, std::uint64_t number) const {
    out.append("SM");
    append_hex(out, tag_, 10);
    append_hex(out, number, 22);
  }
  [[nodiscard]] std::optional<std::uint64_t> read_message(std::string_view sid) const {
    if (sid.size() != 34 || !sid.starts_with("SM") || sid.substr(12, 6) != "000000")
      return std::nullopt;
    return read(sid.substr(2, 10), sid.substr(18));
  }

  /// GitHub's number of a deployment: 20 bits of the tag before 32 of the object's number.
  [[nodiscard]] std::uint64_t deployment_id(std::uint64_t number) const {
    return ((tag_ & deployment_tag_mask) << 32U) | (number & 0xffff'ffffU);
  }
  [[nodiscard]] std::optional<std::uint64_t> read_deployment(std::uint64_t id) const {
    if (id >> 32U != (tag_ & deployment_tag_mask))
      return std::nullopt;
    return id & 0xffff'ffffU;
  }

private:
  static constexpr std::uint64_t deployment_tag_mask = 0xf'ffff;
  static constexpr std::uint64_t tag_mask = 0xff'ffff'ffff;

  [[nodiscard]] std::optional<std::uint64_t> read(std::string_view tag,
                                                  std::string_view number) const {
    std::uint64_t read_tag = 0;
    std::uint64_t read_number = 0;
    if (!read_hex(tag, read_tag) || read_tag != tag_ || !read_hex(number, read_number))
      return std::nullopt;
    return read_number;
  }

  std::uint64_t tag_;
};

/// Slack's `1503435956.000247` from microseconds.
inline void append_slack_ts(std::string& out, std::int64_t us) {
  append_number(out, us / 1'000'000);
  out.push_back('.');
  std::int64_t fraction = us % 1'000'000;
  char digits[6];
  for (int i = 5; i >= 0; --i, fraction /= 10)
    digits[i] = static_cast<char>('0' + fraction % 10);
  out.append(digits, 6);
}

} // namespace orderhub::providers::mock
