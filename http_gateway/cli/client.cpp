#include "http_gateway/cli/client.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include <curl/curl.h>

namespace orderhub::http_gateway::cli {

namespace {

constexpr long connect_timeout_ms = 3'000;
constexpr std::int64_t read_within_ms = 10'000;
constexpr std::size_t answer_size_max = std::size_t{64} << 20U;

struct easy_end {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
};
struct list_end {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > answer_size_max)
    return 0;
  body.append(bytes, size * count);
  return size * count;
}

/// The hub says something every 15 seconds.
constexpr long silence_max_s = 45;

struct stream_taker {
  CURL* easy;
  const std::function<bool(std::string_view)>& take;
  std::string body; ///< Of a refusal.
  bool has_enough;
};

std::size_t take_streamed(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& taker = *static_cast<stream_taker*>(to);
  constexpr long ok = 200;
  long status = 0;
  curl_easy_getinfo(taker.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != ok)
    return take(bytes, size, count, &taker.body);
  taker.has_enough = !taker.take({bytes, size * count});
  return taker.has_enough ? 0 : size * count;
}

/// About once a second, whatever comes.
int go_on(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& taker = *static_cast<stream_taker*>(to);
  taker.has_enough = taker.has_enough || !taker.take({});
  return taker.has_enough ? 1 : 0;
}

constexpr const char* json_type = "Content-Type: application/json";

} // namespace

result<client_answer> client::get(const std::string& path) const {
  return ask(path, nullptr, {}, std::min(within_ms_, read_within_ms));
}

result<client_answer> client::post(const std::string& path, const std::string& body,
                                   const std::string& key) const {
  std::vector<std::string> lines = {json_type};
  if (!key.empty())
    lines.push_back("Idempotency-Key: " + key);
  return ask(path, &body, std::move(lines), within_ms_);
}

result<client_answer> client::deliver(const std::string& path, const std::string& body,
                                      const std::string& header_line) const {
  return ask(path, &body, {json_type, header_line}, within_ms_);
}

result<client_answer> client::pass_on(const std::string& path, const std::string& body,
                                      const std::vector<std::string>& header_lines) const {
  // libcurl's own ones, without a value: not sent. A later line of that name is.
  std::vector<std::string> lines = {"Content-Type:", "Accept:", "Expect:"};
  lines.insert(lines.end(), header_lines.begin(), header_lines.end());
  return ask(path, &body, std::move(lines), within_ms_);
}

result<client_answer> client::ask(const std::string& path, const std::string* body,
                                  std::vector<std::string> header_lines,
                                  std::int64_t within_ms) const {
  const std::unique_ptr<CURL, easy_end> easy(curl_easy_init());
  client_answer answer;
  std::unique_ptr<curl_slist, list_end> headers;
  if (!token_.empty())
    header_lines.push_back("Authorization: Bearer " + token_.reveal());
  for (const auto& line : header_lines) // What it returns has the same lines and one more.
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  if (body != nullptr) {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body->c_str());
  }
  curl_easy_setopt(easy.get(), CURLOPT_URL, (base_ + path).c_str());
  if (!socket_.empty())
    curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(within_ms));
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, ""); // None, whatever the environment says.
  if (const auto code = curl_easy_perform(easy.get()); code != CURLE_OK)
    return fail({error_kind::unavailable, "client", curl_easy_strerror(code)});
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<std::uint16_t>(status);
  return answer;
}

result<client_answer>
client::follow(const std::string& path, std::int64_t timeout_ms,
               const std::function<bool(std::string_view)>& take_piece) const {
  const std::unique_ptr<CURL, easy_end> easy(curl_easy_init());
  std::unique_ptr<curl_slist, list_end> headers;
  headers.reset(curl_slist_append(nullptr, "Accept: text/event-stream"));
  if (!token_.empty())
    headers.reset(
        curl_slist_append(headers.release(), ("Authorization: Bearer " + token_.reveal()).c_str()));
  stream_taker taker{easy.get(), take_piece, {}, false};
  if (!socket_.empty())
    curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_URL, (base_ + path).c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &take_streamed);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &taker);
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, &go_on);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFODATA, &taker);
  curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_LOW_SPEED_TIME, silence_max_s);
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, ""); // None, whatever the environment says.
  const auto code = curl_easy_perform(easy.get());
  if (code != CURLE_OK && !taker.has_enough)
    return fail({error_kind::unavailable, "client", curl_easy_strerror(code)});
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return client_answer{static_cast<std::uint16_t>(status), std::move(taker.body)};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain)
      out += c;
    else
      out.append("%").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
  }
  // A dot or two alone would be taken for the folder itself, or the one above it.
  if (out == "." || out == "..")
    return out.size() == 1 ? "%2E" : "%2E%2E";
  return out;
}

} // namespace orderhub::http_gateway::cli
