#include "http_gateway/server/server.hpp"

#include "http_gateway/ingress/problem.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace orderhub::http_gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using socket_type = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using acceptor_type = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using timer_type = asio::basic_waitable_timer<std::chrono::steady_clock,
                                              asio::wait_traits<std::chrono::steady_clock>,
                                              asio::io_context::executor_type>;
using error_code = boost::system::error_code;

constexpr std::size_t scratch_size = 64 * 1024;
/// Connections beyond the limit that are told so; further ones are closed without a word.
constexpr std::size_t refused_connections_max = 128;
/// When a caller may find the hub started again.
constexpr std::int64_t shutdown_retry_s = 5;
/// For the last answers to leave, at a stop.
constexpr std::int64_t farewell_ms = 500;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void append_number(std::string& out, std::uint64_t n) {
  std::array<char, 20> digits{};
  auto at = digits.end();
  do {
    *--at = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  out.append(at, digits.end());
}

} // namespace

std::string_view http_request::header(std::string_view name) const {
  for (const auto& f : fields_)
    if (f.name_size == name.size() &&
        equal_ignoring_case(std::string_view(text_).substr(f.offset, f.name_size), name))
      return std::string_view(text_).substr(f.offset + f.name_size, f.value_size);
  return {};
}

std::size_t http_request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const field& f) {
        return equal_ignoring_case(std::string_view(text_).substr(f.offset, f.name_size), name);
      }));
}

void http_request::add_header(std::string_view name, std::string_view value) {
  if (fields_.empty()) {
    fields_.reserve(12);
    text_.reserve(256);
  }
  // The limit on the header's size keeps both far below their types' ends.
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint16_t>(name.size()),
                     static_cast<std::uint16_t>(value.size())});
  text_ += name;
  text_ += value;
}

void http_response::add_header(std::string_view name, std::string_view value) {
  headers += name;
  headers += ": ";
  for (const char c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)
      headers += c;
  headers += "\r\n";
}

http_response problem(std::uint16_t status, std::string_view message, std::int64_t retry_after_s) {
  http_response r;
  r.status = status;
  r.body = problem_body(status, message);
  if (retry_after_s > 0)
    r.add_header("retry-after", std::to_string(retry_after_s));
  return r;
}

http_response request_handler::timed_out(http_exchange&) {
  return problem(504, "The request was not answered in time.");
}

http_response request_handler::stopping(http_exchange&) {
  return problem(503, "The hub is shutting down; try again shortly.", shutdown_retry_s);
}

namespace detail {

/// What exchanges share with the server, and what may outlive it: the way back to one io thread.
struct server_core {
  struct totals {
    std::atomic<std::uint64_t> connections{0}, connections_now{0}, connections_refused{0};
    std::atomic<std::uint64_t> requests{0}, overloaded{0}, malformed{0}, timed_out{0};
    std::atomic<std::uint64_t> slow_clients{0};
    std::atomic<std::uint64_t> in_flight_now{0};
    std::array<std::atomic<std::uint64_t>, 6> answers{};
  };

  explicit server_core(std::shared_ptr<totals> t) : counts(std::move(t)) {}

  std::shared_ptr<totals> counts;
  asio::io_context context{1};
  shard* owner = nullptr; ///< Used on the io thread only; null once the shard is gone.

  std::mutex mutex; ///< Guards the two below.
  std::vector<http_exchange_ptr> answered;
  bool closed = false;
};

namespace {
/// Whether a request line ends as one does, `HTTP/` with two digits: another version, not rubbish.
bool has_version(std::string_view text) {
  const auto line = text.substr(0, text.find("\r\n"));
  const auto version = line.substr(std::min(line.find(' '), line.size()));
  const auto at = version.find(" HTTP/");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return at != std::string_view::npos && at > 0 && version.find(' ', 1) == at &&
         version.size() == at + 9 && is_digit(version[at + 6]) && version[at + 7] == '.' &&
         is_digit(version[at + 8]);
}

void count(std::atomic<std::uint64_t>& n) {
  n.fetch_add(1, std::memory_order_relaxed);
}
/// The shard whose io thread this is.
thread_local shard* current_shard = nullptr;
} // namespace

/// Fills one exchange from Beast's parser and adds the framing rules that Beast leaves open.
class request_parser final : public beast::http::basic_parser<true> {
public:
  /// A refusal of ours; Beast's own errors are translated by `connection::refuse`.
  std::uint16_t refusal_status = 0;
  const char* refusal = nullptr;
  bool expects_continue = false;
  bool http_1_1 = true;

  request_parser(http_request& to, const server_options& options) : to_(to), options_(options) {
    header_limit(static_cast<std::uint32_t>(options.header_size_max));
    body_limit(options.body_size_max);
    eager(true);
  }

