/// A cheap HTTP/1.1 load generator: one thread, raw epoll, keep-alive, one request at a time on
/// each connection. It takes a few microseconds of CPU a request, so that on two cores the hub is
/// what is measured. It understands what our own server sends (Content-Length bodies) and nothing
/// else; an answer of another shape counts as `broken`. Prints one line of JSON.
///
/// Modes:
///   load       sends requests, measures answers
///   burst      one order on each connection at once, then SIGKILL to `--kill-pid`; with
///              `--refill` a connection that has its answer sends the next order, so that as many
///              orders as connections are under way at the kill, at all their steps
///   settle     polls orders until each is terminal and nothing of it is open, through restarts of
///              the hub
///   fdatasync  what the disk gives: 4 KiB appended and synced, over and over
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using steady = std::chrono::steady_clock;

struct options {
  std::string mode = "load";
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::size_t connections = 64;
  std::uint64_t requests = 0; ///< 0: until `seconds` have passed.
  double seconds = 0;
  std::uint64_t warmup = 0; ///< First answers that count nowhere.
  double rate = 0;          ///< Open loop: requests a second; 0: closed loop.
  double patience_s = 90;   ///< Longest wait for answers after the last request.
  std::string kind = "order";
  std::string key_prefix = "load";
  std::uint64_t first_key = 0;
  std::string payment_method;
  bool one_way = false; ///< `/send`: 202 as soon as the order is accepted.
  std::string path = "/restate/health";
  std::string body;
  int kill_pid = 0;
  double kill_after_ms = 0; ///< After the first order of each connection was written.
  bool refill = false;
  bool scatter = false;      ///< Key numbers in no order, as random ids are.
  std::string requests_file; ///< file: what `orderhub_sign` wrote.
  double repeated = 0;       ///< file: so much of what is sent was sent before.
  std::string open_file;     ///< burst: numbers of the orders without an answer are written here.
  std::uint64_t keys = 0;
  std::string keys_file;  ///< settle: numbers of the orders, instead of 0 to `keys`.
  std::string times_file; ///< settle: when each order was seen finished.
  std::string terminal = "confirmed,payment_failed,cancelled,out_of_stock,refunded";
  std::string file;
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "orderhub_load: %s\n", what.c_str());
  std::exit(1);
}

double seconds_between(steady::time_point from, steady::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(u.ru_utime) + of(u.ru_stime);
}

/// Latencies in buckets whose width is below 1 % of their value; fixed size however long the run.
class histogram {
public:
  void add(std::uint64_t us) {
    ++counts_[bucket_of(us)];
    ++total_;
    max_ = std::max(max_, us);
  }
  [[nodiscard]] double ms_at(double share) const {
    auto left = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > left)
        return static_cast<double>(std::min(middle_of(i), max_)) / 1000.0;
      left -= counts_[i];
    }
    return max_ms();
  }
  [[nodiscard]] double max_ms() const { return static_cast<double>(max_) / 1000.0; }

private:
  static constexpr unsigned bits = 7; // 128 buckets for each power of two
  static std::size_t bucket_of(std::uint64_t us) {
    if (us < (1U << bits))
      return us;
    const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - bits - 1;
    return std::min<std::size_t>((std::size_t{shift} + 1) * (1U << bits) +
                                     static_cast<std::size_t>((us >> shift) - (1U << bits)),
                                 size - 1);
  }
  static std::uint64_t middle_of(std::size_t bucket) {
    if (bucket < (1U << bits))
      return bucket;
    const std::size_t shift = bucket / (1U << bits) - 1;
    const std::uint64_t low = (bucket % (1U << bits) + (1U << bits)) << shift;
    return low + ((std::uint64_t{1} << shift) >> 1U);
  }
  static constexpr std::size_t size = (std::size_t{1} << bits) * 32;
  std::array<std::uint64_t, size> counts_{};
  std::uint64_t total_ = 0, max_ = 0;
};

struct answer {
  int status = 0;
  std::string_view body; ///< Valid until the connection is used again.
};

/// One keep-alive connection with at most one request out.
class connection {
public:
  enum class event : std::uint8_t { nothing, answered, lost, broken };

  std::string out;             ///< The request; written by `send`.
  std::uint64_t index = 0;     ///< Of the request that is out.
  steady::time_point asked_at; ///< In the open loop: when it was due.
  bool busy = false;

