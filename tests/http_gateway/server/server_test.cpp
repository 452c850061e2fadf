#include "http_gateway/server/server.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/patience.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::http_gateway;
using orderhub::testing::get;
using orderhub::testing::post;
using orderhub::testing::raw_client;
using orderhub::testing::with_growing_time;

namespace {

/// Answers at once with what it was given, but for targets under `/hold` and `/wait`, which wait to
/// be answered. Nobody needs the answer to a `/wait` whose caller departs, nor to a
/// `/hold/accepted` whose caller is gone.
class echo_handler final : public request_handler {
public:
  void handle(http_exchange_ptr exchange) override {
    const auto& q = exchange->request;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(q);
      if (q.target.starts_with("/hold") || q.target.starts_with("/bigheld") ||
          q.target.starts_with("/wait")) {
        held_.push_back(std::move(exchange));
        changed_.notify_all();
        return;
      }
    }
    if (q.target == "/stop") {
      std::unique_lock lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !stopped_; });
    }
    http_response r;
    r.content_type = "text/plain";
    r.body = q.target == "/large" ? std::string(8u << 20, 'x')
             : q.target == "/big" ? std::string(100 * 1024, 'x')
                                  : q.method + ' ' + q.target + ' ' + q.host + ' ' + q.body;
    exchange->answer(std::move(r));
  }

  request_class class_of(http_exchange& exchange) override {
    ++arrived;
    const std::string_view target = exchange.request.target;
    return target == "/health"           ? request_class::always
           : target.starts_with("/wait") ? request_class::wait
           : target.starts_with("/big")  ? request_class::read
                                         : request_class::order;
  }
  bool abandoned(http_exchange& exchange, departure how) override {
    if (exchange.request.target == "/wait/accepted")
      return lets_go;
    return exchange.request.target.starts_with("/wait") ||
           (how == departure::gone && exchange.request.target == "/hold/accepted");
  }
  void dropped(const std::vector<http_exchange_ptr>& exchanges) override {
    const std::lock_guard lock(mutex_);
    dropped_ += exchanges.size();
  }

  std::vector<http_exchange_ptr> wait_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
    return held_;
  }
  /// Until the io thread stands in a `/stop`.
  void wait_stopped() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_; });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    stopped_ = false;
    changed_.notify_all();
  }
  std::vector<http_request> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

  std::atomic<std::size_t> arrived = 0; ///< Whole requests, handed over or not.
  std::atomic<bool> lets_go = false;    ///< Of `/wait/accepted`.

  std::size_t dropped_count() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t dropped_ = 0;
  bool stopped_ = false; ///< The io thread stands in a `/stop`.
  std::vector<http_exchange_ptr> held_;
  std::vector<http_request> seen_;
};

struct fixture {
  explicit fixture(server_options options = {}) {
    auto started = server::start(std::move(options), handler);
    REQUIRE(started);
    web = std::move(*started);
  }
  [[nodiscard]] raw_client connect() const { return raw_client(web->port()); }

  echo_handler handler;
  std::unique_ptr<server> web;
};

http_response text(std::string body) {
  http_response r;
  r.body = std::move(body);
  return r;
}

/// Waits for something that another thread is about to do; gives up after 20 s.
template <class Condition>
bool eventually(Condition holds) {
  for (int i = 0; i < 4'000; ++i) {
    if (holds())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

/// The status of the one answer to `bytes`, and that the connection ends behind it.
int refusal_of(const fixture& f, std::string_view bytes) {
  auto c = f.connect();
  c.send(bytes);
  const auto r = c.read();
  if (!r)
    return 0;
  CAPTURE(r->body);
  CHECK(r->headers.at("connection") == "close");
  CHECK(r->headers.at("content-type") == "application/json");
  CHECK(r->body.starts_with("{\"code\":" + std::to_string(r->status) + ",\"message\":\""));
  c.finish_sending();
  CHECK(c.at_end());
  return r->status;
}

} // namespace

TEST_CASE("one connection serves many requests", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(c.send(post("/a", "hello")));
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->status == 200);
    CHECK(r->body == "POST /a 127.0.0.1 hello");
    CHECK(r->headers.count("connection") == 0);
    CHECK(r->headers.at("date").ends_with(" GMT"));
  }
  CHECK(f.web->metrics().connections == 1);
  CHECK(f.web->metrics().requests == 3);
}

TEST_CASE("pipelined answers leave in the order of their requests", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(post("/hold/1", "") + post("/2", "two") + post("/hold/3", "") + get("/4")));
  const auto held = f.handler.wait_held(2);
  CHECK(c.silent()); // The second is answered already, and waits for the first.
  CHECK(held[1]->answer(text("three")));
  CHECK(held[0]->answer(text("one")));
  CHECK(c.read()->body == "one");
  CHECK(c.read()->body == "POST /2 127.0.0.1 two");
  CHECK(c.read()->body == "three");
  CHECK(c.read()->body == "GET /4 127.0.0.1 ");
}

TEST_CASE("a connection has a bounded number of requests in flight", "[gateway][server]") {
  fixture f({.pipeline_max = 4});
  auto c = f.connect();
  std::string all;
  for (int i = 0; i < 10; ++i)
    all += get("/hold/" + std::to_string(i));
  REQUIRE(c.send(all));
  for (std::size_t answered = 0; answered < 10; ++answered) {
    // One answer makes room for one request.
    const auto held = f.handler.wait_held(std::min<std::size_t>(answered + 4, 10));
    CHECK(held.size() <= answered + 4);
    CHECK(held[answered]->answer(text(std::to_string(answered))));
    CHECK(c.read()->body == std::to_string(answered));
  }
}