  /// The bytes given to the next `put`.
  void window(const char* data, std::size_t size) {
    begin_ = data;
    end_ = data + size;
  }

private:
  void refuse(std::uint16_t status, const char* why, beast::error_code& ec) {
    refusal_status = status;
    refusal = why;
    ec = beast::http::error::bad_value;
  }

  /// Beast joins folded lines; another reader of the same bytes may not, so they are refused
  /// (RFC 9112, 5.2). A field is reported once it stands whole in the window.
  [[nodiscard]] bool is_folded(const char* name_end) const {
    if (name_end < begin_ || name_end >= end_)
      return true;
    const auto* line_end = std::find(name_end, end_, '\n');
    return line_end + 1 >= end_ || line_end[1] == ' ' || line_end[1] == '\t';
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code& ec) override {
    http_1_1 = version >= 11;
    if (method.size() > 32)
      return refuse(501, "The method is not known.", ec);
    to_.method.assign(method.data(), method.size());
    const std::string_view t(target.data(), target.size());
    // Absolute form: its authority replaces Host (RFC 9112, 3.2.2).
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (t.size() < scheme.size() || !equal_ignoring_case(t.substr(0, scheme.size()), scheme))
        continue;
      const auto rest = t.substr(scheme.size());
      const auto end = std::min(rest.find_first_of("/?"), rest.size());
      if (end == 0)
        return refuse(400, "The request target has no host.", ec);
      to_.host = rest.substr(0, end);
      absolute_ = true;
      to_.target = rest.substr(end);
      if (to_.target.empty() || to_.target.front() == '?')
        to_.target.insert(to_.target.begin(), '/');
      return;
    }
    to_.target = t;
  }

  void on_field_impl(beast::http::field name, beast::string_view name_text,
                     beast::string_view value_text, beast::error_code& ec) override {
    const std::string_view value(value_text.data(), value_text.size());
    if (is_folded(name_text.data() + name_text.size()))
      return refuse(400, "A header is folded over several lines.", ec);
    if (++field_count_ > options_.header_count_max)
      return refuse(431, "The request has too many headers.", ec);
    if (header_done_) { // A trailer: allowed, and not used for anything.
      trailer_size_ += name_text.size() + value.size();
      if (trailer_size_ > options_.header_size_max)
        refuse(431, "The request's trailers are too large.", ec);
      return;
    }
    switch (name) {
    case beast::http::field::host:
      if (++host_count_ > 1)
        return refuse(400, "The request has more than one Host header.", ec);
      if (!absolute_)
        to_.host = value;
      break;
    case beast::http::field::content_length:
      if (++length_count_ > 1 || value.empty() ||
          value.find_first_not_of("0123456789") != std::string_view::npos)
        return refuse(400, "Content-Length must be given once, as one number.", ec);
      break;
    case beast::http::field::transfer_encoding:
      if (!http_1_1)
        return refuse(400, "Transfer-Encoding needs HTTP/1.1.", ec);
      if (++encoding_count_ > 1 || !equal_ignoring_case(value, "chunked"))
        return refuse(501, "The only Transfer-Encoding accepted is chunked.", ec);
      break;
    case beast::http::field::expect:
      if (!equal_ignoring_case(value, "100-continue"))
        return refuse(417, "The only expectation accepted is 100-continue.", ec);
      expects_continue = http_1_1;
      break;
    default:
      break;
    }
    to_.add_header({name_text.data(), name_text.size()}, value);
  }