  ~connection() { close_now(); }
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

  bool connect_to(const options& o) {
    close_now();
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0)
      die(std::string("socket: ") + std::strerror(errno));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(o.port);
    if (inet_pton(AF_INET, o.host.c_str(), &to.sin_addr) != 1)
      die("the host must be an IPv4 address");
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      close_now();
      return false;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    return true;
  }
  void close_now() {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
    busy = false;
  }

  /// Requests are far smaller than a socket buffer: a short write means a broken peer.
  bool send() {
    busy = true;
    in_size_ = 0;
    return ::send(fd_, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
  }

  event receive(answer& a) {
    for (;;) {
      const auto got = ::recv(fd_, in_.data() + in_size_, in_.size() - in_size_, 0);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return event::nothing;
      if (got <= 0)
        return event::lost;
      in_size_ += static_cast<std::size_t>(got);
      return read_answer(a);
    }
  }

private:
  event read_answer(answer& a) {
    const std::string_view text(in_.data(), in_size_);
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos || text.size() < 12)
      return in_size_ == in_.size() ? event::broken : event::nothing;
    std::size_t length = 0;
    bool has_length = false;
    close_after_ = false;
    for (std::size_t at = text.find("\r\n") + 2; at < head + 2;) {
      const auto end = text.find("\r\n", at);
      const auto line = text.substr(at, end - at);
      constexpr std::string_view name = "content-length:";
      if (line.size() > name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
        auto value = line.substr(name.size());
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        has_length =
            std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc();
      } else if (::strncasecmp(line.data(), "connection: close", 17) == 0) {
        close_after_ = true;
      }
      at = end + 2;
    }
    const auto& digits = text.substr(9, 3);
    a.status = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), a.status);
    if (!text.starts_with("HTTP/1.1 ") || a.status < 200 ||
        (!has_length && a.status != 204 && a.status != 304) || head + 4 + length > in_.size())
      return event::broken;
    if (in_size_ < head + 4 + length)
      return event::nothing;
    a.body = text.substr(head + 4, length);
    busy = false;
    return event::answered;
  }

public:
  [[nodiscard]] bool wants_close() const { return close_after_; }

private:
  int fd_ = -1;
  bool close_after_ = false;
  std::size_t in_size_ = 0;
  std::array<char, std::size_t{16} * 1024> in_{};
};

/// Whole requests from a file: of each its size (u32, big-endian) and its bytes.
class request_file {
public:
  explicit request_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
      die("cannot read " + path);
    for (std::array<char, 4> head; in.read(head.data(), head.size());) {
      std::uint32_t size = 0;
      for (const char c : head)
        size = (size << 8U) | static_cast<unsigned char>(c);
      requests_.emplace_back(size, '\0');
      if (!in.read(requests_.back().data(), size))
        die(path + " ends within a request");
    }
  }
  [[nodiscard]] std::uint64_t size() const { return requests_.size(); }
  [[nodiscard]] const std::string& at(std::uint64_t n) const { return requests_[n]; }

private:
  std::vector<std::string> requests_;
};

/// Writes the n-th request of the chosen kind.
class request_writer {
public:
  explicit request_writer(const options& o) : o_(o) {
    host_ = o.host + ":" + std::to_string(o.port);
    order_body_ =
        R"({"items":[{"productId":"sku-1","quantity":1,"price":4200}],)"
        R"("customer":{"email":"a@example.com","name":"A Buyer"},)"
        R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701",)"
        R"("country":"US"})";
    if (!o.payment_method.empty())
      order_body_ += R"(,"payment":{"method":")" + o.payment_method + "\"}";
    order_body_ += "}";
    if (o.kind == "file")
      file_.emplace(o.requests_file);
  }

  void order(std::string& out, std::uint64_t n) const {
    post(out, "/OrderOrchestrator/", n, o_.one_way ? "/ProcessOrder/send" : "/ProcessOrder",
         order_body_);
  }
  void get_order(std::string& out, std::uint64_t n) const {
    post(out, "/OrderOrchestrator/", n, "/GetOrder", {});
  }
  /// How many there are; of what is made here there is no end.
  [[nodiscard]] std::uint64_t limit() const {
    return o_.kind != "file"
               ? UINT64_MAX
               : static_cast<std::uint64_t>(static_cast<double>(file_->size()) / (1 - o_.repeated));
  }
  void next(std::string& out, std::uint64_t n) {
    if (o_.kind == "order")
      return order(out, n);
    if (o_.kind == "get")
      return get_order(out, n);
    if (o_.kind == "file")
      return from_file(out);
    if (o_.kind == "webhook") {
      const auto number = std::to_string(n);
      body_ = R"({"id":"evt_)" + o_.key_prefix + number +
              R"(","type":"payment_intent.succeeded","data":{"object":{"id":"pi_)" + number +
              R"("}}})";
      return post(out, "/WebhookProcessor/evt_", n, "/ProcessStripeWebhook", body_);
    }
    out.assign(o_.body.empty() ? "GET " : "POST ").append(o_.path).append(" HTTP/1.1\r\nHost: ");
    out.append(host_);
    finish(out, o_.body);
  }

