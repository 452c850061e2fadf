#include "providers/shippo/wire.hpp"

#include "providers/wait_hint.hpp"

#include <algorithm>
#include <array>

namespace orderhub::providers::shippo::wire {

namespace {

constexpr std::size_t text_size_max = 300;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts at `size_max` bytes without splitting a UTF-8 character.
void cut(std::string& text, std::size_t size_max) {
  if (text.size() <= size_max)
    return;
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xc0U) == 0x80U)
    --size_max;
  text.resize(size_max);
}

/// Phone numbers, postcodes and house numbers are somebody's.
void mask_word(std::string& out, std::string_view word) {
  if (word.find('@') != std::string_view::npos) {
    out += "[…]";
    return;
  }
  for (std::size_t i = 0; i < word.size();) {
    const auto end = static_cast<std::size_t>(
        std::find_if_not(word.begin() + static_cast<std::ptrdiff_t>(i), word.end(), is_digit) -
        word.begin());
    if (end - i >= 4)
      out += "[…]";
    else if (end > i)
      out += word.substr(i, end - i);
    else
      out += word[i];
    i = std::max(end, i + 1);
  }
}

} // namespace

http_request post(std::string target, std::string body) {
  return {"POST", std::move(target), {{"Content-Type", "application/json"}}, std::move(body)};
}

http_request get(std::string target) {
  return {"GET", std::move(target), {}, {}};
}

std::string metadata(std::string_view order_id, std::string_view step) {
  std::string text = "order_id:";
  text.append(order_id).append(" step:").append(step);
  cut(text, metadata_size_max);
  return text;
}

error classify_write(const http_response& response, std::string_view where) {
  const int status = response.status;
  error e{error_kind::invalid, std::string(where), std::to_string(status)};
  e.retry_after_ms = retry_after_ms(response);
  if (status == 425 || status == 429)
    e.kind = error_kind::unavailable;
  else if (status >= 500 || status == 408 || status < 300)
    e.kind = error_kind::in_doubt;
  // A redirect that keeps the method says that nothing was done; of others that is not known.
  else if (status < 400 && status != 301 && status != 307 && status != 308)
    e.kind = error_kind::in_doubt;
  return e;
}

look_up_answer unknown(const http_response& response, std::string_view where) {
  look_up_answer answer;
  answer.what = look_up_answer::kind::unknown;
  answer.failure = {error_kind::unavailable, std::string(where), std::to_string(response.status)};
  answer.failure.retry_after_ms = retry_after_ms(response);
  return answer;
}

bool is_carrier_silent(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c == '_' || c == '-' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  // `rate expired, time out of range` and the like must not match: whole phrases only.
  constexpr std::array<std::string_view, 9> phrases = {"timeout",
                                                       "timed out",
                                                       "time out ",
                                                       "carrier unavailable",
                                                       "service unavailable",
                                                       "temporarily unavailable",
                                                       "did not respond",
                                                       "no response",
                                                       "try again later"};
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return lower.find(phrase) != std::string::npos;
  });
}

std::string readable(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() <= text_size_max) {
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size > 0) {
      if (!out.empty())
        out += ' ';
      mask_word(out, text.substr(0, size));
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  cut(out, text_size_max);
  return out;
}

} // namespace orderhub::providers::shippo::wire