  void on_header_impl(beast::error_code& ec) override {
    header_done_ = true;
    if (http_1_1 && host_count_ == 0)
      return refuse(400, "The request has no Host header.", ec);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& size, beast::error_code&) override {
    // What a caller announces is not yet here: room for it comes with the bytes.
    if (size)
      to_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*size, scratch_size)));
  }
  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    to_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view extensions,
                            beast::error_code& ec) override {
    if (extensions.size() > options_.header_size_max)
      refuse(431, "The request's chunk extensions are too large.", ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                 beast::error_code&) override {
    to_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(beast::error_code&) override {}
  // Requests have no status line.
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  http_request& to_;
  const server_options& options_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::size_t field_count_ = 0;
  std::size_t trailer_size_ = 0;
  unsigned host_count_ = 0;
  unsigned length_count_ = 0;
  unsigned encoding_count_ = 0;
  bool absolute_ = false;
  bool header_done_ = false;
};

/// One connection; lives on its shard's io thread alone.
///
/// Unanswered requests are a list in arrival order. Bytes are read into the shard's scratch buffer;
/// only what is left of a split request is kept here.
class connection : public std::enable_shared_from_this<connection> {
public:
  connection(shard& s, socket_type socket, bool refused)
      : shard_(s), socket_(std::move(socket)), refused_(refused) {}

  void start();
  void flush();
  void sweep(std::int64_t now);
  void drain();
  void reject_pending();
  void close();
  [[nodiscard]] bool settled() const { return lingering_ || closed_; }

  std::size_t index = 0; ///< In the shard's list.
  bool touched = false;  ///< Waits for `flush`.

private:
  friend class shard;

  void wait_readable();
  void wait_writable();
  void on_readable(const error_code& ec);
  void on_writable(const error_code& ec);
  void parse(const char* data, std::size_t size);
  void resume();
  void dispatch();
  void refuse(const beast::error_code& ec);
  void refuse(std::uint16_t status, std::string_view message);
  void queue(http_exchange_ptr exchange);
  void format(std::string& out, http_exchange& exchange);
  void send(std::string& out);
  void linger();
  [[nodiscard]] bool may_parse() const;

  shard& shard_;
  socket_type socket_;
  std::optional<request_parser> parser_;
  http_exchange_ptr current_; ///< Being parsed.
  http_exchange_ptr first_;   ///< Oldest unanswered.
  http_exchange* last_ = nullptr;
  std::size_t waiting_ = 0;     ///< Length of that list.
  std::size_t header_size_ = 0; ///< Of the request being parsed, so far.
  std::string pending_;         ///< Read and not yet parsed.
  std::string out_;             ///< Formatted and not yet taken by the socket.
  std::size_t out_offset_ = 0;
  std::size_t discarded_ = 0;
  std::int64_t idle_since_ms_ = 0;
  std::int64_t read_due_ms_ = 0; ///< 0: no request is being received.
  std::int64_t write_due_ms_ = 0;
  std::int64_t linger_due_ms_ = 0;
  bool refused_ = false;      ///< Over the limit: told so and closed.
  bool reading_ = false;      ///< A wait is out.
  bool writing_ = false;      ///< `out_` waits for room.
  bool end_of_input_ = false; ///< The caller sends nothing more.
  bool last_request_ = false; ///< Nothing more is parsed; closed once the list is empty.
  bool owes_continue_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

/// One io thread and its connections.
class shard {
public:
  shard(const server_options& o, request_handler& h, std::shared_ptr<server_core::totals> totals)
      : options(o), handler(h), core(std::make_shared<server_core>(std::move(totals))),
        scratch(scratch_size, '\0'), timer_(core->context) {
    core->owner = this;
  }

  void run() {
    current_shard = this;
    schedule_sweep();
    core->context.run();
    current_shard = nullptr;
  }

  void adopt(socket_type socket, bool refused) {
    error_code ignored; // A peer that has gone already is seen at the first read.
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    auto c = std::make_shared<connection>(*this, std::move(socket), refused);
    c->index = connections.size();
    connections.push_back(c);
    c->start();
    finish_turn();
  }

  void remove(connection& c) {
    auto keep = connections[c.index];
    connections[c.index] = connections.back();
    connections[c.index]->index = c.index;
    connections.pop_back();
    if (!c.refused_)
      core->counts->connections_now.fetch_sub(1, std::memory_order_relaxed);
    else
      --refused_now;
    // Held until the turn ends: the caller may stand inside one of its functions.
    removed.push_back(std::move(keep));
  }

  void touch(connection& c) {
    if (c.touched)
      return;
    c.touched = true;
    touched.push_back(c.shared_from_this());
  }

  /// Delivers what was answered on this thread and writes; ends each entry from the loop.
  void finish_turn() {
    while (!local_answers.empty() || !touched.empty()) {
      auto answers = std::exchange(local_answers, {});
      for (auto& exchange : answers)
        deliver(*exchange);
      auto connections_to_flush = std::exchange(touched, {});
      for (auto& c : connections_to_flush) {
        c->touched = false;
        c->flush();
      }
    }
    removed.clear();
  }

  void deliver(http_exchange& exchange) {
    exchange.ready_ = true;
    if (exchange.connection_)
      touch(*exchange.connection_);
  }

  /// On the io thread: takes what other threads have answered since.
  void take_answers() {
    std::vector<http_exchange_ptr> batch;
    {
      const std::lock_guard lock(core->mutex);
      batch.swap(core->answered);
    }
    for (auto& exchange : batch)
      deliver(*exchange);
    finish_turn();
  }

  /// Ends an exchange whose caller waited too long. True where it was still open.
  bool time_out(http_exchange& exchange) {
    if (!end(exchange))
      return false;
    count(core->counts->timed_out);
    exchange.response_ = handler.timed_out(exchange);
    return true;
  }

  /// True where nobody has answered it yet; then the caller must.
  static bool end(http_exchange& exchange) {
    if (exchange.answered_.exchange(true, std::memory_order_acq_rel))
      return false;
    release(exchange);
    return true;
  }

  static void release(http_exchange& exchange) {
    if (std::exchange(exchange.counted_, false))
      exchange.core_->counts->in_flight_now.fetch_sub(1, std::memory_order_relaxed);
  }

  void schedule_sweep() {
    timer_.expires_after(std::chrono::milliseconds(options.sweep_interval_ms));
    timer_.async_wait([this](const error_code& ec) {
      if (ec)
        return;
      sweep();
      schedule_sweep();
    });
  }

  void sweep() {
    const auto now = steady_ms();
    const auto all = connections; // Closing one changes the list.
    for (const auto& c : all)
      c->sweep(now);
    // Requests whose caller has gone still count as load until they end or their time is up.
    std::erase_if(orphans, [&](const http_exchange_ptr& exchange) {
      if (exchange->answered_.load(std::memory_order_acquire))
        return true;
      if (now < exchange->due_ms_)
        return false;
      time_out(*exchange);
      return true;
    });
    finish_turn();
  }

  void drain() {
    draining = true;
    const auto all = connections;
    for (const auto& c : all)
      c->drain();
    finish_turn();
  }

  /// Whoever still waits is told that the server stops.
  void answer_all() {
    const auto all = connections;
    for (const auto& c : all)
      c->reject_pending();
    finish_turn();
  }

  void close_all() {
    const auto all = connections;
    for (const auto& c : all)
      c->close();
    finish_turn();
    orphans.clear();
  }

  const std::string& date_line() {
    const auto now = std::time(nullptr);
    if (now != date_at_) {
      date_at_ = now;
      std::tm parts{};
      gmtime_r(&now, &parts);
      // Not strftime's %a and %b: those follow the locale.
      constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
      const auto two = [](int n) {
        return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
      };
      date_line_ = std::string("date: ") + days.at(static_cast<std::size_t>(parts.tm_wday)) + ", " +
                   two(parts.tm_mday) + ' ' + months.at(static_cast<std::size_t>(parts.tm_mon)) +
                   ' ' + std::to_string(parts.tm_year + 1900) + ' ' + two(parts.tm_hour) + ':' +
                   two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT\r\n";
    }
    return date_line_;
  }

  const server_options& options;
  request_handler& handler;
  std::shared_ptr<server_core> core;
  std::vector<std::shared_ptr<connection>> connections;
  std::vector<std::shared_ptr<connection>> touched;
  std::vector<std::shared_ptr<connection>> removed;
  std::vector<http_exchange_ptr> local_answers;
  std::vector<http_exchange_ptr> orphans;
  std::size_t refused_now = 0;
  bool draining = false;
  std::string scratch; ///< Input of whichever connection is being read.
  std::string output;  ///< Output of whichever connection is being written.

private:
  timer_type timer_;
  std::string date_line_;
  std::time_t date_at_ = 0;
};

void connection::start() {
  idle_since_ms_ = steady_ms();
  wait_readable();
}

bool connection::may_parse() const {
  return !last_request_ && !writing_ && !closed_ && waiting_ < shard_.options.pipeline_max;
}

void connection::wait_readable() {
  if (reading_ || closed_ || end_of_input_)
    return;
  reading_ = true;
  // A readiness wait instead of a read: an idle connection then owns no buffer.
  socket_.async_wait(socket_type::wait_read, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    self->on_readable(ec);
    owner.finish_turn();
  });
}

void connection::wait_writable() {
  socket_.async_wait(socket_type::wait_write, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    self->on_writable(ec);
    owner.finish_turn();
  });
}

