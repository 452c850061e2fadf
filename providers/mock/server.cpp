#include "providers/mock/server.hpp"

#include "journal/base/loopback.hpp"
#include "providers/mock/text.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace orderhub::providers::mock {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
// The concrete executor: the type-erased one costs an indirection and an allocation an operation.
using executor = asio::io_context::executor_type;
using socket_type = asio::basic_stream_socket<tcp, executor>;
using acceptor_type = asio::basic_socket_acceptor<tcp, executor>;
using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, executor>;

constexpr std::size_t read_size = 8 * 1024;
/// Pipelined answers gathered before they are written.
constexpr std::size_t write_gather_max = 64 * 1024;

unix_ms wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string_view reason_of(int status) {
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

/// Fills a `mock_request` while Beast parses; reuses its strings from message to message.
class request_reader final : public http::basic_parser<true> {
public:
  request_reader(mock_request& to, const listen_options& limits) : to_(to) {
    header_limit(static_cast<std::uint32_t>(limits.header_size_max));
    body_limit(limits.body_size_max);
    eager(true);
    to_.body.clear();
  }

  [[nodiscard]] bool expects_continue() const { return expects_continue_; }

private:
  using view = beast::string_view;

  void on_request_impl(http::verb, view method, view target, int, error_code&) override {
    to_.method.assign(method.data(), method.size());
    to_.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, view, int, error_code&) override {}
  void on_field_impl(http::field field, view name, view value, error_code&) override {
    if (count_ == to_.headers.size())
      to_.headers.emplace_back();
    auto& [to_name, to_value] = to_.headers[count_++];
    to_name.assign(name.data(), name.size());
    for (char& c : to_name)
      if (c >= 'A' && c <= 'Z')
        c = static_cast<char>(c + ('a' - 'A'));
    to_value.assign(value.data(), value.size());
    if (field == http::field::expect)
      expects_continue_ = to_value == "100-continue";
  }
  void on_header_impl(error_code&) override { to_.headers.resize(count_); }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(view body, error_code&) override {
    to_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, view body, error_code&) override {
    to_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override { to_.headers.resize(count_); }

  mock_request& to_;
  std::size_t count_ = 0;
  bool expects_continue_ = false;
};

class connection;

/// What connections share; lives as long as the server's thread.
struct hub {
  vendors& world;
  const listen_options& limits;
  std::unordered_set<connection*>& open;
  /// Runs after each request: late work may have been added.
  virtual void work_changed() = 0;

  hub(vendors& v, const listen_options& l, std::unordered_set<connection*>& o)
      : world(v), limits(l), open(o) {}
  virtual ~hub() = default;
};

/// One client. Requests are answered in order; at most one asynchronous operation is out at a time,
/// and it holds the connection alive.
class connection final : public std::enable_shared_from_this<connection> {
public:
  connection(socket_type socket, hub& shared)
      : shared_(shared), socket_(std::move(socket)), timer_(socket_.get_executor()) {
    shared_.open.insert(this);
  }
  ~connection() { shared_.open.erase(this); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void start() {
    error_code ec;
    socket_.set_option(tcp::no_delay(true), ec);
    if (!ec)
      socket_.non_blocking(true, ec);
    if (ec)
      return;
    const auto peer = socket_.remote_endpoint(ec);
    if (ec)
      return;
    local_peer_ = peer.address().is_loopback();
    read();
  }
  void close() {
    error_code ignored; // there is nothing to be done about a close that fails
    socket_.close(ignored);
    timer_.cancel();
  }

private:
  void read() {
    socket_.async_read_some(in_.prepare(read_size),
                            [self = shared_from_this()](error_code ec, std::size_t size) {
                              if (ec)
                                return; // the client is gone, or the server stops
                              self->in_.commit(size);
                              self->work();
                            });
  }

  /// Answers what has arrived; then writes, waits or reads on.
  void work() {
    while (in_.size() != 0 || (reader_ && reader_->is_done())) {
      if (!reader_)
        reader_.emplace(request_, shared_.limits);
      if (!parse())
        break;
      if (!reader_->is_done())
        break;
      keep_alive_ = reader_->keep_alive();
      reader_.reset();
      if (!answer())
        return;
      if (!keep_alive_)
        break;
      if (out_.size() > write_gather_max)
        break;
    }
    flush();
  }

  /// Feeds the parser. False if the connection ends with what is in `out_`.
  bool parse() {
    error_code ec;
    while (in_.size() != 0 && !reader_->is_done()) {
      in_.consume(reader_->put(in_.data(), ec));
      if (ec == http::error::need_more)
        break;
      if (ec) {
        const int status = ec == http::error::body_limit     ? 413
                           : ec == http::error::header_limit ? 431
                                                             : 400;
        append_head(status, {}, 0, /*close_after=*/true);
        keep_alive_ = false;
        return false;
      }
    }
    if (reader_->is_header_done() && !reader_->is_done() && reader_->expects_continue() &&
        !std::exchange(continued_, true))
      out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    return true;
  }

  /// False if the rest happens later or never: a delay, or a cut.
  bool answer() {
    continued_ = false;
    const std::string_view target = request_.target;
    const bool own = target.substr(0, 8) == "/control" || target.substr(0, 6) == "/reset" ||
                     target.substr(0, 7) == "/ledger";
    mock_response reply;
    if (own && !(local_peer_ && from_loopback(request_.headers))) {
      reply.response.status = 403;
      reply.response.headers.emplace_back("content-type", "application/json");
      reply.response.body = R"({"code":403,"message":"Only loopback names may be used here."})";
    } else {
      reply = shared_.world.handle(request_, wall_ms());
      shared_.work_changed();
    }
    if (reply.wire == wire_action::hang) {
      error_code ignored; // Earlier answers of a pipeline: small, and for a client that waits.
      socket_.write_some(asio::buffer(out_), ignored);
      out_.clear();
      hang();
      return false;
    }
    if (reply.delay_ms <= 0)
      return deliver(reply);
    // Earlier answers of a pipeline do not wait for this one.
    delayed_ = std::move(reply);
    if (!out_.empty()) {
      flush();
      return false;
    }
    delay();
    return false;
  }

  void delay() {
    timer_.expires_after(std::chrono::milliseconds(delayed_->delay_ms));
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (ec || !self->socket_.is_open())
        return;
      const auto reply = std::move(*self->delayed_);
      self->delayed_.reset();
      if (self->deliver(reply))
        self->keep_alive_ ? self->work() : self->flush();
    });
  }

  /// Says nothing more; only what the client still sends is read, until it has gone.
  void hang() {
    in_.consume(in_.size());
    socket_.async_read_some(in_.prepare(read_size),
                            [self = shared_from_this()](error_code ec, std::size_t) {
                              if (!ec)
                                self->hang();
                            });
  }

  bool deliver(const mock_response& reply) {
    const auto& response = reply.response;
    switch (reply.wire) {
    case wire_action::drop:
      cut();
      return false;
    case wire_action::truncate: {
      const auto before = out_.size();
      append_head(response.status, response.headers, response.body.size(), !keep_alive_);
      if (response.body.empty())
        out_.resize(before + (out_.size() - before) / 2);
      else
        out_.append(response.body, 0, response.body.size() / 2);
      keep_alive_ = false;
      return true;
    }
    case wire_action::answer_then_reset:
      append_head(response.status, response.headers, response.body.size(), false);
      out_.append(response.body);
      reset_after_ = true;
      keep_alive_ = false;
      return true;
    case wire_action::answer:
    case wire_action::hang: // Has no delivery.
      break;
    }
    append_head(response.status, response.headers, response.body.size(), !keep_alive_);
    out_.append(response.body);
    return true;
  }

  void append_head(int status, const header_list& headers, std::size_t body_size,
                   bool close_after) {
    out_.append("HTTP/1.1 ");
    append_number(out_, status);
    out_.push_back(' ');
    out_.append(reason_of(status));
    out_.append("\r\n");
    for (const auto& [name, value] : headers)
      out_.append(name).append(": ").append(value).append("\r\n");
    if (close_after)
      out_.append("connection: close\r\n");
    out_.append("content-length: ");
    append_number(out_, static_cast<std::int64_t>(body_size));
    out_.append("\r\n\r\n");
  }

  /// A reset: without lingering the kernel drops what is unsent and sends RST.
  void cut() {
    error_code ignored; // a connection that is gone already needs no cut
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  void flush() {
    if (!out_.empty()) {
      // The answer nearly always fits into the socket's buffer: no reactor round.
      error_code ec;
      const auto sent = socket_.write_some(asio::buffer(out_), ec);
      if (ec && ec != asio::error::would_block && ec != asio::error::try_again)
        return;
      if (sent < out_.size()) {
        asio::async_write(socket_, asio::buffer(out_.data() + sent, out_.size() - sent),
                          [self = shared_from_this()](error_code failed, std::size_t) {
                            if (failed)
                              return;
                            self->out_.clear();
                            self->flushed();
                          });
        return;
      }
      out_.clear();
    }
    flushed();
  }

  void flushed() {
    if (delayed_)
      return delay();
    if (reset_after_) {
      cut();
      return;
    }
    if (!keep_alive_) {
      finish();
      return;
    }
    if (in_.size() != 0 && !reader_) {
      // The rest of a long pipeline; other connections get their turn first.
      asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (self->socket_.is_open())
          self->work();
      });
      return;
    }
    read();
  }

  /// Ends a connection whose last answer is in the kernel. What the client still sends (the rest
  /// of a body over the limit) would turn the close into a reset that can overtake the answer, so
  /// some of it is read first.
  void finish() {
    error_code ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    if (!ec)
      drain();
  }
  void drain() {
    constexpr std::size_t drained_max = 64;
    if (++drained_ > drained_max)
      return;
    in_.consume(in_.size());
    socket_.async_read_some(in_.prepare(read_size),
                            [self = shared_from_this()](error_code ec, std::size_t) {
                              if (!ec)
                                self->drain();
                            });
  }

  hub& shared_;
  socket_type socket_;
  steady_timer timer_;
  beast::flat_buffer in_;
  std::string out_;
  mock_request request_;
  std::optional<request_reader> reader_;
  std::optional<mock_response> delayed_;
  std::size_t drained_ = 0;
  bool local_peer_ = false;
  bool keep_alive_ = true;
  bool continued_ = false;
  bool reset_after_ = false;
};

} // namespace