private:
  /// A new one, or in its place one that was sent before, in no order.
  void from_file(std::string& out) {
    const auto draw = scattered(drawn_++);
    const bool is_new =
        fresh_ == 0 || static_cast<double>(draw % 1'000'000) >= o_.repeated * 1'000'000;
    const bool is_left = fresh_ < file_->size();
    out = file_->at(is_new && is_left ? fresh_++ : (draw >> 20U) % fresh_);
  }
  void post(std::string& out, std::string_view before, std::uint64_t n, std::string_view after,
            std::string_view body) const {
    char digits[24];
    const auto number = n + o_.first_key;
    const auto end = o_.scatter
                         ? std::to_chars(digits, digits + sizeof digits, scattered(number), 16).ptr
                         : std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.assign("POST ").append(before);
    // With the random part in front, neighbours in time are no neighbours in a table.
    if (o_.scatter)
      out.append(digits, end).append("-").append(o_.key_prefix);
    else
      out.append(o_.key_prefix).append("-").append(digits, end);
    out.append(after).append(" HTTP/1.1\r\nHost: ").append(host_);
    finish(out, body);
  }
  /// Another number for each number (the finalizer of splitmix64).
  static std::uint64_t scattered(std::uint64_t n) {
    n = (n ^ (n >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    n = (n ^ (n >> 27U)) * 0x94d049bb133111ebULL;
    return n ^ (n >> 31U);
  }
  static void finish(std::string& out, std::string_view body) {
    if (!body.empty())
      out.append("\r\nContent-Type: application/json");
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, body.size()).ptr;
    out.append("\r\nContent-Length: ").append(digits, end).append("\r\n\r\n").append(body);
  }

  const options& o_;
  std::string host_, order_body_, body_;
  std::optional<request_file> file_;
  std::uint64_t drawn_ = 0, fresh_ = 0;
};

/// Statuses and latencies of a run.
struct tally {
  histogram latency;
  std::map<int, std::uint64_t> by_status;
  std::uint64_t counted = 0, ok = 0, lost = 0, broken = 0;
  std::uint64_t in_window = 0; ///< Answers within `--duration`.
  std::string first_problem;   ///< Beginning of the first body that was no 2xx, for a person.

  [[nodiscard]] std::string statuses() const {
    std::string out = "{";
    for (const auto& [status, count] : by_status)
      out +=
          (out.size() > 1 ? ",\"" : "\"") + std::to_string(status) + "\":" + std::to_string(count);
    return out + "}";
  }
};