void connection::on_readable(const error_code& wait_error) {
  reading_ = false;
  if (closed_)
    return;
  if (wait_error)
    return close();
  auto& scratch = shard_.scratch;
  const auto kept = lingering_ ? 0 : pending_.size();
  if (kept >= scratch.size())
    return close(); // Cannot happen: parsing stops long before.
  std::copy_n(pending_.data(), kept, scratch.data());
  error_code ec;
  const auto size =
      socket_.read_some(asio::buffer(scratch.data() + kept, scratch.size() - kept), ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again)
    return wait_readable();
  if (ec == asio::error::eof) {
    end_of_input_ = true;
    // A caller may close its sending side and still wait for its answers.
    if (lingering_ || (waiting_ == 0 && !writing_))
      return close();
    last_request_ = true;
    current_.reset();
    parser_.reset();
    read_due_ms_ = 0;
    return;
  }
  if (ec)
    return close();
  if (lingering_) {
    discarded_ += size;
    if (discarded_ > shard_.options.linger_size_max)
      return close();
    return wait_readable();
  }
  if (refused_) {
    if (!last_request_) {
      auto r = problem(503, "Too many connections are open; try again shortly.", 1);
      r.close = true;
      auto exchange = std::make_shared<http_exchange>();
      exchange->response_ = std::move(r);
      last_request_ = true;
      queue(std::move(exchange));
    }
    return;
  }
  parse(scratch.data(), kept + size);
}

