#include "http_gateway/server/server.hpp"
#include "http_gateway/server/stream_sink.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::http_gateway;
using orderhub::testing::get;
using orderhub::testing::raw_client;

namespace {

/// Streams, but for `/plain`.
class streaming_handler final : public request_handler {
public:
  void handle(http_exchange_ptr exchange) override {
    http_response r;
    r.content_type = "text/event-stream";
    if (exchange->request.target == "/plain") {
      r.body = "plain";
      exchange->answer(std::move(r));
      return;
    }
    auto sink = exchange->stream(std::move(r));
    const std::lock_guard lock(mutex_);
    sinks_.push_back(std::move(sink));
    opened_.notify_all();
  }
  /// The stream that was opened as the `n`th, from 1.
  stream_sink wait_for(std::size_t n) {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return sinks_.size() >= n; });
    return sinks_[n - 1];
  }
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex_);
    return sinks_.size();
  }

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::vector<stream_sink> sinks_;
};

struct fixture {
  fixture() {
    auto started = server::start({}, handler);
    REQUIRE(started);
    web = std::move(*started);
  }
  streaming_handler handler;
  std::unique_ptr<server> web;
};

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

} // namespace

TEST_CASE("what is written to a stream leaves at once, in chunks, until it ends",
          "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send(get("/stream")));
  const auto head = c.read(true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->headers.at("transfer-encoding") == "chunked");
  CHECK(head->headers.at("content-type") == "text/event-stream");
  CHECK(head->headers.count("content-length") == 0);
  auto sink = f.handler.wait_for(1);
  CHECK(sink.write("one"));
  CHECK(c.read_until("one\r\n") == "3\r\none\r\n");
  CHECK(sink.write("sixteen letters."));
  CHECK(c.read_until(".\r\n") == "10\r\nsixteen letters.\r\n");
  CHECK(eventually([&] { return sink.unsent() == 0; }));
  CHECK(sink.write("last"));
  sink.end();
  CHECK_FALSE(sink.write("too late"));
  CHECK(c.read_to_end() == std::pair(std::string("4\r\nlast\r\n0\r\n\r\n"), 0));
  CHECK(sink.ended());
}

TEST_CASE("an older caller gets a stream as it comes", "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send("GET /stream HTTP/1.0\r\n\r\n"));
  const auto head = c.read(true);
  REQUIRE(head);
  CHECK(head->headers.count("transfer-encoding") == 0);
  auto sink = f.handler.wait_for(1);
  sink.write("as it ");
  sink.write("comes");
  sink.end();
  CHECK(c.read_to_end() == std::pair(std::string("as it comes"), 0));
}

TEST_CASE("who leaves a stream is noticed though nothing is written", "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send(get("/stream")));
  REQUIRE(c.read(true));
  const auto sink = f.handler.wait_for(1);
  CHECK_FALSE(sink.ended());
  SECTION("by a reset") {
    c.reset();
  }
  SECTION("by closing its side") {
    c.finish_sending();
  }
  CHECK(eventually([&] { return sink.ended(); }));
  CHECK(eventually([&] { return f.web->metrics().connections_now == 0; }));
  CHECK(f.web->metrics().in_flight_now == 0);
}

TEST_CASE("whoever takes too little is reset, and costs no more than the bound", "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send(get("/stream")));
  REQUIRE(c.read(true));
  auto sink = f.handler.wait_for(1);
  const std::string piece(16 * 1024, 'x');
  std::size_t written = 0;
  // The kernel takes some megabytes of what nobody reads.
  for (bool goes_on = true; goes_on && written < (256u << 20); written += piece.size()) {
    CHECK(sink.unsent() <= stream_sink::unsent_max);
    goes_on = sink.write(piece);
    // A reader that keeps up is not to be outrun by this loop.
    if (goes_on && sink.unsent() + 2 * piece.size() > stream_sink::unsent_max)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(sink.ended());
  CHECK(eventually([&] { return f.web->metrics().slow_clients == 1; }));
  CHECK(c.read_to_end().second == ECONNRESET);
  CHECK(eventually([&] { return sink.unsent() == 0; }));
}

TEST_CASE("a server that stops ends its streams in order", "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send(get("/stream")));
  REQUIRE(c.read(true));
  auto sink = f.handler.wait_for(1);
  REQUIRE(sink.write("so far"));
  f.web->stop(0);
  CHECK(c.read_to_end() == std::pair(std::string("6\r\nso far\r\n0\r\n\r\n"), 0));
  CHECK(sink.ended());
  CHECK_FALSE(sink.write("more"));
}

TEST_CASE("a stream is answered in its turn, and nothing behind it", "[http][stream]") {
  fixture f;
  raw_client c(f.web->port());
  REQUIRE(c.send(get("/plain") + get("/stream") + get("/stream")));
  const auto first = c.read();
  REQUIRE(first);
  CHECK(first->body == "plain");
  REQUIRE(c.read(true));
  f.handler.wait_for(1).end();
  CHECK(c.read_to_end() == std::pair(std::string("0\r\n\r\n"), 0));
}

TEST_CASE("of two answers the first counts, a stream or not", "[http][stream]") {
  const auto exchange = std::make_shared<http_exchange>();
  REQUIRE(exchange->answer({}));
  auto sink = exchange->stream({});
  CHECK(sink.ended());
  CHECK_FALSE(sink.write("x"));
  const auto other = std::make_shared<http_exchange>();
  auto open = other->stream({});
  CHECK_FALSE(open.ended());
  CHECK_FALSE(other->answer({}));
}