void watch(int epoll, connection& c, std::size_t slot) {
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u64 = slot;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd(), &e) != 0)
    die(std::string("epoll_ctl: ") + std::strerror(errno));
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 300)) {
    if (c == '"' || c == '\\')
      out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

int run_load(const options& o) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<connection> pool(o.connections);
  std::vector<std::size_t> idle;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (!pool[i].connect_to(o))
      die("cannot connect to " + o.host + ":" + std::to_string(o.port));
    watch(epoll, pool[i], i);
    idle.push_back(i);
  }
  request_writer writer(o);
  tally t;
  std::uint64_t sent = 0, done = 0;
  const std::uint64_t limit =
      std::min(o.requests ? o.requests + o.warmup : UINT64_MAX, writer.limit());
  auto begin = steady::now(); // of what is counted
  const auto start = begin;
  double cpu_begin = cpu_seconds();
  auto last_answer = begin;

  const auto due_at = [&](std::uint64_t n) {
    return start + std::chrono::nanoseconds(
                       static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / o.rate));
  };
  const auto may_send = [&](steady::time_point now) {
    if (sent >= limit ||
        (o.seconds > 0 && seconds_between(begin, now) >= o.seconds && done >= o.warmup))
      return false;
    return o.rate <= 0 || due_at(sent) <= now;
  };
  const auto reopen = [&](std::size_t slot) {
    if (pool[slot].connect_to(o)) {
      watch(epoll, pool[slot], slot);
      idle.push_back(slot);
    }
  };
  const auto finish = [&](std::size_t slot, steady::time_point now, int status) {
    auto& c = pool[slot];
    ++done;
    if (done <= o.warmup) {
      if (done == o.warmup) {
        begin = now;
        cpu_begin = cpu_seconds();
      }
      return;
    }
    ++t.counted;
    last_answer = now;
    if (status == 0)
      return;
    // A single slow answer after the end of the window says nothing of the rate: it is in `max_ms`.
    if (o.seconds > 0 && seconds_between(begin, now) <= o.seconds)
      ++t.in_window;
    ++t.by_status[status];
    t.ok += status < 300 ? 1 : 0;
    t.latency.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - c.asked_at).count()));
  };

  std::array<epoll_event, 256> events;
  auto quiet_since = steady::now();
  for (;;) {
    auto now = steady::now();
    while (!idle.empty() && may_send(now)) {
      const auto slot = idle.back();
      idle.pop_back();
      auto& c = pool[slot];
      c.index = sent;
      writer.next(c.out, sent);
      c.asked_at = o.rate > 0 ? due_at(sent) : now;
      ++sent;
      if (!c.send()) {
        ++t.lost;
        finish(slot, now, 0);
        reopen(slot);
      }
    }
    const bool more = sent < limit && !(o.seconds > 0 && done >= o.warmup &&
                                        seconds_between(begin, now) >= o.seconds);
    if (sent == done && !more)
      break;
    if (seconds_between(quiet_since, now) > o.patience_s) {
      std::fprintf(stderr, "orderhub_load: no answer for %.0f s, %llu requests open\n",
                   o.patience_s, static_cast<unsigned long long>(sent - done));
      break;
    }
    if (sent == done && idle.empty())
      die("every connection was lost and none could be opened again");
    int wait_ms = 100;
    if (o.rate > 0 && more && !idle.empty())
      wait_ms = static_cast<int>(std::clamp(seconds_between(now, due_at(sent)) * 1000, 0.0, 100.0));
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms);
    now = steady::now();
    if (n > 0)
      quiet_since = now;
    for (int i = 0; i < n; ++i) {
      const auto slot = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
      auto& c = pool[slot];
      if (!c.open())
        continue;
      answer a;
      const bool was_busy = c.busy;
      switch (c.receive(a)) {
      case connection::event::nothing:
        break;
      case connection::event::answered:
        if (a.status >= 300 && t.first_problem.empty())
          t.first_problem = a.body;
        finish(slot, now, a.status);
        if (c.wants_close())
          reopen(slot);
        else
          idle.push_back(slot);
        break;
      case connection::event::broken:
        ++t.broken;
        finish(slot, now, 0);
        reopen(slot);
        break;
      case connection::event::lost:
        if (was_busy) {
          ++t.lost;
          finish(slot, now, 0);
        } else {
          std::erase(idle, slot);
        }
        reopen(slot);
        break;
      }
    }
  }

  const double took = seconds_between(begin, last_answer);
  const auto answered = t.counted - t.lost - t.broken;
  // A file may end before its time is up.
  const double window = std::min(o.seconds, took);
  const double per_second = window > 0 ? static_cast<double>(t.in_window) / window
                            : took > 0 ? static_cast<double>(answered) / took
                                       : 0;
  std::printf(
      "{\"mode\":\"load\",\"kind\":\"%s\",\"connections\":%zu,\"requests\":%llu,\"ok\":%llu,"
      "\"lost\":%llu,\"broken\":%llu,\"open\":%llu,\"by_status\":%s,\"seconds\":%.3f,"
      "\"per_second\":%.1f,\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
      "\"client_cpu_us_per_request\":%.2f%s}\n",
      o.kind.c_str(), o.connections, static_cast<unsigned long long>(t.counted),
      static_cast<unsigned long long>(t.ok), static_cast<unsigned long long>(t.lost),
      static_cast<unsigned long long>(t.broken), static_cast<unsigned long long>(sent - done),
      t.statuses().c_str(), took, per_second, t.latency.ms_at(0.50), t.latency.ms_at(0.95),
      t.latency.ms_at(0.99), t.latency.max_ms(),
      answered ? (cpu_seconds() - cpu_begin) * 1e6 / static_cast<double>(answered) : 0,
      t.first_problem.empty() ? "" : (",\"first_problem\":" + json_text(t.first_problem)).c_str());
  return t.ok == t.counted && sent == done && t.counted > 0 ? 0 : 2;
}