void connection::resume() {
  if (!may_parse())
    return;
  if (pending_.empty())
    return wait_readable();
  const auto bytes = std::exchange(pending_, {});
  parse(bytes.data(), bytes.size());
}

void connection::parse(const char* data, std::size_t size) {
  while (size > 0 && may_parse()) {
    if (!current_) {
      // One empty line before a request is forgiven (RFC 9112, 2.2).
      if (size == 1 && data[0] == '\r')
        break;
      if (size >= 2 && data[0] == '\r' && data[1] == '\n') {
        data += 2;
        size -= 2;
        if (size == 0)
          break;
      }
      current_ = shard_.handler.make_exchange();
      parser_.emplace(current_->request, shard_.options);
      header_size_ = 0;
      read_due_ms_ = steady_ms() + shard_.options.read_timeout_ms;
    }
    beast::error_code ec;
    const bool in_header = !parser_->is_header_done();
    parser_->window(data, size);
    const auto consumed = parser_->put(asio::const_buffer(data, size), ec);
    if (ec == beast::http::error::bad_version && !has_version({data, size}))
      ec = beast::http::error::bad_line_ending;
    if (in_header && !parser_->is_header_done())
      header_size_ += consumed;
    data += consumed;
    size -= consumed;
    if (ec == beast::http::error::need_more) {
      // Beast's limit counts from where it stands; this one from the first byte, and for a chunk's
      // header and the trailers too.
      if (header_size_ + size > shard_.options.header_size_max)
        ec = beast::http::error::header_limit;
      else
        break;
    }
    if (ec) {
      refuse(ec);
      size = 0;
      break;
    }
    if (parser_->is_done())
      dispatch();
  }
  pending_.assign(data, size);
  if (pending_.empty() && pending_.capacity() > 512)
    pending_.shrink_to_fit();
  if (current_ && parser_ && parser_->is_header_done() && parser_->expects_continue) {
    parser_->expects_continue = false;
    owes_continue_ = current_->request.body.empty();
    shard_.touch(*this);
  }
  if (may_parse())
    wait_readable();
}

void connection::dispatch() {
  auto exchange = std::exchange(current_, nullptr);
  exchange->keep_alive_ = parser_->keep_alive();
  exchange->http_1_0_ = !parser_->http_1_1;
  exchange->head_ = exchange->request.method == "HEAD";
  parser_.reset();
  read_due_ms_ = 0;
  owes_continue_ = false;
  auto& counts = *shard_.core->counts;
  count(counts.requests);
  if (!exchange->keep_alive_)
    last_request_ = true;
  exchange->core_ = shard_.core;
  if (shard_.draining) {
    exchange->response_ = shard_.handler.request_handler::stopping(*exchange);
    exchange->answered_.store(true, std::memory_order_relaxed);
    exchange->ready_ = true;
    return queue(std::move(exchange));
  }
  if (counts.in_flight_now.fetch_add(1, std::memory_order_relaxed) >=
      shard_.options.in_flight_max) {
    counts.in_flight_now.fetch_sub(1, std::memory_order_relaxed);
    count(counts.overloaded);
    exchange->response_ = problem(503, "Too many requests are in flight; try again shortly.", 1);
    exchange->answered_.store(true, std::memory_order_relaxed);
    exchange->ready_ = true;
    return queue(std::move(exchange));
  }
  exchange->counted_ = true;
  exchange->due_ms_ = steady_ms() + shard_.options.request_timeout_ms;
  queue(exchange);
  shard_.handler.handle(std::move(exchange));
}

void connection::queue(http_exchange_ptr exchange) {
  exchange->connection_ = this;
  ++waiting_;
  auto* raw = exchange.get();
  if (last_)
    last_->next_ = std::move(exchange);
  else
    first_ = std::move(exchange);
  last_ = raw;
  if (raw->ready_ || refused_) {
    raw->ready_ = true;
    shard_.touch(*this);
  }
}