TEST_CASE("an exchange is answered once", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/hold")));
  const auto held = f.handler.wait_held(1);
  CHECK(held[0]->answer(text("first")));
  CHECK_FALSE(held[0]->answer(text("second")));
  CHECK(c.read()->body == "first");
}

TEST_CASE("answers arrive from many threads", "[gateway][server]") {
  fixture f({.threads = 2});
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/hold/a") + get("/hold/b")));
  }
  const auto held = f.handler.wait_held(64);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&held, t] {
      for (std::size_t i = t; i < held.size(); i += 4)
        held[i]->answer(text(held[i]->request.target));
    });
  for (auto& t : threads)
    t.join();
  for (auto& c : clients) {
    CHECK(c->read()->body == "/hold/a");
    CHECK(c->read()->body == "/hold/b");
  }
}

TEST_CASE("a request may arrive byte by byte", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  for (const char byte : post("/slow", "body", "X-Custom: yes\r\n"))
    REQUIRE(c.send({&byte, 1}));
  CHECK(c.read()->body == "POST /slow 127.0.0.1 body");
  CHECK(f.handler.seen()[0].header("x-custom") == "yes");
}

TEST_CASE("chunked bodies are joined", "[gateway][server]") {
  fixture f;
  const std::string head = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunks =
      "5;ext=1\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  auto c = f.connect();
  REQUIRE(c.send(head + chunks + get("/next")));
  CHECK(c.read()->body == "POST /c h hello 0123456789");
  CHECK(c.read()->body == "GET /next 127.0.0.1 ");
  for (const char byte : head + chunks)
    REQUIRE(c.send({&byte, 1}));
  CHECK(c.read()->body == "POST /c h hello 0123456789");
  CHECK(f.handler.seen()[0].header("trailer").data() == nullptr);
}

TEST_CASE("100-continue is answered before the body", "[gateway][server]") {
  fixture f({.body_size_max = 100});
  auto c = f.connect();
  const std::string head = "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";
  REQUIRE(c.send(head + "Content-Length: 2\r\n\r\n"));
  CHECK(c.read()->status == 100);
  REQUIRE(c.send("ok"));
  CHECK(c.read()->body == "POST /e h ok");
  // A body that comes along needs no invitation.
  REQUIRE(c.send(head + "Content-Length: 2\r\n\r\nok"));
  CHECK(c.read()->status == 200);
  // One that is too large is refused instead.
  REQUIRE(c.send(head + "Content-Length: 101\r\n\r\n"));
  CHECK(c.read()->status == 413);
  CHECK(refusal_of(f, "POST /e HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n") == 417);
}