int run_burst(const options& o) {
  if (o.kill_pid <= 1)
    die("--mode burst needs --kill-pid");
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<connection> pool(o.connections);
  request_writer writer(o);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (!pool[i].connect_to(o))
      die("cannot open connection " + std::to_string(i));
    watch(epoll, pool[i], i);
  }
  std::uint64_t sent = 0, answered = 0, acknowledged = 0, lost = 0;
  bool killed = false;
  std::vector<std::uint64_t> open; // Numbers of the orders without an answer.
  const auto send_next = [&](connection& c) {
    c.index = sent;
    writer.order(c.out, sent);
    if (c.send())
      ++sent;
    else
      c.close_now();
  };
  for (auto& c : pool)
    send_next(c);
  const auto kill_at =
      steady::now() + std::chrono::microseconds(static_cast<std::int64_t>(o.kill_after_ms * 1000));
  const auto collect = [&](int wait_ms) {
    std::array<epoll_event, 256> events;
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
      auto& c = pool[static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64)];
      answer a;
      if (!c.open())
        continue;
      const auto what = c.receive(a);
      if (what == connection::event::answered) {
        ++answered;
        acknowledged += a.status < 300 ? 1 : 0;
        if (o.refill && !killed)
          send_next(c);
      } else if (what != connection::event::nothing) {
        ++lost;
        if (c.busy)
          open.push_back(c.index);
        c.close_now();
      }
    }
  };
  while (steady::now() < kill_at)
    collect(static_cast<int>(std::max(0.0, seconds_between(steady::now(), kill_at) * 1000)));
  if (::kill(o.kill_pid, SIGKILL) != 0)
    die(std::string("kill: ") + std::strerror(errno));
  const double killed_at = wall_seconds();
  killed = true;
  const auto give_up = steady::now() + std::chrono::seconds(5);
  while (answered + lost < sent && steady::now() < give_up)
    collect(50);
  for (const auto& c : pool)
    if (c.open() && c.busy)
      open.push_back(c.index);
  if (!o.open_file.empty()) {
    std::ofstream file(o.open_file);
    for (const auto n : open)
      file << n << '\n';
    if (!file.flush())
      die("cannot write " + o.open_file);
  }
  std::printf("{\"mode\":\"burst\",\"sent\":%llu,\"answered\":%llu,\"acknowledged\":%llu,"
              "\"in_flight\":%llu,\"killed_at\":%.3f}\n",
              static_cast<unsigned long long>(sent), static_cast<unsigned long long>(answered),
              static_cast<unsigned long long>(acknowledged),
              static_cast<unsigned long long>(sent - answered), killed_at);
  return 0;
}

/// The value of a string member at the top level of a flat answer; good enough for our own hub.
std::string_view text_of(std::string_view body, std::string_view name) {
  const auto at = body.find(name);
  if (at == std::string_view::npos)
    return {};
  const auto from = body.find('"', at + name.size());
  if (from == std::string_view::npos)
    return {};
  const auto to = body.find('"', from + 1);
  return to == std::string_view::npos ? std::string_view{} : body.substr(from + 1, to - from - 1);
}