void connection::refuse(const beast::error_code& ec) {
  using beast::http::error;
  if (parser_->refusal)
    return refuse(parser_->refusal_status, parser_->refusal);
  if (ec == error::header_limit)
    return refuse(431, "The request's headers are too large.");
  if (ec == error::body_limit)
    return refuse(413, "The request body is larger than " +
                           std::to_string(shard_.options.body_size_max) + " bytes.");
  if (ec == error::bad_version)
    return refuse(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
  if (ec == error::bad_content_length || ec == error::bad_transfer_encoding)
    return refuse(400, "The length of the request body is given in contradicting ways.");
  refuse(400, "The request is not valid HTTP.");
}

void connection::refuse(std::uint16_t status, std::string_view message) {
  count(shard_.core->counts->malformed);
  auto exchange = std::make_shared<http_exchange>();
  exchange->response_ = problem(status, message);
  exchange->response_.close = true;
  exchange->head_ = current_ && current_->request.method == "HEAD";
  exchange->ready_ = true;
  current_.reset();
  parser_.reset();
  read_due_ms_ = 0;
  owes_continue_ = false;
  last_request_ = true;
  pending_.clear();
  queue(std::move(exchange));
}

void connection::format(std::string& out, http_exchange& exchange) {
  auto& r = exchange.response_;
  const bool close =
      r.close || !exchange.keep_alive_ || (!first_ && (shard_.draining || end_of_input_));
  if (close)
    last_request_ = true;
  out += "HTTP/1.1 ";
  append_number(out, r.status);
  out += ' ';
  out += reason_phrase(r.status);
  out += "\r\n";
  if (!r.body.empty()) {
    out += "content-type: ";
    out += r.content_type;
    out += "\r\n";
  }
  out += r.headers;
  if (close)
    out += "connection: close\r\n";
  else if (exchange.http_1_0_)
    out += "connection: keep-alive\r\n";
  out += shard_.date_line();
  out += "content-length: ";
  append_number(out, r.body.size());
  out += "\r\n\r\n";
  if (!exchange.head_)
    out += r.body;
  const auto group = std::min<std::size_t>(r.status / 100, 5);
  count(shard_.core->counts->answers.at(group));
}

void connection::flush() {
  if (closed_ || lingering_ || writing_)
    return;
  auto& out = shard_.output;
  out.clear();
  bool ended = false;
  while (first_ && first_->ready_ && !ended) {
    auto exchange = std::move(first_);
    first_ = std::move(exchange->next_);
    if (!first_)
      last_ = nullptr;
    --waiting_;
    exchange->connection_ = nullptr;
    format(out, *exchange);
    // Requests behind one that ends the connection are not answered; the caller repeats them.
    ended = exchange->response_.close || !exchange->keep_alive_;
  }
  if (owes_continue_ && !first_ && !ended) {
    owes_continue_ = false;
    out += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!out.empty())
    send(out);
  if (closed_ || writing_) {
    last_request_ = last_request_ || ended;
    return;
  }
  if (ended || (last_request_ && !first_))
    return linger();
  if (!first_ && !current_)
    idle_since_ms_ = steady_ms();
  resume();
}

void connection::send(std::string& out) {
  error_code ec;
  const auto sent = socket_.write_some(asio::buffer(out), ec);
  if (ec && ec != asio::error::would_block && ec != asio::error::try_again)
    return close();
  if (!ec && sent == out.size()) {
    if (out.capacity() > 4 * scratch_size)
      out = std::string();
    return;
  }
  out_.assign(out, ec ? 0 : sent);
  out_offset_ = 0;
  writing_ = true;
  write_due_ms_ = steady_ms() + shard_.options.write_timeout_ms;
  wait_writable();
}

void connection::on_writable(const error_code& wait_error) {
  if (closed_)
    return;
  if (wait_error)
    return close();
  error_code ec;
  const auto sent =
      socket_.write_some(asio::buffer(out_.data() + out_offset_, out_.size() - out_offset_), ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again)
    return wait_writable();
  if (ec)
    return close();
  out_offset_ += sent;
  if (out_offset_ < out_.size())
    return wait_writable();
  out_ = std::string();
  writing_ = false;
  write_due_ms_ = 0;
  shard_.touch(*this);
}

void connection::linger() {
  // Closing at once with unread input would reset the connection, and the caller could lose the
  // answer; so what it still sends is read and dropped for a while.
  pending_ = std::string();
  current_.reset();
  parser_.reset();
  read_due_ms_ = 0;
  error_code ec;
  socket_.shutdown(socket_type::shutdown_send, ec);
  if (ec || end_of_input_)
    return close();
  lingering_ = true;
  linger_due_ms_ = steady_ms() + shard_.options.linger_ms;
  wait_readable();
}

void connection::sweep(std::int64_t now) {
  if (closed_)
    return;
  if (lingering_) {
    if (now >= linger_due_ms_)
      close();
    return;
  }
  if (writing_ && now >= write_due_ms_) {
    count(shard_.core->counts->slow_clients);
    return close();
  }
  for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get())
    if (exchange->due_ms_ != 0 && now >= exchange->due_ms_ && shard_.time_out(*exchange))
      shard_.deliver(*exchange);
  if (read_due_ms_ != 0 && now >= read_due_ms_) {
    count(shard_.core->counts->slow_clients);
    refuse(408, "The request did not arrive in time.");
    return;
  }
  const auto idle_max = refused_ ? shard_.options.linger_ms : shard_.options.idle_timeout_ms;
  if (!first_ && !current_ && !writing_ && now - idle_since_ms_ >= idle_max)
    close();
}

