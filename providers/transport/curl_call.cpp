#include "providers/transport/curl_call.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace orderhub::providers {

namespace {

constexpr std::size_t header_count_max = 256;

/// Connected (TLS included), and the next thing is the first byte of the request.
int on_start(void* user, char*, char*, int, int) {
  auto& s = *static_cast<curl_slot*>(user);
  if (++s.starts > 1 && !s.may_resend)
    return CURL_PREREQFUNC_ABORT;
  s.body_sent = 0;
  return CURL_PREREQFUNC_OK;
}

std::size_t on_body_wanted(char* out, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<curl_slot*>(user);
  const std::size_t n = std::min(size * count, s.request.body.size() - s.body_sent);
  std::memcpy(out, s.request.body.data() + s.body_sent, n);
  s.body_sent += n;
  return n;
}

bool fits(curl_slot& s, std::size_t n) {
  s.answer_size += n;
  s.too_large = s.too_large || s.answer_size > s.answer_size_max;
  return !s.too_large;
}

/// For `n` more bytes of the body: small answers need none.
bool has_place(curl_slot& s, std::size_t n) {
  auto& large = *s.large;
  if (s.is_large || s.answer_size + n <= large.from)
    return true;
  if (large.now >= large.max) {
    if (!s.is_paused && s.may_pause)
      large.paused.push_back(&s);
    s.is_paused = s.may_pause;
    s.is_crowded_out = !s.may_pause;
    return false;
  }
  ++large.now;
  s.is_large = true;
  return true;
}

/// An answer that does not say 2xx may come twice (a vendor's or a proxy's fault), and the second
/// one would be taken for the answer of the next call on this connection. Of a success the reader
/// sees whom it is about; a refusal mostly tells nothing, so no call with an effect comes after it.
void reuse_after(std::string_view status_line, const curl_slot& s) {
  int status = 0;
  const auto code = status_line.substr(std::min(status_line.find(' '), status_line.size() - 1) + 1);
  std::from_chars(code.data(), code.data() + code.size(), status);
  // Of HTTP/2 each answer is in a stream of its own.
  const bool is_refusal = status >= 300 && !s.may_resend && !status_line.starts_with("HTTP/2");
  (void)curl_easy_setopt(s.easy, CURLOPT_FORBID_REUSE, is_refusal ? 1L : 0L);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<curl_slot*>(user);
  const std::size_t n = size * count;
  auto& response = s.outcome.response;
  std::string_view line(data, n);
  if (line.starts_with("HTTP/")) { // Also after an interim 1xx, whose headers do not count.
    response.headers.clear();
    response.body.clear();
    reuse_after(line, s);
    return fits(s, n) ? n : 0;
  }
  while (!line.empty() &&
         (line.back() == '\r' || line.back() == '\n' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  const auto colon = line.find(':');
  if (!fits(s, n) || response.headers.size() >= header_count_max) {
    s.too_large = true;
    return 0;
  }
  if (colon == std::string_view::npos || colon == 0)
    return n;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  if (response.headers.empty()) // Not before: a call waits for its answer most of its time.
    response.headers.reserve(16);
  auto& [name, text] = response.headers.emplace_back(line.substr(0, colon), value);
  std::transform(name.begin(), name.end(), name.begin(), lower_ascii);
  if (name == "content-length") {
    std::size_t length = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc{} &&
        length <= std::min(s.answer_size_max, s.large->from))
      response.body.reserve(length);
  }
  return n;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<curl_slot*>(user);
  const std::size_t n = size * count;
  if (!has_place(s, n))
    return s.may_pause ? CURL_WRITEFUNC_PAUSE : 0; // Paused, the same bytes come again.
  if (!fits(s, n))
    return 0;
  s.outcome.response.body.append(data, n);
  return n;
}

} // namespace

void end_answer(curl_slot& slot) {
  auto& large = *slot.large;
  if (std::exchange(slot.is_paused, false))
    std::erase(large.paused, &slot);
  if (!std::exchange(slot.is_large, false))
    return;
  --large.now;
  if (large.paused.empty())
    return;
  curl_slot* const next = large.paused.front();
  large.paused.pop_front();
  next->is_paused = false;
  // Delivers what was held back, maybe at once. A failure shows as the end of the transfer.
  (void)curl_easy_pause(next->easy, CURLPAUSE_CONT);
}

void attach_callbacks(curl_slot& slot) {
  CURL* easy = slot.easy;
  auto* user = static_cast<void*>(&slot);
  set_option(easy, CURLOPT_PRIVATE, user);
  set_option(easy, CURLOPT_PREREQFUNCTION, &on_start);
  set_option(easy, CURLOPT_PREREQDATA, user);
  set_option(easy, CURLOPT_READFUNCTION, &on_body_wanted);
  set_option(easy, CURLOPT_READDATA, user);
  set_option(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set_option(easy, CURLOPT_HEADERDATA, user);
  set_option(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set_option(easy, CURLOPT_WRITEDATA, user);
}

transport_outcome outcome_of(outcome_kind kind, const char* reason) {
  transport_outcome outcome;
  outcome.kind = kind;
  outcome.reason = reason;
  return outcome;
}

const char* reason_of(CURLcode code) {
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return "host name not resolved";
  case CURLE_COULDNT_CONNECT:
    return "connection refused or unreachable";
  case CURLE_OPERATION_TIMEDOUT:
    return "deadline passed";
  case CURLE_SSL_CONNECT_ERROR:
    return "TLS handshake failed";
  case CURLE_PEER_FAILED_VERIFICATION:
    return "TLS certificate not trusted";
  case CURLE_SSL_CACERT_BADFILE:
    return "the file of certificate authorities cannot be read";
  case CURLE_GOT_NOTHING:
    return "connection closed without an answer";
  case CURLE_PARTIAL_FILE:
    return "answer cut short";
  case CURLE_SEND_ERROR:
    return "connection broke while sending";
  case CURLE_RECV_ERROR:
    return "connection broke while receiving";
  case CURLE_SEND_FAIL_REWIND:
  case CURLE_ABORTED_BY_CALLBACK:
    return "reused connection died";
  case CURLE_URL_MALFORMAT:
    return "URL not usable";
  case CURLE_UNSUPPORTED_PROTOCOL: // HTTP/0.9; the URL's own scheme was judged before.
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
    return "answer is not HTTP";
  case CURLE_OUT_OF_MEMORY:
    return "out of memory";
  default:
    return "transfer failed";
  }
}

} // namespace orderhub::providers