int run_settle(const options& o) {
  request_writer writer(o);
  std::deque<std::uint64_t> open;
  if (!o.keys_file.empty()) {
    std::ifstream file(o.keys_file);
    for (std::uint64_t n = 0; file >> n;)
      open.push_back(n);
  } else {
    for (std::uint64_t i = 0; i < o.keys; ++i)
      open.push_back(i);
  }
  if (open.empty())
    die("--mode settle needs --keys or --keys-file");
  const auto key_count = open.size();
  std::ofstream times;
  if (!o.times_file.empty())
    times.open(o.times_file);
  std::map<std::string, std::uint64_t> by_status;
  std::uint64_t unknown = 0, polls = 0;
  const auto give_up =
      steady::now() + std::chrono::milliseconds(static_cast<std::int64_t>(o.patience_s * 1000));
  std::vector<connection> pool(std::min<std::size_t>(o.connections, 16));
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  double first_answer_at = 0;
  // An order is unknown for good only after the hub has answered for a while: recovery opens the
  // listener last, so the first 404 is already the truth. It is still asked twice.
  std::map<std::uint64_t, int> times_unknown;
  const std::string terminal = "," + o.terminal + ",";
  while (!open.empty() && steady::now() < give_up) {
    auto round = open.size();
    std::size_t out = 0;
    while ((round > 0 || out > 0) && steady::now() < give_up) {
      for (std::size_t i = 0; i < pool.size() && round > 0; ++i) {
        auto& c = pool[i];
        if (c.busy)
          continue;
        if (!c.open()) {
          if (!c.connect_to(o))
            continue;
          watch(epoll, c, i);
        }
        c.index = open.front();
        open.pop_front();
        --round;
        writer.get_order(c.out, c.index);
        if (c.send()) {
          ++out;
        } else {
          open.push_back(c.index);
          c.close_now();
        }
      }
      std::array<epoll_event, 16> events;
      const int n =
          ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), out > 0 ? 100 : 2);
      for (int i = 0; i < n; ++i) {
        auto& c = pool[static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64)];
        if (!c.open())
          continue;
        answer a;
        const bool was_busy = c.busy;
        const auto what = c.receive(a);
        if (what == connection::event::nothing)
          continue;
        out -= was_busy ? 1 : 0;
        if (what != connection::event::answered) {
          if (was_busy)
            open.push_back(c.index);
          c.close_now();
          continue;
        }
        ++polls;
        if (first_answer_at == 0)
          first_answer_at = wall_seconds();
        const auto status = std::string(text_of(a.body, "\"status\""));
        const bool nothing_open = a.body.find("\"pending\":[]") != std::string_view::npos;
        if (a.status == 200 && nothing_open &&
            terminal.find("," + status + ",") != std::string::npos)
          ++by_status[status];
        else if (a.status == 404 && ++times_unknown[c.index] >= 2)
          ++unknown;
        else {
          open.push_back(c.index);
          continue;
        }
        if (times.is_open()) {
          char line[80];
          std::snprintf(line, sizeof line, "%llu %.3f %d\n",
                        static_cast<unsigned long long>(c.index), wall_seconds(), a.status);
          times << line;
        }
      }
    }
    if (!open.empty())
      ::usleep(20'000);
  }
  std::string statuses;
  for (const auto& [status, count] : by_status)
    statuses += (statuses.empty() ? "\"" : ",\"") + status + "\":" + std::to_string(count);
  std::printf("{\"mode\":\"settle\",\"keys\":%llu,\"open\":%zu,\"unknown\":%llu,\"polls\":%llu,"
              "\"by_status\":{%s},\"first_answer_at\":%.3f,\"finished_at\":%.3f}\n",
              static_cast<unsigned long long>(key_count), open.size(),
              static_cast<unsigned long long>(unknown), static_cast<unsigned long long>(polls),
              statuses.c_str(), first_answer_at, wall_seconds());
  if (!o.times_file.empty() && !times.flush())
    die("cannot write " + o.times_file);
  return open.empty() ? 0 : 2;
}

