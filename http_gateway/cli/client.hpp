#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway::cli {

struct client_answer {
  std::uint16_t status = 0;
  std::string body;
};

/// Asks one hub's admin listener. Redirects are not followed, so that the token goes nowhere else;
/// an answer above 64 MiB is none.
class client {
public:
  /// `base`: `http://127.0.0.1:9070`, without a slash at its end. `socket`: the path of a Unix
  /// socket that it is reached by; empty: none. `within_ms`: after that there is no answer.
  client(std::string base, secret token, std::string socket = {}, std::int64_t within_ms = 30'000)
      : base_(std::move(base)), token_(std::move(token)), socket_(std::move(socket)),
        within_ms_(within_ms) {}

  /// The same hub, asked for so long at most: for a command that has no more time.
  [[nodiscard]] client within(std::int64_t within_ms) const {
    return client(base_, token_, socket_, within_ms < within_ms_ ? within_ms : within_ms_);
  }

  /// `path`: path and query, percent-encoded. Fails with `unavailable` where no answer came; what
  /// is only read is waited for no longer than 10 s.
  [[nodiscard]] result<client_answer> get(const std::string& path) const;
  /// The same with a JSON body; `key`: its `idempotency-key`, empty: none.
  [[nodiscard]] result<client_answer> post(const std::string& path, const std::string& body,
                                           const std::string& key) const;

  /// The same to a webhook's door, which takes what is signed: with one header more.
  [[nodiscard]] result<client_answer> deliver(const std::string& path, const std::string& body,
                                              const std::string& header_line) const;

  /// A POST of that body with those header lines and none of its own: no token, no type.
  [[nodiscard]] result<client_answer> pass_on(const std::string& path, const std::string& body,
                                              const std::vector<std::string>& header_lines) const;

  /// What comes by and by (`text/event-stream`): `take` is given it as it comes, and nothing about
  /// once a second, and says whether it wants more. Returns when it does not, or when the other
  /// side ends it, after at most `timeout_ms` (0: never); a body is there only where the status is
  /// not 200. Fails with `unavailable` where no answer came, and where nothing has come for so long
  /// that nobody is there any more.
  [[nodiscard]] result<client_answer>
  follow(const std::string& path, std::int64_t timeout_ms,
         const std::function<bool(std::string_view)>& take) const;

private:
  [[nodiscard]] result<client_answer> ask(const std::string& path, const std::string* body,
                                          std::vector<std::string> header_lines,
                                          std::int64_t within_ms) const;
  std::string base_;
  secret token_;
  std::string socket_;
  std::int64_t within_ms_;
};

/// One segment of a path, or one value of a query, percent-encoded.
std::string percent_encoded(std::string_view text);

} // namespace orderhub::http_gateway::cli
