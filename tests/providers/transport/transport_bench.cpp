// CPU per call on the transport's thread, calls per second and latency, at several calls in flight,
// against an epoll server in the same process that answers at once.
#include "providers/transport/curl_transport.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace orderhub;
using namespace orderhub::providers;

std::int64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

constexpr std::size_t request_body_size = 260;

class server {
public:
  server() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1'024) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port = ntohs(address.sin_port);
    std::string body = R"({"id":"pi_1","object":"payment_intent","status":"succeeded","pad":")";
    body += std::string(700, 'x') + "\"}";
    answer_ = "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\n"
              "Request-Id: req_123456789\r\nIdempotency-Key: 0123456789abcdef0123456789abcdef\r\n"
              "Content-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body;
    thread_ = std::thread([this] { run(); });
  }
  ~server() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }

  int port = 0;

private:
  void run() {
    const int ep = ::epoll_create1(0);
    add(ep, listener_);
    std::vector<epoll_event> events(256);
    std::unordered_map<int, std::string> buffers;
    std::vector<char> chunk(65'536);
    while (!stop_) {
      const int n = ::epoll_wait(ep, events.data(), 256, 50);
      for (int i = 0; i < n; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_) {
          const int c = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
          if (c >= 0) {
            const int on = 1;
            ::setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            add(ep, c);
          }
          continue;
        }
        const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), 0);
        if (got <= 0) {
          ::close(fd);
          buffers.erase(fd);
          continue;
        }
        std::string& b = buffers[fd];
        b.append(chunk.data(), static_cast<std::size_t>(got));
        for (std::size_t end; (end = b.find("\r\n\r\n")) != std::string::npos &&
                              b.size() >= end + 4 + request_body_size;) {
          b.erase(0, end + 4 + request_body_size);
          (void)!::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        }
      }
    }
    for (auto& [fd, unused] : buffers)
      ::close(fd);
    ::close(ep);
  }
  static void add(int ep, int fd) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    ::epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  }

  int listener_ = -1;
  std::string answer_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

wire_request request_to(const std::string& url) {
  wire_request r;
  r.method = "POST";
  r.url = secret(url);
  r.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
               {"Stripe-Version", "2026-10-28.endive"},
               {"Idempotency-Key", "0123456789abcdef0123456789abcdef"}};
  r.secret_headers.emplace_back("Authorization", secret("Bearer sk_test_0123456789"));
  r.body = std::string(request_body_size, 'b');
  return r;
}

/// Takes connections and never answers: the kernel accepts, nobody reads.
class hung_server {
public:
  hung_server() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4'096) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  ~hung_server() { ::close(listener_); }
  hung_server(const hung_server&) = delete;
  hung_server& operator=(const hung_server&) = delete;

  std::string url;

private:
  int listener_ = -1;
};

void measure(const std::string& url, int in_flight, int calls, bool body_with_head, int hung = 0) {
  const hung_server silent;
  std::mutex m;
  std::condition_variable cv;
  int left = calls;
  int to_start = calls;
  int failed = 0;
  std::int64_t cpu_first = 0;
  std::int64_t cpu_last = 0;
  std::vector<double> latency;
  latency.reserve(static_cast<std::size_t>(calls));
  curl_transport_options options;
  options.body_with_head = body_with_head;
  curl_transport t(options);
  for (int i = 0; i < hung; ++i)
    t.send(request_to(silent.url), [](const transport_outcome&) {});
  using steady = std::chrono::steady_clock;
  std::function<void()> next = [&] {
    --to_start;
    const auto began = steady::now();
    t.send(request_to(url), [&, began](transport_outcome o) {
      // All on the transport's thread, so nothing below needs the mutex but the end.
      failed += o.kind == outcome_kind::response ? 0 : 1;
      latency.push_back(std::chrono::duration<double, std::micro>(steady::now() - began).count());
      if (cpu_first == 0)
        cpu_first = thread_cpu_ns();
      if (to_start > 0)
        next();
      const std::lock_guard guard(m);
      if (--left == 0) {
        cpu_last = thread_cpu_ns();
        cv.notify_one();
      }
    });
  };
  const auto began = steady::now();
  {
    // The first calls start from here; the callbacks run meanwhile, so they start from one
    // callback.
    t.send(request_to(url), [&](const transport_outcome&) {
      for (int i = 0; i < in_flight; ++i)
        next();
    });
    std::unique_lock lock(m);
    cv.wait(lock, [&] { return left == 0; });
  }
  const double seconds = std::chrono::duration<double>(steady::now() - began).count();
  std::sort(latency.begin(), latency.end());
  std::printf(
      "in flight %4d  hung %4d  %8.0f calls/s  cpu/call %6.1f us  p50 %7.0f us  p99 %7.0f us  "
      "failed %d\n",
      in_flight, hung, calls / seconds, static_cast<double>(cpu_last - cpu_first) / 1'000.0 / calls,
      latency[latency.size() / 2], latency[latency.size() * 99 / 100], failed);
}

} // namespace

int main(int argc, char** argv) {
  const int calls = argc > 1 ? std::atoi(argv[1]) : 40'000;
  server s;
  const std::string url = "http://127.0.0.1:" + std::to_string(s.port) + "/v1/payment_intents";
  for (const bool body_with_head : {false, true}) {
    std::printf("body_with_head %s\n", body_with_head ? "true" : "false");
    for (const int in_flight : {1, 16, 64, 200})
      measure(url, in_flight, in_flight == 1 ? calls / 4 : calls, body_with_head);
  }
  std::printf("beside vendors that hang\n");
  for (const int hung : {0, 224, 900})
    measure(url, 64, calls, true, hung);
}