bool from_loopback(const header_list& headers) {
  bool has_host = false;
  for (const auto& [name, value] : headers) {
    if (name == "host") {
      has_host = true;
      if (!is_loopback_host(value))
        return false;
    } else if (name == "origin") {
      std::string_view origin = value;
      const auto scheme = origin.find("://");
      if (scheme == std::string_view::npos || !is_loopback_host(origin.substr(scheme + 3)))
        return false;
    }
  }
  return has_host;
}

struct server::state final : hub {
  state(options vendor_settings, listen_options given)
      : hub(vendors_, listen, connections), listen(std::move(given)),
        vendors_(std::move(vendor_settings)) {}

  void accept() {
    acceptor->async_accept([this](error_code ec, socket_type socket) {
      if (!acceptor->is_open())
        return;
      if (ec) {
        // Out of file descriptors, as a rule: not at once again.
        late_accept();
        return;
      }
      if (connections.size() < listen.connections_max)
        std::make_shared<connection>(std::move(socket), *this)->start();
      accept();
    });
  }

  void late_accept() {
    accept_timer->expires_after(std::chrono::milliseconds(50));
    accept_timer->async_wait([this](error_code ec) {
      if (!ec && acceptor->is_open())
        accept();
    });
  }

  void work_changed() override {
    const auto due = vendors_.next_late_work();
    if (!due || (armed_for && *armed_for <= *due))
      return;
    armed_for = due;
    late_timer->expires_after(std::chrono::milliseconds(std::max<unix_ms>(0, *due - wall_ms())));
    late_timer->async_wait([this](error_code ec) {
      if (ec)
        return;
      armed_for.reset();
      vendors_.advance(wall_ms());
      work_changed();
    });
  }

