// Every file in tests/golden/http is one exchange: the request an adapter makes, an answer of the
// vendor, and what it must be taken for.
//
//   operation <name as in samples.cpp> [lookup [proven]]
//   <method> <target>
//   <request headers>
//   <empty line>
//   <body>
//   === answer
//   <status>
//   <headers, lower case>
//   <empty line>
//   <body>
//   === outcome
//   value <JSON>          or   <error kind> <where>: <message> [retry_after_ms=N]
//   <look-up kind> <value, failure or next request's target and body>   with   evidence <text>
//
// A look-up is `proven` where a refusal has proven an earlier effect: `since` is 0.
#include "providers/policy/answer.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace orderhub::providers {
namespace {

std::string text_of(const http_request& request) {
  std::string text = request.method + ' ' + request.target + '\n';
  for (const auto& [name, value] : request.headers)
    text += name + ": " + value + '\n';
  return text + '\n' + request.body + '\n';
}

std::string text_of(const error& e) {
  std::string text = std::string(name_of(e.kind)) + ' ' + e.where + ": " + e.message;
  if (e.retry_after_ms != 0)
    text += " retry_after_ms=" + std::to_string(e.retry_after_ms);
  return text + '\n';
}

std::string text_of(const result<std::string>& outcome) {
  return outcome ? "value " + *outcome + '\n' : text_of(outcome.error());
}

std::string text_of(const lookup_finding& answer) {
  using kind = finding_kind;
  std::string text;
  switch (answer.kind) {
  case kind::found:
    text = "found " + answer.value + '\n';
    break;
  case kind::absent:
    text = "absent\n";
    break;
  case kind::running:
    text = "running\n";
    break;
  case kind::differs:
    text = "differs\n";
    break;
  case kind::unknown:
    text = "unknown " + text_of(answer.failure);
    break;
  case kind::refused:
    text = "refused " + text_of(answer.failure);
    break;
  }
  if (answer.next)
    text += "more " + answer.next->target + ' ' + answer.next->body + '\n';
  if (!answer.evidence.empty())
    text += "evidence " + answer.evidence + '\n';
  return text;
}

struct exchange {
  std::string operation;
  bool is_lookup = false;
  bool is_proven = false;
  std::string request;
  http_response response;
  std::string outcome;
};

exchange read_exchange(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string answer_mark = "=== answer\n";
  const std::string outcome_mark = "=== outcome\n";
  const auto answer_at = text.find(answer_mark);
  const auto outcome_at = text.find(outcome_mark);
  REQUIRE(answer_at != std::string::npos);
  REQUIRE(outcome_at != std::string::npos);
  exchange e;
  const auto line_end = text.find('\n');
  std::istringstream first(text.substr(0, line_end));
  std::string word;
  first >> word >> e.operation >> word;
  e.is_lookup = word == "lookup";
  e.is_proven = static_cast<bool>(first >> word) && word == "proven";
  e.request = text.substr(line_end + 1, answer_at - line_end - 1);
  std::istringstream answer(
      text.substr(answer_at + answer_mark.size(), outcome_at - answer_at - answer_mark.size()));
  answer >> e.response.status;
  std::string line;
  std::getline(answer, line);
  while (std::getline(answer, line) && !line.empty()) {
    const auto colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    e.response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  e.response.body.assign(std::istreambuf_iterator<char>(answer), {});
  if (e.response.body.ends_with('\n'))
    e.response.body.pop_back();
  e.outcome = text.substr(outcome_at + outcome_mark.size());
  return e;
}

TEST_CASE("every golden exchange is made and read as recorded", "[providers][golden]") {
  const std::filesystem::path folder =
      std::filesystem::path(ORDERHUB_SOURCE_DIR) / "tests" / "golden" / "http";
  const auto operations = testing::sample_operations();
  std::set<std::string> covered;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".http")
      continue;
    ++count;
    INFO(entry.path().filename().string());
    const exchange e = read_exchange(entry.path());
    const auto found = operations.find(e.operation);
    REQUIRE(found != operations.end());
    const raw_operation& raw = found->second;
    covered.insert(std::string(raw.name));
    if (e.is_lookup) {
      REQUIRE(raw.lookup);
      sent_request sent = testing::sent(raw);
      if (e.is_proven)
        sent.since = 0;
      CHECK(text_of(raw.lookup(sent)) == e.request);
      CHECK(text_of(raw.read_lookup(sent, e.response)) == e.outcome);
    } else {
      CHECK(text_of(raw.request) == e.request);
      CHECK(text_of(read_answer(raw, testing::sent(raw), e.response)) == e.outcome);
    }
  }
  CHECK(count >= 190);
  for (const auto& [name, raw] : operations)
    CHECK(covered.contains(std::string(raw.name)));
}

} // namespace
} // namespace orderhub::providers
