#pragma once
#include "providers/contracts/check/check.hpp"
#include "providers/transport.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::contracts {

/// One request of a check. An empty key, type or body is one that is not sent.
struct question {
  std::string method = "POST";
  std::string path;
  std::string key;
  std::string body;
  std::string type = "application/json";
};
/// `POST /v1/reservations, Idempotency-Key check-1, body {…}`; a long body is cut.
std::string text_of(const question& asked);

struct reply {
  question asked;
  transport_outcome outcome;

  [[nodiscard]] int status() const {
    return outcome.kind == outcome_kind::response ? outcome.response.status : 0;
  }
  [[nodiscard]] const std::string& body() const { return outcome.response.body; }
  /// Whether it says that it is JSON.
  [[nodiscard]] bool is_json() const;
};
/// `201 {…}`, or `no answer (…)`; a long body is cut.
std::string text_of(const reply& answer);

/// Asks and waits. Single-threaded, over a transport that is not.
class check_client {
public:
  check_client(transport& net, const check_options& options) : net_(net), options_(options) {}

  reply ask(const question& asked) { return std::move(ask_at_once({asked}).front()); }
  /// All of them on the wire before the first answer is waited for.
  std::vector<reply> ask_at_once(const std::vector<question>& asked);

  /// A key and a reference that were never used.
  std::string new_key() { return "check-" + options_.run + "-k" + std::to_string(++numbers_); }
  std::string new_reference() {
    return "check-" + options_.run + "-r" + std::to_string(++numbers_);
  }
  [[nodiscard]] const check_options& options() const { return options_; }

private:
  transport& net_;
  const check_options& options_;
  int numbers_ = 0;
};

/// Collects what a rule needs and reports it once: the first thing that is wrong.
class rule {
public:
  rule(std::string name, std::string title, const std::function<void(const rule_result&)>& report)
      : report_(report) {
    result_.rule = std::move(name);
    result_.title = std::move(title);
    result_.is_kept = true;
  }
  ~rule() { report_(result_); }
  rule(const rule&) = delete;
  rule& operator=(const rule&) = delete;

  /// False, and noted where it is the first time, unless `holds`.
  bool need(bool holds, const reply& answer, std::string expected);
  /// The status, and JSON.
  bool need_status(int status, const reply& answer, const std::string& expected);
  /// A refusal of that status and code, in the contract's shape.
  bool need_refusal(int status, std::string_view code, const reply& answer);

private:
  const std::function<void(const rule_result&)>& report_;
  rule_result result_;
};

} // namespace orderhub::providers::contracts