void connection::drain() {
  if (first_ || writing_ || lingering_ || closed_)
    return;
  if (current_)
    refuse(503, "The hub is shutting down; try again shortly.");
  else
    linger();
}

void connection::reject_pending() {
  for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get())
    if (shard::end(*exchange)) {
      exchange->response_ = shard_.handler.stopping(*exchange);
      shard_.deliver(*exchange);
    }
}

void connection::close() {
  if (std::exchange(closed_, true))
    return;
  error_code ignored; // Nothing can be done about a socket that will not close.
  socket_.close(ignored);
  for (auto exchange = std::move(first_); exchange;) {
    auto next = std::move(exchange->next_);
    exchange->connection_ = nullptr;
    if (!exchange->answered_.load(std::memory_order_acquire))
      shard_.orphans.push_back(std::move(exchange));
    exchange = std::move(next);
  }
  last_ = nullptr;
  waiting_ = 0;
  shard_.remove(*this);
}

} // namespace detail

http_exchange::~http_exchange() = default;

void http_exchange::wait_at_least(std::int64_t ms) {
  due_ms_ = std::max(due_ms_, steady_ms() + ms);
}

bool http_exchange::answer(http_response response) {
  if (answered_.exchange(true, std::memory_order_acq_rel))
    return false;
  response_ = std::move(response);
  if (!core_) // Not from a server: a test's.
    return true;
  detail::shard::release(*this);
  if (detail::current_shard && detail::current_shard->core == core_) {
    detail::current_shard->local_answers.push_back(shared_from_this());
    return true;
  }
  bool first = false;
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->closed)
      return true;
    first = core_->answered.empty();
    core_->answered.push_back(shared_from_this());
  }
  // One wake-up for all the answers that come before the io thread takes them.
  if (first) {
    auto* core = core_.get();
    asio::post(core->context, [core] {
      if (core->owner)
        core->owner->take_answers();
    });
  }
  return true;
}

struct server::impl {
  impl(server_options o, request_handler& h) : options(std::move(o)), handler(h) {}

  result<void> listen() {
    constexpr auto where = "http.listen";
    error_code ec;
    const auto address =
        asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, ec);
    if (ec)
      return fail({error_kind::invalid, where, "not an IP address: " + options.host});
    const tcp::endpoint endpoint(address, options.port);
    auto& a = acceptor.emplace(shards.front()->core->context);
    const auto refused = [&](const char* step) {
      return fail({error_kind::unavailable, where,
                   std::string(step) + " " + options.host + ":" + std::to_string(options.port) +
                       ": " + ec.message()});
    };
    a.open(endpoint.protocol(), ec);
    if (ec)
      return refused("cannot open");
    a.set_option(tcp::acceptor::reuse_address(true), ec);
    if (ec)
      return refused("cannot configure");
    a.bind(endpoint, ec);
    if (ec)
      return refused("cannot bind");
    a.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
      return refused("cannot listen on");
    const auto local = a.local_endpoint(ec);
    if (ec)
      return refused("cannot read the port of");
    port = local.port();
    return {};
  }

  /// On the first shard's thread, as everything about accepting.
  void accept() {
    if (!acceptor || !acceptor->is_open())
      return;
    auto& target = *shards[next_shard];
    next_shard = (next_shard + 1) % shards.size();
    acceptor->async_accept(target.core->context, [this, &target](error_code ec, socket_type s) {
      if (ec == asio::error::operation_aborted)
        return;
      if (!ec) {
        admit(target, std::move(s));
        return accept();
      }
      // Out of descriptors or memory: wait instead of spinning.
      pause.emplace(shards.front()->core->context);
      pause->expires_after(std::chrono::milliseconds(100));
      pause->async_wait([this](const error_code& e) {
        if (!e)
          accept();
      });
    });
  }

  void admit(detail::shard& target, socket_type s) {
    detail::count(totals->connections);
    bool refused = false;
    if (totals->connections_now.fetch_add(1, std::memory_order_relaxed) >=
        options.connections_max) {
      totals->connections_now.fetch_sub(1, std::memory_order_relaxed);
      detail::count(totals->connections_refused);
      refused = true;
    }
    const auto place = [refused, &target](socket_type socket) {
      if (refused && target.refused_now >= refused_connections_max)
        return;
      if (refused)
        ++target.refused_now;
      target.adopt(std::move(socket), refused);
    };
    if (&target == shards.front().get())
      return place(std::move(s));
    asio::post(target.core->context,
               [place, socket = std::move(s)]() mutable { place(std::move(socket)); });
  }

  void on_each(void (detail::shard::*act)()) {
    for (auto& s : shards)
      asio::post(s->core->context, [raw = s.get(), act] { (raw->*act)(); });
  }

  /// Runs `ask` on each io thread and adds up what it returns.
  template <class Ask>
  std::size_t sum(Ask ask) {
    struct reply {
      std::mutex mutex;
      std::condition_variable arrived;
      std::size_t total = 0, missing = 0;
    } r;
    r.missing = shards.size();
    for (auto& s : shards)
      asio::post(s->core->context, [raw = s.get(), &r, ask] {
        const auto n = ask(*raw);
        const std::lock_guard lock(r.mutex);
        r.total += n;
        --r.missing;
        r.arrived.notify_one();
      });
    std::unique_lock lock(r.mutex);
    r.arrived.wait(lock, [&] { return r.missing == 0; });
    return r.total;
  }

  server_options options;
  request_handler& handler;
  std::shared_ptr<detail::server_core::totals> totals =
      std::make_shared<detail::server_core::totals>();
  std::vector<std::unique_ptr<detail::shard>> shards;
  std::optional<acceptor_type> acceptor;
  std::optional<timer_type> pause;
  std::size_t next_shard = 0;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  bool stopped = false;
};