  /// Runs `f` on the server's thread, or here while there is none.
  template <class F>
  auto run(F f) -> decltype(f()) {
    if (!thread.joinable())
      return f();
    // Shared: the waiting thread may go on before the task has quite returned.
    auto task = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f));
    auto outcome = task->get_future();
    asio::post(*io, [task] { (*task)(); });
    return outcome.get();
  }

  listen_options listen;
  vendors vendors_;
  std::unordered_set<connection*> connections;
  std::unique_ptr<asio::io_context> io;
  std::unique_ptr<acceptor_type> acceptor;
  std::unique_ptr<steady_timer> late_timer, accept_timer;
  std::optional<unix_ms> armed_for;
  std::atomic<std::uint16_t> port = 0;
  std::thread thread;
};

server::server(options vendor_settings, listen_options listen)
    : state_(std::make_unique<state>(std::move(vendor_settings), std::move(listen))) {}

server::~server() {
  stop();
}

result<std::uint16_t> server::start() {
  auto& s = *state_;
  if (s.thread.joinable())
    return s.port.load();
  error_code ec;
  const auto address = asio::ip::make_address(
      s.listen.host == "localhost" ? std::string("127.0.0.1") : s.listen.host, ec);
  if (ec)
    return fail({error_kind::invalid, "mock.listen", "the host must be an IP address"});
  s.io = std::make_unique<asio::io_context>(1);
  s.acceptor = std::make_unique<acceptor_type>(s.io->get_executor());
  s.late_timer = std::make_unique<steady_timer>(s.io->get_executor());
  s.accept_timer = std::make_unique<steady_timer>(s.io->get_executor());
  s.armed_for.reset();
  const tcp::endpoint endpoint(address, s.listen.port);
  s.acceptor->open(endpoint.protocol(), ec);
  if (!ec)
    s.acceptor->set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec)
    s.acceptor->bind(endpoint, ec);
  if (!ec)
    s.acceptor->listen(asio::socket_base::max_listen_connections, ec);
  tcp::endpoint bound;
  if (!ec)
    bound = s.acceptor->local_endpoint(ec);
  if (ec) {
    s.acceptor.reset();
    return fail({error_kind::unavailable, "mock.listen", ec.message()});
  }
  s.port = bound.port();
  s.accept();
  s.work_changed();
  s.thread = std::thread([&s] { s.io->run(); });
  return bound.port();
}