TEST_CASE("HTTP/1.0 is answered and closed, or kept where it asks", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send("GET /one HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  auto r = c.read();
  REQUIRE(r);
  CHECK(r->headers.at("connection") == "keep-alive");
  REQUIRE(c.send("GET /two HTTP/1.0\r\n\r\n"));
  r = c.read();
  REQUIRE(r);
  CHECK(r->body == "GET /two  ");
  CHECK(r->headers.at("connection") == "close");
  CHECK(c.at_end());
}

TEST_CASE("Connection: close is honoured, and what follows is not served", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/1") + get("/2", "Connection: close\r\n") + get("/3")));
  CHECK(c.read()->headers.count("connection") == 0);
  CHECK(c.read()->headers.at("connection") == "close");
  CHECK(c.at_end());
  CHECK(f.handler.seen().size() == 2);
}

TEST_CASE("an absolute target names the host", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send("GET http://evil.com:1/p?q HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(c.read()->body == "GET /p?q evil.com:1 ");
  REQUIRE(c.send("GET HTTP://evil.com HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(c.read()->body == "GET / evil.com ");
}

TEST_CASE("ambiguous lengths are refused", "[gateway][server][smuggling]") {
  fixture f;
  const auto with = [](std::string_view headers) {
    return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n0\r\n\r\n";
  };
  for (const auto* headers : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                              "Content-Length: 5\r\nContent-Length: 5\r\n",
                              "Content-Length: 5\r\nContent-Length: 6\r\n",
                              "Content-Length: 5, 5\r\n",
                              "Content-Length: +5\r\n",
                              "Content-Length: -5\r\n",
                              "Content-Length: 0x5\r\n",
                              "Content-Length: 5 5\r\n",
                              "Content-Length:\r\n",
                              "Content-Length: 99999999999999999999999\r\n",
                              "Content-Length : 5\r\n",
                              "Transfer-Encoding : chunked\r\n",
                              "Transfer-Encoding:\r\n chunked\r\n",
                              "X: a\r\n b\r\n",
                              "Content-Length: 5\r\n \r\n",
                              "X:\r\n \r\n",
                              " Content-Length: 5\r\n",
                              "X: a\rContent-Length: 5\r\n",
                              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    CAPTURE(headers);
    CHECK(refusal_of(f, with(headers)) == 400);
  }
  for (const auto* value : {"gzip", "chunked, chunked", "identity", "gzip, chunked", "xchunked",
                            "chunked, identity", "\"chunked\"", "chunked;q=1"}) {
    CAPTURE(value);
    CHECK(refusal_of(f, with(std::string("Transfer-Encoding: ") + value + "\r\n")) >= 400);
  }
  CHECK(refusal_of(f, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  CHECK(f.handler.seen().empty());
}

TEST_CASE("what is not HTTP is refused", "[gateway][server]") {
  fixture f;
  using namespace std::string_literals;
  CHECK(refusal_of(f, "hello\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET / HTTP/1.1\nHost: h\n\n\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET / http/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET /\0x HTTP/1.1\r\nHost: h\r\n\r\n"s) == 400);
  CHECK(refusal_of(f, "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s) == 400);
  CHECK(refusal_of(f, "GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(refusal_of(f, "GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505);
  CHECK(refusal_of(f, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(refusal_of(f, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") ==
        400);
  CHECK(refusal_of(f, std::string(40, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n") == 501);
  CHECK(f.web->metrics().malformed == 14);
  CHECK(f.handler.seen().empty());
}

TEST_CASE("headers over the limit get 431", "[gateway][server]") {
  fixture f;
  const auto big = std::string(17 * 1024, 'a');
  CHECK(refusal_of(f, "GET /" + big) == 431);
  CHECK(refusal_of(f, "GET / HTTP/1.1\r\nHost: h\r\nX: " + big) == 431);
  // Many small ones too, whether they come at once or one by one.
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 90; ++i)
    many += "X: " + std::string(200, 'b') + "\r\n";
  CHECK(refusal_of(f, many) == 431);
  std::string count = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 101; ++i)
    count += "X: 1\r\n";
  CHECK(refusal_of(f, count + "\r\n") == 431);
  // A chunk's header and trailers are no way around it, whole or not.
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(refusal_of(f, chunked + "1;" + big) >= 400);
  CHECK(refusal_of(f, chunked + "1;x=" + big + "\r\na\r\n0\r\n\r\n") == 431);
  CHECK(refusal_of(f, chunked + "0\r\nX: " + big + "\r\n\r\n") == 431);
  CHECK(refusal_of(f, chunked + "0\r\n" + count.substr(count.find("X:")) + "\r\n") == 431);
  CHECK(refusal_of(f, chunked + "0\r\nX: 1\r\n 2\r\n\r\n") == 400);
}

TEST_CASE("a body over the limit gets 413 even while it is being sent", "[gateway][server]") {
  fixture f({.body_size_max = 1000, .linger_ms = 60'000});
  auto c = f.connect();
  REQUIRE(c.send(post("/fits", std::string(1000, 'x'))));
  CHECK(c.read()->status == 200);
  // Sent to the end before anything is read: the answer must survive it.
  const auto body = std::string(3u << 20, 'x');
  REQUIRE(c.send("POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n"));
  REQUIRE(c.send(body));
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->status == 413);
  CHECK(r->body.find("1000 bytes") != std::string::npos);
  CHECK(refusal_of(f, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1F5\r\n" +
                          std::string(501, 'x') + "\r\n1F5\r\n" + std::string(501, 'x')) == 413);
  CHECK(f.handler.seen().size() == 1);
}

TEST_CASE("an endless body is cut after a bounded amount", "[gateway][server]") {
  fixture f({.body_size_max = 1000, .linger_size_max = 64 * 1024, .linger_ms = 60'000});
  auto c = f.connect();
  REQUIRE(c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n"));
  const auto piece = std::string(64 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < (64u << 20) && c.send(piece))
    sent += piece.size();
  CHECK(sent < (64u << 20));
}

TEST_CASE("a HEAD answer has no body", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" + get("/next")));
  const auto r = c.read(/*head=*/true);
  REQUIRE(r);
  CHECK(r->headers.at("content-length") == "10");
  CHECK(c.read()->body == "GET /next 127.0.0.1 ");
}

TEST_CASE("one empty line before a request is forgiven", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(post("/1", "x") + "\r\n" + post("/2", "y")));
  CHECK(c.read()->status == 200);
  CHECK(c.read()->body == "POST /2 127.0.0.1 y");
  // Also where it comes in two pieces; what only begins like one is refused.
  REQUIRE(c.send("\r"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(c.send("\n" + post("/3", "z")));
  CHECK(c.read()->body == "POST /3 127.0.0.1 z");
  REQUIRE(c.send("\r"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(c.send(post("/4", "")));
  CHECK(c.read()->status == 400);
}

TEST_CASE("a connection over the limit gets 503 and is closed", "[gateway][server]") {
  fixture f({.connections_max = 2});
  auto a = f.connect();
  auto b = f.connect();
  REQUIRE(a.send(get("/")));
  REQUIRE(b.send(get("/")));
  CHECK(a.read()->status == 200);
  CHECK(b.read()->status == 200);
  auto third = f.connect();
  REQUIRE(third.send(get("/")));
  const auto r = third.read();
  REQUIRE(r);
  CHECK(r->status == 503);
  CHECK(r->headers.at("retry-after") == "1");
  third.finish_sending();
  CHECK(third.at_end());
  CHECK(f.web->metrics().connections_refused == 1);
  a.reset();
  CHECK(eventually([&] { return f.web->metrics().connections_now == 1; }));
  auto fourth = f.connect();
  REQUIRE(fourth.send(get("/")));
  CHECK(fourth.read()->status == 200);
}

TEST_CASE("every connection over the limit is told however many they are", "[gateway][server]") {
  fixture f({.connections_max = 1, .refused_linger_max = 2, .linger_ms = 60'000});
  auto first = f.connect();
  REQUIRE(first.send(get("/")));
  CHECK(first.read()->status == 200);
  std::vector<std::unique_ptr<raw_client>> refused;
  for (int i = 0; i < 20; ++i) {
    refused.push_back(std::make_unique<raw_client>(f.web->port()));
    (void)refused.back()->send(get("/")); // It may be closed by now.
  }
  for (const auto& c : refused) {
    const auto r = c->read();
    REQUIRE(r);
    CHECK(r->status == 503);
    CHECK(r->headers.at("retry-after") == "1");
    CHECK(r->headers.at("connection") == "close");
  }
  CHECK(f.web->metrics().connections_refused == 20);
}

TEST_CASE("who is refused and says nothing is told all the same", "[gateway][server][timeouts]") {
  fixture f({.connections_max = 0, .linger_ms = 40, .sweep_interval_ms = 10});
  auto c = f.connect();
  CHECK(c.read()->status == 503);
  CHECK(c.at_end());
}

TEST_CASE("a request over the limit in flight gets 503 with Retry-After", "[gateway][server]") {
  fixture f({.in_flight_max = 2});
  auto c = f.connect();
  REQUIRE(c.send(get("/hold/1") + get("/hold/2")));
  const auto held = f.handler.wait_held(2);
  auto d = f.connect();
  REQUIRE(d.send(get("/")));
  const auto r = d.read();
  REQUIRE(r);
  CHECK(r->status == 503);
  CHECK(r->headers.at("retry-after") == "1");
  CHECK(r->headers.count("connection") == 0);
  held[0]->answer(text("1"));
  CHECK(c.read()->status == 200);
  REQUIRE(d.send(get("/")));
  CHECK(d.read()->status == 200);
  CHECK(f.web->metrics().overloaded == 1);
}

TEST_CASE("a caller with one request is served though others have filled the rest with pipelines",
          "[gateway][server]") {
  fixture f({.in_flight_max = 64});
  std::vector<std::unique_ptr<raw_client>> greedy;
  std::string all;
  for (int i = 0; i < 16; ++i)
    all += get("/hold");
  for (int i = 0; i < 20; ++i) {
    greedy.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(greedy.back()->send(all));
  }
  // Twenty times sixteen want a place; each has at least one, and no answer is a refusal.
  CHECK(eventually([&] { return f.web->metrics().in_flight_now >= 35; }));
  auto honest = f.connect();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(honest.send(get("/")));
    CHECK(honest.read()->status == 200);
  }
  CHECK(f.web->metrics().overloaded == 0);
}

TEST_CASE("a caller in the midst of work goes before very many that speak for the first time",
          "[gateway][server]") {
  constexpr std::size_t many = 40;
  fixture f({.quiet_after_ms = 60'000, .quiet_reads_max = 1});
  auto worker = f.connect();
  REQUIRE(worker.send(get("/before")));
  REQUIRE(worker.read()->status == 200);
  std::vector<std::unique_ptr<raw_client>> others;
  for (std::size_t i = 0; i < many; ++i)
    others.push_back(std::make_unique<raw_client>(f.web->port()));
  CHECK(eventually([&] { return f.web->metrics().connections_now == many + 1; }));
  auto stopper = f.connect();
  REQUIRE(stopper.send(get("/stop")));
  f.handler.wait_stopped();
  for (const auto& other : others)
    REQUIRE(other->send(get("/late")));
  REQUIRE(worker.send(get("/first")));
  f.handler.go_on();
  CHECK(worker.read()->status == 200);
  for (const auto& other : others)
    CHECK(other->read()->status == 200);
  std::size_t late_before = 0;
  for (const auto& request : f.handler.seen()) {
    if (request.target == "/first")
      break;
    late_before += request.target == "/late" ? 1 : 0;
  }
  CHECK(late_before <= 5);
}

TEST_CASE("health is answered when every place and every wait is taken", "[gateway][server]") {
  fixture f({.in_flight_max = 4, .waits_max = 2});
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/wait")));
  }
  CHECK(clients[2]->read()->status == 503); // The third wait.
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/hold")));
  }
  CHECK(clients[5]->read()->status == 503); // The third call.
  auto c = f.connect();
  REQUIRE(c.send(get("/health")));
  CHECK(c.read()->status == 200);
}

TEST_CASE("a slow call counts as a wait, and is ended early where the waits are full",
          "[gateway][server][timeouts]") {
  fixture f({.in_flight_max = 64, .waits_max = 2, .slow_after_ms = 40, .sweep_interval_ms = 10});
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/hold")));
  }
  f.handler.wait_held(3);
  CHECK(eventually([&] { return f.web->metrics().timed_out == 1; }));
  CHECK(f.web->metrics().waits_now == 2);
  for (const auto& exchange : f.handler.wait_held(3))
    exchange->answer(text("done"));
  int done = 0, timed_out = 0;
  for (const auto& c : clients)
    ++(c->read()->status == 504 ? timed_out : done);
  CHECK(done == 2);
  CHECK(timed_out == 1);
  CHECK(f.web->metrics().in_flight_now == 0);
}

TEST_CASE("a caller that goes away still counts as load until it is answered",
          "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/hold")));
  const auto held = f.handler.wait_held(1);
  c.reset();
  CHECK(eventually([&] { return f.web->metrics().connections_now == 0; }));
  CHECK(f.web->metrics().in_flight_now == 1);
  CHECK(held[0]->answer(text("nobody hears this")));
  CHECK(f.web->metrics().in_flight_now == 0);
  auto d = f.connect();
  REQUIRE(d.send(get("/")));
  CHECK(d.read()->status == 200);
}

TEST_CASE("a caller that has finished sending is still answered", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/hold")));
  c.finish_sending();
  const auto held = f.handler.wait_held(1);
  held[0]->answer(text("late"));
  CHECK(c.read()->body == "late");
  CHECK(c.at_end());
}

TEST_CASE("who leaves while it only waits holds nothing", "[gateway][server]") {
  fixture f({.pipeline_max = 4, .sweep_interval_ms = 10});
  const bool resets = GENERATE(false, true);
  const std::size_t sent = GENERATE(1, 4, 9); // Nine: five of them are never read.
  CAPTURE(resets, sent);
  {
    auto c = f.connect();
    for (std::size_t i = 0; i < sent; ++i)
      REQUIRE(c.send(get("/wait")));
    f.handler.wait_held(std::min<std::size_t>(sent, 4));
    if (resets)
      c.reset();
  }
  CHECK(eventually([&] { return f.web->metrics().connections_now == 0; }));
  CHECK(f.web->metrics().in_flight_now == 0);
  CHECK(eventually([&] { return f.handler.dropped_count() == std::min<std::size_t>(sent, 4); }));
  CHECK_FALSE(f.handler.wait_held(1)[0]->answer(text("nobody")));
}

TEST_CASE("who only waits is dropped though the handler could not let go of it at first",
          "[gateway][server]") {
  fixture f({.half_close_wait_ms = 60'000, .sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/wait/accepted")));
  c.finish_sending();
  f.handler.wait_held(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(f.web->metrics().connections_now == 1);
  f.handler.lets_go = true;
  CHECK(eventually([&] { return f.web->metrics().connections_now == 0; }));
  CHECK(f.web->metrics().in_flight_now == 0);
}

TEST_CASE("who finished sending is answered where it called and dropped where it waits",
          "[gateway][server]") {
  fixture f({.sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/wait") + get("/hold/accepted") + get("/wait")));
  const auto held = f.handler.wait_held(3);
  c.finish_sending();
  CHECK(c.read()->status == 503);
  CHECK(f.web->metrics().in_flight_now == 1);
  held[1]->answer(text("owed"));
  CHECK(c.read()->body == "owed");
  CHECK(c.read()->status == 503);
  CHECK(c.at_end());
}

TEST_CASE("who finished sending waits for a bounded time", "[gateway][server][timeouts]") {
  fixture f({.pipeline_max = 2, .half_close_wait_ms = 60, .sweep_interval_ms = 10});
  auto c = f.connect();
  const bool is_full = GENERATE(false, true);
  CAPTURE(is_full);
  REQUIRE(c.send(get("/hold") + (is_full ? get("/hold") : "")));
  f.handler.wait_held(is_full ? 2 : 1);
  c.finish_sending();
  CHECK(c.read()->status == 504);
  if (is_full)
    CHECK(c.read()->status == 504);
  CHECK(c.at_end());
  CHECK(f.web->metrics().in_flight_now == 0);
}

TEST_CASE("a pipeline whose caller has finished sending is served to its end",
          "[gateway][server]") {
  fixture f({.pipeline_max = 2, .sweep_interval_ms = 10});
  auto c = f.connect();
  std::string all = get("/hold") + get("/hold");
  for (int i = 0; i < 50; ++i)
    all += get("/" + std::to_string(i));
  REQUIRE(c.send(all));
  c.finish_sending();
  const auto held = f.handler.wait_held(2);
  // The end is noticed while the pipeline is full and the rest unread.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (const auto& exchange : held)
    CHECK(exchange->answer(text("held")));
  CHECK(c.read()->body == "held");
  CHECK(c.read()->body == "held");
  for (int i = 0; i < 50; ++i)
    REQUIRE(c.read()->body == "GET /" + std::to_string(i) + " 127.0.0.1 ");
  CHECK(c.at_end());
}

TEST_CASE("a call whose caller has gone counts until the handler lets go of it",
          "[gateway][server]") {
  fixture f({.sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/hold/accepted") + get("/hold")));
  const auto held = f.handler.wait_held(2);
  c.reset();
  CHECK(eventually([&] { return f.web->metrics().in_flight_now == 1; }));
  CHECK_FALSE(held[0]->answer(text("nobody")));
  CHECK(held[1]->answer(text("nobody hears this")));
  CHECK(f.web->metrics().in_flight_now == 0);
}

TEST_CASE("a request that does not arrive whole gets 408", "[gateway][server][timeouts]") {
  fixture f({.read_timeout_ms = 60, .sweep_interval_ms = 10});
  CHECK(refusal_of(f, "GET / HTTP/1.1\r\nHost:") == 408);
  CHECK(refusal_of(f, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf") == 408);
  CHECK(f.web->metrics().slow_clients == 2);
}

TEST_CASE("an idle connection is closed without a word", "[gateway][server][timeouts]") {
  const bool shown = with_growing_time([](int ms) {
    fixture f({.idle_timeout_ms = ms, .sweep_interval_ms = 10});
    auto never_used = f.connect();
    auto c = f.connect();
    (void)c.send(get("/"));
    const auto r = c.read();
    if (!r)
      return false; // It was idle for that long before its request came.
    CHECK(r->status == 200);
    CHECK(c.at_end());
    CHECK(never_used.at_end());
    return true;
  });
  CHECK(shown);
}

TEST_CASE("a caller that waits is not idle", "[gateway][server][timeouts]") {
  const bool shown = with_growing_time([](int ms) {
    fixture f({.idle_timeout_ms = ms, .sweep_interval_ms = 10});
    auto c = f.connect();
    (void)c.send(get("/hold"));
    auto idle = f.connect();
    CHECK(idle.at_end()); // By now its own time would have run out as well.
    if (f.handler.held() == 0)
      return false; // It was idle for that long before its request came.
    f.handler.wait_held(1)[0]->answer(text("still here"));
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->body == "still here");
    return true;
  });
  CHECK(shown);
}

TEST_CASE("a request without an answer gets 504, and the late answer is dropped",
          "[gateway][server][timeouts]") {
  fixture f({.request_timeout_ms = 60, .sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/hold")));
  const auto held = f.handler.wait_held(1);
  CHECK(c.read()->status == 504);
  CHECK_FALSE(held[0]->answer(text("too late")));
  CHECK(f.web->metrics().in_flight_now == 0);
  REQUIRE(c.send(get("/next")));
  CHECK(c.read()->status == 200);
}

TEST_CASE("a caller that does not take its answer is cut", "[gateway][server][timeouts]") {
  fixture f({.write_timeout_ms = 60, .sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/large")));
  CHECK(eventually([&] { return f.web->metrics().slow_clients == 1; }));
  CHECK(eventually([&] { return f.web->metrics().connections_now == 0; }));
}

TEST_CASE("a connection that does not take its answers is handed no more requests",
          "[gateway][server]") {
  fixture f({.write_timeout_ms = 60'000});
  auto c = f.connect();
  std::string all;
  for (int i = 0; i < 16; ++i)
    all += get("/large");
  REQUIRE(c.send(all));
  // The sizes of answers are not known at first: at most four are on their way, then one at a time.
  CHECK(eventually([&] { return f.web->metrics().sending_bytes_now > 0; }));
  CHECK(f.handler.seen().size() <= 4);
  for (int i = 0; i < 16; ++i) {
    REQUIRE(c.read()->body.size() == 8u << 20);
    CHECK(f.handler.seen().size() <= static_cast<std::size_t>(i) + 5);
  }
  CHECK(eventually([&] { return f.web->metrics().sending_bytes_now == 0; }));
}

TEST_CASE("a connection reads one thing at a time until the size of its answers is known",
          "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/bigheld/1") + get("/bigheld/2") + get("/bigheld/3")));
  c.finish_sending();
  f.handler.wait_held(1);
  CHECK(f.web->metrics().requests == 1);
  CHECK(f.handler.wait_held(1)[0]->answer(text("1")));
  CHECK(c.read()->body == "1");
  const auto held = f.handler.wait_held(3);
  held[2]->answer(text("3"));
  held[1]->answer(text("2"));
  CHECK(c.read()->body == "2");
  CHECK(c.read()->body == "3");
  CHECK(c.at_end());
}

TEST_CASE("large reads come a few at a time whoever asks for them", "[gateway][server]") {
  fixture f({.reading_size_max = 400 * 1024});
  auto first = f.connect();
  REQUIRE(first.send(get("/big"))); // From now on 100 KiB are expected of a read.
  CHECK(first.read()->body.size() == 100 * 1024);
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/bigheld/" + std::to_string(i))));
    if (i == 3)
      f.handler.wait_held(4); // Which four go first is known; the loops do not race for it.
  }
  // An order is not held up by the reads that wait.
  auto order = f.connect();
  REQUIRE(order.send(get("/order")));
  CHECK(order.read()->status == 200);
  CHECK(f.web->metrics().in_flight_now == 4);
  clients[11]->reset(); // One that waits may go, noticed before its turn comes or after.
  std::size_t served = 0;
  for (std::size_t next = 0; served < 11; ++next) {
    const auto held = f.handler.wait_held(next + 1);
    CHECK(held.size() <= next + 4);
    const bool answered = held[next]->answer(text(std::string(100 * 1024, 'y')));
    if (held[next]->request.target == "/bigheld/11")
      continue;
    CHECK(answered);
    ++served;
  }
  for (int i = 0; i < 11; ++i)
    CHECK(clients[static_cast<std::size_t>(i)]->read()->status == 200);
}

TEST_CASE("a read whose turn does not come is told so", "[gateway][server][timeouts]") {
  fixture f({.reading_size_max = 1,
             .idle_timeout_ms = 150,
             .request_timeout_ms = 100,
             .sweep_interval_ms = 10});
  auto first = f.connect();
  REQUIRE(first.send(get("/big")));
  CHECK(first.read()->body.size() == 100 * 1024);
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 8; ++i) { // Two at a time, and nobody answers them.
    clients.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(clients.back()->send(get("/bigheld/" + std::to_string(i))));
  }
  for (auto& client : clients) {
    const auto r = client->read();
    REQUIRE(r);
    CHECK((r->status == 503 || r->status == 504));
  }
}

TEST_CASE("unsent answers have a bound over all connections", "[gateway][server]") {
  fixture f({.sending_size_max = 1u << 20, .slow_grace_ms = 60'000, .sweep_interval_ms = 10});
  std::vector<std::unique_ptr<raw_client>> greedy;
  std::string all;
  for (int i = 0; i < 16; ++i)
    all += get("/large") + get("/big");
  for (int i = 0; i < 8; ++i) {
    greedy.push_back(std::make_unique<raw_client>(f.web->port()));
    REQUIRE(greedy.back()->send(all));
  }
  CHECK(eventually([&] { return f.web->metrics().sending_bytes_now > 1u << 20; }));
  auto reader = f.connect();
  REQUIRE(reader.send(get("/big")));
  const auto refused = reader.read();
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->headers.at("retry-after") == "1");
  // Whoever changes something is served: its answer is small.
  REQUIRE(reader.send(get("/order")));
  CHECK(reader.read()->status == 200);
  greedy.clear();
  CHECK(eventually([&] { return f.web->metrics().sending_bytes_now == 0; }));
  REQUIRE(reader.send(get("/big")));
  CHECK(reader.read()->body.size() == 100 * 1024);
}

TEST_CASE("where unsent answers are many whoever takes none is cut",
          "[gateway][server][timeouts]") {
  fixture f({.sending_size_max = 1u << 20, .slow_grace_ms = 40, .sweep_interval_ms = 10});
  auto c = f.connect();
  REQUIRE(c.send(get("/large")));
  CHECK(eventually([&] { return f.web->metrics().slow_clients == 1; }));
  CHECK(eventually([&] { return f.web->metrics().sending_bytes_now == 0; }));
}

TEST_CASE("bodies that are being received have a bound over all connections", "[gateway][server]") {
  fixture f({.receiving_size_max = 256 * 1024,
             .room_wait_ms = 30,
             .slow_grace_ms = 60'000,
             .sweep_interval_ms = 10});
  const auto half = [](std::size_t size) {
    const auto whole = post("/", std::string(size, 'x'));
    return whole.substr(0, whole.size() - size / 2);
  };
  auto first = f.connect();
  auto second = f.connect();
  REQUIRE(first.send(half(100 * 1024)));
  REQUIRE(second.send(half(100 * 1024)));
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 200 * 1024; }));
  auto third = f.connect();
  REQUIRE(third.send(half(100 * 1024)));
  const auto r = third.read();
  REQUIRE(r);
  CHECK(r->status == 503);
  CHECK(r->headers.at("retry-after") == "1");
  // A small body needs no room, and what has begun is finished.
  auto small = f.connect();
  REQUIRE(small.send(post("/", std::string(16 * 1024, 'x'))));
  CHECK(small.read()->status == 200);
  REQUIRE(first.send(std::string(50 * 1024, 'x')));
  CHECK(first.read()->status == 200);
  second.reset();
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 0; }));
  // Chunks announce no length.
  auto chunked = f.connect();
  REQUIRE(chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  for (int i = 0; i < 4; ++i)
    REQUIRE(chunked.send(chunk));
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now >= 128 * 1024; }));
  REQUIRE(chunked.send("0\r\n\r\n"));
  CHECK(chunked.read()->status == 200);
  CHECK(f.web->metrics().receiving_bytes_now == 0);
}

TEST_CASE("a body without room is not read until there is some, in the order of arrival",
          "[gateway][server]") {
  fixture f({.receiving_size_max = 256 * 1024,
             .room_wait_ms = 60'000,
             .slow_grace_ms = 60'000,
             .sweep_interval_ms = 10});
  const auto whole = post("/", std::string(150 * 1024, 'x'));
  auto first = f.connect();
  REQUIRE(first.send(whole.substr(0, whole.size() - 10)));
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 150 * 1024; }));
  auto second = f.connect();
  REQUIRE(second.send(whole + get("/behind")));
  // It would have room, but somebody waits.
  auto third = f.connect();
  REQUIRE(third.send(post("/", std::string(100 * 1024, 'y'))));
  auto small = f.connect();
  REQUIRE(small.send(post("/", "small")));
  CHECK(small.read()->status == 200);
  CHECK(f.web->metrics().receiving_bytes_now == 150 * 1024);
  SECTION("the first one ends") {
    REQUIRE(first.send(std::string(10, 'x')));
    CHECK(first.read()->status == 200);
  }
  SECTION("the first one leaves") {
    first.reset();
  }
  CHECK(second.read()->status == 200);
  CHECK(second.read()->body == "GET /behind 127.0.0.1 ");
  CHECK(third.read()->status == 200);
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 0; }));
}

TEST_CASE("who waits for room may leave or finish sending", "[gateway][server]") {
  fixture f({.receiving_size_max = 128 * 1024,
             .room_wait_ms = 60'000,
             .slow_grace_ms = 60'000,
             .sweep_interval_ms = 10});
  const auto whole = post("/", std::string(100 * 1024, 'x'));
  auto first = f.connect();
  REQUIRE(first.send(whole.substr(0, whole.size() - 10)));
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 100 * 1024; }));
  auto leaves = f.connect();
  REQUIRE(leaves.send(whole));
  auto finishes = f.connect();
  REQUIRE(finishes.send(whole));
  leaves.reset();
  finishes.finish_sending();
  CHECK(eventually([&] { return f.web->metrics().connections_now == 2; }));
  REQUIRE(first.send(std::string(10, 'x')));
  CHECK(first.read()->status == 200);
  CHECK(finishes.read()->status == 200);
}

TEST_CASE("where bodies have no room whoever is slow with one is refused",
          "[gateway][server][timeouts]") {
  fixture f({.receiving_size_max = 128 * 1024, .slow_grace_ms = 40, .sweep_interval_ms = 10});
  const auto whole = post("/", std::string(100 * 1024, 'x'));
  auto c = f.connect();
  REQUIRE(c.send(whole.substr(0, 60 * 1024)));
  CHECK(c.read()->status == 408);
  CHECK(eventually([&] { return f.web->metrics().receiving_bytes_now == 0; }));
  CHECK(f.web->metrics().slow_clients == 1);
}

TEST_CASE("a large answer arrives whole", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  REQUIRE(c.send(get("/large") + get("/next")));
  CHECK(c.read()->body.size() == 8u << 20);
  CHECK(c.read()->body == "GET /next 127.0.0.1 ");
}

TEST_CASE("a handler can play a server that breaks off", "[gateway][server]") {
  fixture f;
  auto c = f.connect();
  http_response r = text("0123456789");
  const auto answer_with = [&](wire_ending ending) {
    r.ending = ending;
    REQUIRE(c.send(get("/hold")));
    CHECK(f.handler.wait_held(1)[0]->answer(r));
  };
  SECTION("half of a body, then an orderly end") {
    answer_with(wire_ending::half);
    const auto [bytes, end] = c.read_to_end();
    CHECK(bytes.ends_with("content-length: 10\r\n\r\n01234"));
    CHECK(end == 0);
  }
  SECTION("half of a head where there is no body") {
    r.body.clear();
    answer_with(wire_ending::half);
    const auto [bytes, end] = c.read_to_end();
    CHECK(bytes.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(bytes.find("\r\n\r\n") == std::string::npos);
    CHECK(end == 0);
  }
  SECTION("a whole answer, then a reset") {
    answer_with(wire_ending::whole_then_reset);
    const auto [bytes, end] = c.read_to_end();
    CHECK(bytes.ends_with("0123456789"));
    CHECK(bytes.find("connection: close") == std::string::npos);
    CHECK(end == ECONNRESET);
  }
  SECTION("a reset without a word") {
    answer_with(wire_ending::reset);
    CHECK(c.read_to_end() == std::pair(std::string(), ECONNRESET));
  }
}

TEST_CASE("an answer for later comes not sooner and holds nobody else up", "[gateway][server]") {
  class late_handler final : public request_handler {
  public:
    void handle(http_exchange_ptr exchange) override {
      const auto ms = std::stoi(exchange->request.target.substr(1));
      exchange->answer_later(ms, text(exchange->request.target));
    }
  } handler;
  auto web = server::start({}, handler);
  REQUIRE(web);
  const auto began = std::chrono::steady_clock::now();
  raw_client slow((*web)->port());
  raw_client quick((*web)->port());
  raw_client never((*web)->port());
  REQUIRE(never.send(get("/60000")));
  REQUIRE(slow.send(get("/40")));
  REQUIRE(quick.send(get("/0")));
  CHECK(quick.read()->body == "/0");
  CHECK(slow.read()->body == "/40");
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(40));
  CHECK(never.silent());
}

TEST_CASE("draining answers what is in flight and takes nothing more", "[gateway][server]") {
  fixture f;
  auto busy = f.connect();
  auto idle = f.connect();
  REQUIRE(busy.send(get("/hold")));
  const auto held = f.handler.wait_held(1);
  REQUIRE(idle.send(get("/")));
  CHECK(idle.read()->status == 200);
  f.web->drain();
  CHECK(idle.at_end());
  // What arrives on an open connection now is refused behind the answer that is owed.
  REQUIRE(busy.send(get("/more")));
  CHECK(eventually([&] { return f.web->metrics().requests == 3; }));
  std::thread stopper([&] { f.web->stop(20'000); });
  held[0]->answer(text("owed"));
  const auto owed = busy.read();
  const auto refused = busy.read();
  stopper.join();
  REQUIRE(owed);
  CHECK(owed->body == "owed");
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->headers.at("connection") == "close");
}

TEST_CASE("who waits when the server stops is told so, and later answers are dropped",
          "[gateway][server]") {
  std::vector<http_exchange_ptr> held;
  {
    fixture f;
    auto c = f.connect();
    REQUIRE(c.send(get("/hold/1") + get("/hold/2")));
    held = f.handler.wait_held(2);
    f.web->stop(0);
    for (const bool last : {false, true}) {
      const auto r = c.read();
      REQUIRE(r);
      CHECK(r->status == 503);
      CHECK(r->headers.count("retry-after") == 1);
      CHECK((r->headers.count("connection") == 1) == last);
    }
    CHECK(c.at_end());
    CHECK_FALSE(held[0]->answer(text("nobody")));
  }
  CHECK_FALSE(held[1]->answer(text("nobody")));
}

TEST_CASE("a read that waits for its turn is told when the server stops", "[gateway][server]") {
  fixture f({.reading_size_max = 1});
  auto first = f.connect();
  auto second = f.connect();
  REQUIRE(first.send(get("/bigheld/1")));
  REQUIRE(second.send(get("/bigheld/2")));
  const auto held = f.handler.wait_held(2);
  auto third = f.connect();
  REQUIRE(third.send(get("/bigheld/3")));
  CHECK(eventually([&] { return f.handler.arrived == 3; }));
  f.web->stop(0);
  for (auto* c : {&first, &second, &third})
    CHECK(c->read()->status == 503);
  CHECK(f.handler.held() == 2);
}

TEST_CASE("a second server on the same port is refused with a reason", "[gateway][server]") {
  fixture f;
  echo_handler other;
  const auto second = server::start({.port = f.web->port()}, other);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == error_kind::unavailable);
  CHECK(second.error().message.find(std::to_string(f.web->port())) != std::string::npos);
  const auto nowhere = server::start({.host = "example.com"}, other);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().kind == error_kind::invalid);
}

TEST_CASE("header values cannot add lines", "[gateway][server]") {
  http_response r;
  r.add_header("x-restate-id", "inv\r\nset-cookie: a=b");
  CHECK(r.headers == "x-restate-id: invset-cookie: a=b\r\n");
}