server::server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

server::~server() {
  stop(0);
}

result<std::unique_ptr<server>> server::start(server_options options, request_handler& handler) {
  if (options.threads == 0 || options.threads > 256)
    return fail({error_kind::invalid, "http.listen", "threads must be 1 to 256"});
  if (options.header_size_max < 1024 || options.header_size_max > scratch_size / 2)
    return fail({error_kind::invalid, "http.listen", "header_size_max must be 1 KiB to 32 KiB"});
  auto i = std::make_unique<impl>(std::move(options), handler);
  for (unsigned n = 0; n < i->options.threads; ++n)
    i->shards.push_back(std::make_unique<detail::shard>(i->options, handler, i->totals));
  if (auto listening = i->listen(); !listening)
    return listening.failure();
  asio::post(i->shards.front()->core->context, [raw = i.get()] { raw->accept(); });
  for (auto& s : i->shards)
    i->threads.emplace_back([raw = s.get()] { raw->run(); });
  return std::unique_ptr<server>(new server(std::move(i)));
}

std::uint16_t server::port() const {
  return impl_->port;
}

server_metrics server::metrics() const {
  const auto& t = *impl_->totals;
  const auto read = [](const std::atomic<std::uint64_t>& n) {
    return n.load(std::memory_order_relaxed);
  };
  server_metrics c;
  c.connections = read(t.connections);
  c.connections_now = read(t.connections_now);
  c.connections_refused = read(t.connections_refused);
  c.requests = read(t.requests);
  c.in_flight_now = read(t.in_flight_now);
  c.overloaded = read(t.overloaded);
  c.malformed = read(t.malformed);
  c.timed_out = read(t.timed_out);
  c.slow_clients = read(t.slow_clients);
  c.answers_2xx = read(t.answers[2]);
  c.answers_3xx = read(t.answers[3]);
  c.answers_4xx = read(t.answers[4]);
  c.answers_5xx = read(t.answers[5]);
  return c;
}

void server::drain() {
  if (impl_->stopped)
    return;
  asio::post(impl_->shards.front()->core->context, [i = impl_.get()] {
    error_code ignored;
    if (i->acceptor)
      i->acceptor->close(ignored);
    if (i->pause)
      i->pause->cancel();
  });
  impl_->on_each(&detail::shard::drain);
}

void server::stop(std::int64_t grace_ms) {
  if (std::exchange(impl_->stopped, true))
    return;
  impl_->stopped = false;
  drain();
  impl_->stopped = true;
  const auto wait = [&](std::int64_t ms) {
    const auto until = steady_ms() + ms;
    while (impl_->sum([](detail::shard& s) {
      return static_cast<std::size_t>(std::count_if(s.connections.begin(), s.connections.end(),
                                                    [](const auto& c) { return !c->settled(); }));
    }) > 0 &&
           steady_ms() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  const auto on_all = [&](void (detail::shard::*act)()) {
    impl_->sum([act](detail::shard& s) {
      (s.*act)();
      return std::size_t{0};
    });
  };
  wait(grace_ms);
  on_all(&detail::shard::answer_all);
  wait(farewell_ms);
  on_all(&detail::shard::close_all);
  for (auto& s : impl_->shards) {
    {
      const std::lock_guard lock(s->core->mutex);
      s->core->closed = true;
      s->core->answered.clear();
    }
    s->core->context.stop();
  }
  for (auto& t : impl_->threads)
    t.join();
  for (auto& s : impl_->shards)
    s->core->owner = nullptr;
}

} // namespace orderhub::http_gateway
