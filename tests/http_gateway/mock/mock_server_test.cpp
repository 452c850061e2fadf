#include "http_gateway/mock/mock_server.hpp"
#include "tests/support/catch2.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

using server = orderhub::http_gateway::mock_server;

namespace {

/// A raw client: what is tested is bytes and connection ends. Every read has a deadline.
class raw_client {
public:
  explicit raw_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    const timeval deadline{20, 0};
    REQUIRE(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0);
  }
  ~raw_client() { ::close(fd_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  struct answer {
    int status = 0;
    std::string head, body;
  };
  /// Reads one answer by its content-length.
  answer read() {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!more())
        return {};
    const auto end = buffer_.find("\r\n\r\n") + 4;
    answer out;
    out.head = buffer_.substr(0, end);
    out.status = std::stoi(out.head.substr(9, 3));
    std::size_t size = 0;
    if (const auto at = out.head.find("content-length: "); at != std::string::npos)
      size = std::stoul(out.head.substr(at + 16));
    while (buffer_.size() < end + size)
      if (!more())
        break;
    out.body = buffer_.substr(end, size);
    buffer_.erase(0, end + size);
    return out;
  }
  /// Everything up to the end of the connection; `errno` of the end, 0 for an orderly one.
  std::pair<std::string, int> read_to_end() {
    while (more()) {
    }
    return {buffer_, end_};
  }

  /// Whether the connection is open and has brought nothing.
  [[nodiscard]] bool is_silent() const {
    char byte = 0;
    return buffer_.empty() && ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }

private:
  bool more() {
    char bytes[4096];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      end_ = got == 0 ? 0 : errno;
      return false;
    }
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  int end_ = 0;
  std::string buffer_;
};

std::string request(std::string_view method, std::string_view target, std::string_view headers,
                    std::string_view body) {
  std::string out(method);
  out.append(" ").append(target).append(" HTTP/1.1\r\n");
  out.append(headers).append("Content-Length: ").append(std::to_string(body.size()));
  out.append("\r\n\r\n").append(body);
  return out;
}

std::string charge(std::string_view key = "k1") {
  std::string headers = "Host: localhost\r\nAuthorization: Bearer sk_test_1\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: ";
  headers.append(key).append("\r\n");
  return request("POST", "/stripe/v1/payment_intents", headers,
                 "amount=4200&currency=usd&confirm=true&payment_method=pm_card_visa"
                 "&payment_method_types[]=card&metadata[order_id]=ord-1");
}

std::string get(std::string_view target, std::string_view headers = "Host: localhost\r\n") {
  return request("GET", target, headers, "");
}

nlohmann::json ledger_of(server& s) {
  return nlohmann::json::parse(s.ledger_json());
}

} // namespace

TEST_CASE("a kept connection answers one request after the other", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  CHECK(s.base_url("stripe") == "http://127.0.0.1:" + std::to_string(*port) + "/stripe");
  raw_client c(*port);
  for (int i = 0; i < 3; ++i) {
    c.send(charge("k" + std::to_string(i)));
    const auto a = c.read();
    CHECK(a.status == 200);
    CHECK(nlohmann::json::parse(a.body)["status"] == "succeeded");
  }
  CHECK(ledger_of(s)["total"] == 3);
}

TEST_CASE("pipelined requests are answered in order", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += charge("k" + std::to_string(i));
  c.send(all);
  for (int i = 0; i < 200; ++i) {
    const auto a = c.read();
    REQUIRE(a.status == 200);
    REQUIRE(a.head.find("idempotency-key: k" + std::to_string(i) + "\r\n") != std::string::npos);
  }
}