void server::stop() {
  auto& s = *state_;
  if (!s.thread.joinable())
    return;
  asio::post(*s.io, [&s] {
    error_code ignored; // it is going away in any case
    s.acceptor->close(ignored);
    s.late_timer->cancel();
    s.accept_timer->cancel();
    // Closing completes each one's operation with an error, which lets go of it.
    for (auto* c : s.connections)
      c->close();
  });
  s.thread.join();
  s.port = 0;
  s.acceptor.reset();
  s.late_timer.reset();
  s.accept_timer.reset();
  s.io.reset();
}

std::uint16_t server::port() const {
  return state_->port;
}

std::string server::base_url(std::string_view vendor) const {
  const auto& host = state_->listen.host;
  const bool v6 = host.find(':') != std::string::npos;
  std::string url = "http://";
  url.append(v6 ? "[" + host + "]" : host).append(":");
  append_number(url, port());
  url.append("/").append(vendor);
  return url;
}

result<void> server::control(std::string json) {
  auto& s = *state_;
  return s.run([&s, &json] { return s.vendors_.control(json); });
}

std::string server::ledger_json(std::size_t since, std::size_t limit) {
  auto& s = *state_;
  return s.run([&s, since, limit] {
    s.vendors_.advance(wall_ms());
    return s.vendors_.ledger_json(since, limit);
  });
}

} // namespace orderhub::providers::mock