int run_fdatasync(const options& o) {
  if (o.file.empty())
    die("--mode fdatasync needs --file");
  const int fd = ::open(o.file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    die(o.file + ": " + std::strerror(errno));
  ::unlink(o.file.c_str());
  const std::vector<char> page(4096, 'x');
  // Allocated before, as a journal's file is: what is measured is the data, not the size.
  constexpr std::uint64_t pages = 16'384;
  for (std::uint64_t i = 0; i < pages; ++i)
    if (::write(fd, page.data(), page.size()) != static_cast<ssize_t>(page.size()))
      die(std::string("write: ") + std::strerror(errno));
  ::fsync(fd);
  histogram latency;
  std::uint64_t count = 0;
  const auto begin = steady::now();
  const double wanted = o.seconds > 0 ? o.seconds : 2;
  auto now = begin;
  while (seconds_between(begin, now) < wanted) {
    if (::pwrite(fd, page.data(), page.size(), static_cast<off_t>((count % pages) * page.size())) !=
            static_cast<ssize_t>(page.size()) ||
        ::fdatasync(fd) != 0)
      die(std::string("fdatasync: ") + std::strerror(errno));
    const auto after = steady::now();
    latency.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(after - now).count()));
    now = after;
    ++count;
  }
  ::close(fd);
  const double took = seconds_between(begin, now);
  std::printf("{\"mode\":\"fdatasync\",\"count\":%llu,\"per_second\":%.0f,\"p50_ms\":%.3f,"
              "\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
              static_cast<unsigned long long>(count), static_cast<double>(count) / took,
              latency.ms_at(0.5), latency.ms_at(0.99), latency.max_ms());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  options o;
  std::string url = "127.0.0.1:8080";
  CLI::App app("A cheap HTTP/1.1 load generator for orderhub. Prints one line of JSON; exits 2 "
               "where not every request was answered with 2xx.");
  app.add_option("--mode", o.mode, "load (default), burst, settle or fdatasync")
      ->check(CLI::IsMember({"load", "burst", "settle", "fdatasync"}));
  app.add_option("--url", url, "HOST:PORT, an IPv4 address");
  app.add_option("--connections", o.connections, "open connections")->check(CLI::Range(1, 20000));
  app.add_option("--requests", o.requests, "how many requests to send");
  app.add_option("--duration", o.seconds, "or for how many seconds");
  app.add_option("--warmup", o.warmup, "answers before the first that counts");
  app.add_option("--rate", o.rate,
                 "open loop: requests a second, late answers count from when due");
  app.add_option("--patience", o.patience_s,
                 "seconds without any answer before giving up; settle: "
                 "seconds in all");
  app.add_option("--kind", o.kind, "order (default), webhook, get, raw or file")
      ->check(CLI::IsMember({"order", "webhook", "get", "raw", "file"}));
  app.add_option("--requests-file", o.requests_file, "file: what orderhub_sign wrote");
  app.add_option("--repeated", o.repeated,
                 "file: so much of what is sent was sent before, 0 to 0.99")
      ->check(CLI::Range(0.0, 0.99));
  app.add_option("--key-prefix", o.key_prefix, "order keys are PREFIX-NUMBER");
  app.add_option("--first-key", o.first_key, "number of the first key");
  app.add_option("--payment-method", o.payment_method, "payment.method of the orders");
  app.add_flag("--send", o.one_way, "orders one way: /ProcessOrder/send");
  app.add_option("--path", o.path, "raw: path of the request");
  app.add_option("--body", o.body, "raw: body; with one it is a POST");
  app.add_option("--kill-pid", o.kill_pid, "burst: whom to kill");
  app.add_option("--kill-after-ms", o.kill_after_ms,
                 "burst: how long after each connection's first order");
  app.add_flag("--refill", o.refill, "burst: go on sending until the kill");
  app.add_option("--open-file", o.open_file, "burst: numbers of the orders without an answer");
  app.add_flag("--scatter", o.scatter, "keys begin with the number's hash, as random ids do");
  app.add_option("--keys", o.keys, "settle: how many orders");
  app.add_option("--keys-file", o.keys_file, "settle: numbers of the orders, one a line");
  app.add_option("--times-file", o.times_file,
                 "settle: number, Unix seconds and HTTP status of "
                 "each finished order");
  app.add_option("--terminal", o.terminal, "settle: statuses that are terminal");
  app.add_option("--file", o.file, "fdatasync: a path that does not exist; removed at once");
  CLI11_PARSE(app, argc, argv);

  const auto colon = url.rfind(':');
  unsigned port = 0;
  if (colon == std::string::npos ||
      std::from_chars(url.data() + colon + 1, url.data() + url.size(), port).ec != std::errc() ||
      port == 0 || port > 65535)
    die("--url must be HOST:PORT");
  o.host = url.substr(0, colon);
  o.port = static_cast<std::uint16_t>(port);
  std::signal(SIGPIPE, SIG_IGN);

  if (o.mode == "burst")
    return run_burst(o);
  if (o.mode == "settle")
    return run_settle(o);
  if (o.mode == "fdatasync")
    return run_fdatasync(o);
  if (o.requests == 0 && o.seconds <= 0)
    die("give --requests or --duration");
  return run_load(o);
}