TEST_CASE("a request that arrives byte by byte is one request", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  for (const char byte : charge())
    c.send({&byte, 1});
  CHECK(c.read().status == 200);
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("a chunked body and a wait for 100 are understood", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  c.send("POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: localhost\r\n"
         "Authorization: Bearer sk_test_1\r\nExpect: 100-continue\r\n"
         "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(c.read().status == 100);
  c.send("a\r\namount=100\r\nd\r\n&currency=usd\r\n0\r\n\r\n");
  const auto a = c.read();
  CHECK(a.status == 200);
  CHECK(nlohmann::json::parse(a.body)["status"] == "requires_payment_method");
}

TEST_CASE("a drop after the work is a reset, and the work is done", "[mock][server][fault]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  const std::string effect = GENERATE("drop_after", "drop_before");
  CAPTURE(effect);
  REQUIRE(s.control(R"({"vendor":"stripe","nth":1,"effect":")" + effect + R"("})"));
  {
    raw_client c(*port);
    c.send(charge());
    const auto [bytes, end] = c.read_to_end();
    CHECK(bytes.empty());
    CHECK(end == ECONNRESET);
  }
  CHECK(ledger_of(s)["total"] == (effect == "drop_after" ? 1 : 0));
  raw_client again(*port);
  again.send(charge());
  CHECK(again.read().status == 200);
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("a truncated answer ends in the middle of its body", "[mock][server][fault]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  REQUIRE(s.control(R"({"vendor":"stripe","always":true,"effect":"truncate"})"));
  raw_client c(*port);
  c.send(charge());
  const auto a = c.read();
  CHECK(a.status == 200);
  CHECK_FALSE(a.body.empty());
  const auto size = std::stoul(a.head.substr(a.head.find("content-length: ") + 16));
  CHECK(a.body.size() == size / 2);
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("a whole answer arrives before the reset that follows it", "[mock][server][fault]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  REQUIRE(s.control(R"({"vendor":"stripe","nth":1,"effect":"reset_after_answer"})"));
  raw_client c(*port);
  c.send(charge());
  const auto a = c.read();
  CHECK(a.status == 200);
  CHECK(nlohmann::json::parse(a.body)["status"] == "succeeded");
  CHECK(a.head.find("connection: close") == std::string::npos); // Not a word of it.
  CHECK(c.read_to_end() == std::pair(std::string(), ECONNRESET));
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("a call that hangs is answered by nothing until its caller has gone",
          "[mock][server][fault]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  const std::string effect = GENERATE("hang", "hang_after");
  CAPTURE(effect);
  REQUIRE(s.control(R"({"vendor":"stripe","nth":1,"effect":")" + effect + R"("})"));
  {
    raw_client c(*port);
    c.send(charge());
    const auto arrived = [&] { return ledger_of(s)["faults"].contains(effect); };
    for (int asked = 0; asked < 100'000 && !arrived(); ++asked) {
    }
    REQUIRE(arrived());
    CHECK(c.is_silent());
    c.send(charge("k2")); // It is deaf, too.
    raw_client other(*port);
    other.send(get("/health"));
    CHECK(other.read().status == 200);
    CHECK(c.is_silent());
  }
  CHECK(ledger_of(s)["total"] == (effect == "hang_after" ? 1 : 0));
  raw_client again(*port);
  again.send(charge());
  CHECK(again.read().status == 200);
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("every answer has a date", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  for (const auto& bytes : {charge(), get("/health"), get("/stripe/v1/nothing")}) {
    c.send(bytes);
    const auto a = c.read();
    CHECK(a.head.find("\r\ndate: ") != std::string::npos);
  }
}

TEST_CASE("late work is done though nobody asks", "[mock][server][fault]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  REQUIRE(s.control(R"({"vendor":"stripe","nth":1,"effect":"late_work","late_ms":20})"));
  raw_client c(*port);
  c.send(charge());
  CHECK(c.read_to_end().second == ECONNRESET);
  // The key stays in use until the work is done; then it replays. No wait is a pass condition.
  raw_client poll(*port);
  raw_client::answer a;
  do {
    poll.send(charge());
    a = poll.read();
  } while (a.status == 409);
  CHECK(a.status == 200);
  CHECK(a.head.find("idempotent-replayed: true") != std::string::npos);
  CHECK(ledger_of(s)["total"] == 1);
}

TEST_CASE("latency holds an answer back, and hundreds of them at once", "[mock][server]") {
  server s({.latency_ms = {30, 0, 0, 0}});
  const auto port = s.start();
  REQUIRE(port);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<raw_client>(*port));
    clients.back()->send(charge("k" + std::to_string(i)));
  }
  for (auto& c : clients)
    REQUIRE(c->read().status == 200);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(30));
  // A vendor without latency is not held back by one that has it.
  raw_client c(*port);
  c.send(charge("a") + get("/health"));
  CHECK(c.read().head.find("idempotency-key: a") != std::string::npos);
  CHECK(c.read().body == R"({"ok":true})");
}

TEST_CASE("control and ledger refuse foreign hosts and origins", "[mock][server][control]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  struct row {
    const char* headers;
    int status;
  };
  const auto r =
      GENERATE(row{"Host: localhost\r\n", 200}, row{"Host: 127.0.0.1:80\r\n", 200},
               row{"Host: [::1]:80\r\n", 200},
               row{"Host: localhost\r\nOrigin: http://127.0.0.1:3000\r\n", 200},
               row{"Host: evil.example\r\n", 403}, row{"Host: localhost.evil.example\r\n", 403},
               row{"Host: 127.0.0.1.evil.example:80\r\n", 403}, row{"Host: [::1].evil\r\n", 403},
               row{"", 403}, row{"Host: localhost\r\nOrigin: https://evil.example\r\n", 403},
               row{"Host: localhost\r\nOrigin: null\r\n", 403});
  CAPTURE(r.headers);
  raw_client c(*port);
  c.send(get("/ledger", r.headers));
  CHECK(c.read().status == r.status);
  c.send(request("POST", "/control", r.headers, R"({"latency_ms":0})"));
  CHECK(c.read().status == r.status);
  c.send(request("POST", "/reset", r.headers, ""));
  CHECK(c.read().status == r.status);
  // The vendors themselves take any name.
  c.send(get("/health", "Host: evil.example\r\n"));
  CHECK(c.read().status == 200);
}

TEST_CASE("what is too large or broken is answered and closed", "[mock][server]") {
  server s({}, {.body_size_max = 1'000, .header_size_max = 1'000});
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  SECTION("body") {
    c.send(request("POST", "/sendgrid/v3/mail/send", "Host: localhost\r\n",
                   std::string(200'000, 'x')));
    CHECK(c.read().status == 413);
  }
  SECTION("headers") {
    c.send("GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(2'000, 'x') + "\r\n\r\n");
    CHECK(c.read().status == 431);
  }
  SECTION("not HTTP") {
    c.send("hello\r\n\r\n");
    CHECK(c.read().status == 400);
  }
  const auto [bytes, end] = c.read_to_end();
  CHECK(bytes.empty());
  CHECK(end == 0);
}

TEST_CASE("connection close is honoured", "[mock][server]") {
  server s;
  const auto port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  c.send(get("/health", "Host: localhost\r\nConnection: close\r\n"));
  const auto [bytes, end] = c.read_to_end();
  CHECK(bytes.find("connection: close\r\n") != std::string::npos);
  CHECK(end == 0);
}

TEST_CASE("connections above the bound are closed at once", "[mock][server]") {
  server s({}, {.connections_max = 1});
  const auto port = s.start();
  REQUIRE(port);
  raw_client first(*port);
  first.send(get("/health"));
  REQUIRE(first.read().status == 200);
  raw_client second(*port);
  second.send(get("/health"));
  CHECK(second.read_to_end().first.empty());
  first.send(get("/health"));
  CHECK(first.read().status == 200);
}

TEST_CASE("a server stops with requests waiting and starts again with its state",
          "[mock][server]") {
  server s;
  auto port = s.start();
  REQUIRE(port);
  {
    raw_client c(*port);
    c.send(charge());
    REQUIRE(c.read().status == 200);
    REQUIRE(s.control(R"({"latency_ms":60000})"));
    c.send(charge("k2"));
    while (ledger_of(s)["total"] != 2) {
    }
    s.stop();
    CHECK(s.port() == 0);
    CHECK(c.read_to_end().first.empty());
  }
  REQUIRE(s.control(R"({"latency_ms":0})")); // also while stopped
  port = s.start();
  REQUIRE(port);
  raw_client c(*port);
  c.send(charge());
  CHECK(c.read().head.find("idempotent-replayed: true") != std::string::npos);
  CHECK(ledger_of(s)["total"] == 2);
}

TEST_CASE("a host that is none and a port that is taken are errors", "[mock][server]") {
  server bad({}, {.host = "example.com"});
  const auto no = bad.start();
  REQUIRE_FALSE(no);
  CHECK(no.error().kind == orderhub::error_kind::invalid);
  server s;
  const auto port = s.start();
  REQUIRE(port);
  server second({}, {.port = *port});
  const auto taken = second.start();
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == orderhub::error_kind::unavailable);
}
