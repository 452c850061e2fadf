#include "providers/transport/curl_transport.hpp"

#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace orderhub::providers {

namespace {

using steady = std::chrono::steady_clock;

/// Longest nap of the loop, milliseconds; work and time-outs of libcurl end it earlier.
constexpr int nap_max_ms = 10'000;
/// An idle connection older than this is not used again, seconds. Servers close theirs at about a
/// minute, and a request on a dying connection is doubt.
constexpr long idle_max_s = 50;
constexpr std::size_t header_count_max = 256;

enum class url_kind { secure, loopback, refused };

/// What may be asked for: any `https://`, and `http://` where the bytes stay on this machine.
url_kind judge(std::string_view url) {
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return url_kind::refused;
  if (starts_with_ignoring_case(url, "https://"))
    return url_kind::secure;
  constexpr std::string_view plain = "http://";
  if (!starts_with_ignoring_case(url, plain))
    return url_kind::refused;
  url.remove_prefix(plain.size());
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  std::string_view host = authority;
  if (host.starts_with('['))
    host = host.substr(0, host.find(']') == std::string_view::npos ? 0 : host.find(']') + 1);
  else
    host = host.substr(0, host.find(':'));
  std::string_view port = authority.substr(host.size());
  if (!port.empty()) {
    port.remove_prefix(1);
    if (authority[host.size()] != ':' || port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos)
      return url_kind::refused;
  }
  return is_loopback_name(host) ? url_kind::loopback : url_kind::refused;
}

bool is_header_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// libcurl's process-wide state, made before the first handle and kept until the process ends.
void initialise_libcurl() {
  static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (outcome != CURLE_OK)
    throw std::runtime_error("libcurl could not be initialised");
}

/// Every option below exists in the libcurl we ask for, so a refusal is lack of memory or a bug.
template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error("libcurl refused an option");
}

const char* reason_of(CURLcode code) {
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return "host name not resolved";
  case CURLE_COULDNT_CONNECT:
    return "connection refused or unreachable";
  case CURLE_OPERATION_TIMEDOUT:
    return "deadline passed";
  case CURLE_SSL_CONNECT_ERROR:
    return "TLS handshake failed";
  case CURLE_PEER_FAILED_VERIFICATION:
    return "TLS certificate not trusted";
  case CURLE_GOT_NOTHING:
    return "connection closed without an answer";
  case CURLE_PARTIAL_FILE:
    return "answer cut short";
  case CURLE_SEND_ERROR:
    return "connection broke while sending";
  case CURLE_RECV_ERROR:
    return "connection broke while receiving";
  case CURLE_SEND_FAIL_REWIND:
  case CURLE_ABORTED_BY_CALLBACK:
    return "reused connection died";
  case CURLE_URL_MALFORMAT:
    return "URL not usable";
  case CURLE_UNSUPPORTED_PROTOCOL: // HTTP/0.9; the URL's own scheme was judged before.
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
    return "answer is not HTTP";
  case CURLE_OUT_OF_MEMORY:
    return "out of memory";
  default:
    return "transfer failed";
  }
}

/// The sockets that libcurl waits for, and when it wants to be called without any. Ready ones are
/// handed to libcurl one by one: `curl_multi_perform` would look at every call on the wire each
/// time, which costs more than the calls themselves where two hundred are out.
class sockets {
public:
  explicit sockets(CURLM* multi) : multi_(multi) {
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0)
      throw std::runtime_error("no event descriptor");
    polled_.push_back({wake_, POLLIN, 0});
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }
  ~sockets() { ::close(wake_); }
  sockets(const sockets&) = delete;
  sockets& operator=(const sockets&) = delete;

  /// Ends the wait that runs or comes next. Any thread may.
  void wake() const {
    const std::uint64_t one = 1;
    // It fails only where the counter is full, and then the wait ends too.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }

  /// Lets libcurl do what is due by time; new calls are.
  [[nodiscard]] CURLMcode run_timer() {
    if (!due_ || steady::now() < *due_)
      return CURLM_OK;
    due_.reset();
    return act(CURL_SOCKET_TIMEOUT, 0);
  }

  /// Waits for the sockets, at most until the timer or `most_ms`, and lets libcurl serve those that
  /// are ready.
  [[nodiscard]] CURLMcode wait(std::int64_t most_ms) {
    if (due_) {
      const auto left = *due_ - steady::now();
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      most_ms = std::clamp<std::int64_t>(ms, 0, most_ms);
    }
    const int ready = ::poll(polled_.data(), polled_.size(), static_cast<int>(most_ms));
    if (ready <= 0)
      return CURLM_OK; // Time, or a signal; the caller comes again.
    ready_.clear();
    for (const auto& p : polled_)
      if (p.revents != 0)
        ready_.push_back(p);
    for (const auto& p : ready_) {
      if (p.fd == wake_) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto size = ::read(wake_, &count, sizeof count);
        continue;
      }
      // Serving one may have closed another, and its number may belong to a new one: that one is
      // asked whether it is ready, and is not.
      if (place_of(p.fd) == nothing)
        continue;
      const int mask = ((p.revents & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                       ((p.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((p.revents & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0);
      if (const auto code = act(p.fd, mask); code != CURLM_OK)
        return code;
    }
    return CURLM_OK;
  }

private:
  static constexpr std::size_t nothing = 0; ///< The place of `wake_`, so of no socket.

  CURLMcode act(curl_socket_t fd, int mask) {
    int running = 0;
    return curl_multi_socket_action(multi_, fd, mask, &running);
  }
  [[nodiscard]] std::size_t place_of(curl_socket_t fd) const {
    const auto n = static_cast<std::size_t>(fd);
    return n < places_.size() ? places_[n] : nothing;
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
    auto& s = *static_cast<sockets*>(user);
    const auto n = static_cast<std::size_t>(fd);
    const auto place = s.place_of(fd);
    if (what == CURL_POLL_REMOVE) {
      if (place == nothing)
        return 0;
      s.polled_[place] = s.polled_.back();
      s.places_[static_cast<std::size_t>(s.polled_[place].fd)] = place;
      s.polled_.pop_back();
      s.places_[n] = nothing;
      return 0;
    }
    const auto events = static_cast<short>(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) |
                                           ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    if (place != nothing) {
      s.polled_[place].events = events;
      return 0;
    }
    if (n >= s.places_.size())
      s.places_.resize(n + 1, nothing);
    s.places_[n] = s.polled_.size();
    s.polled_.push_back({fd, events, 0});
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* user) {
    auto& s = *static_cast<sockets*>(user);
    if (timeout_ms < 0)
      s.due_.reset();
    else
      s.due_ = steady::now() + std::chrono::milliseconds(timeout_ms);
    return 0;
  }

  CURLM* multi_;
  int wake_ = -1;
  std::vector<pollfd> polled_;
  std::vector<pollfd> ready_;
  std::vector<std::size_t> places_; ///< In `polled_`, by descriptor.
  std::optional<steady::time_point> due_;
};

struct slist_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using slist = std::unique_ptr<curl_slist, slist_deleter>;

struct queued_call {
  wire_request request;
  transport::callback done;
  steady::time_point due;
};

/// One easy handle with everything its current call needs. Reused from a free list; its address is
/// libcurl's user pointer, so it never moves.
struct slot {
  CURL* easy = nullptr;
  std::size_t index = 0; ///< Among the slots on the wire.
  wire_request request;
  transport::callback done;
  slist headers;
  std::size_t body_sent = 0;
  transport_outcome outcome;
  std::size_t answer_size = 0;
  std::size_t answer_size_max = 0;
  unsigned starts = 0;     ///< How often libcurl was about to write the request.
  bool may_resend = false; ///< GET only.
  bool too_large = false;

  slot() = default;
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;
  ~slot() {
    if (easy)
      curl_easy_cleanup(easy);
  }
};

/// Connected (TLS included), and the next thing is the first byte of the request.
int on_start(void* user, char*, char*, int, int) {
  auto& s = *static_cast<slot*>(user);
  if (++s.starts > 1 && !s.may_resend)
    return CURL_PREREQFUNC_ABORT;
  s.body_sent = 0;
  return CURL_PREREQFUNC_OK;
}

std::size_t on_body_wanted(char* out, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<slot*>(user);
  const std::size_t n = std::min(size * count, s.request.body.size() - s.body_sent);
  std::memcpy(out, s.request.body.data() + s.body_sent, n);
  s.body_sent += n;
  return n;
}

bool fits(slot& s, std::size_t n) {
  s.answer_size += n;
  s.too_large = s.too_large || s.answer_size > s.answer_size_max;
  return !s.too_large;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<slot*>(user);
  const std::size_t n = size * count;
  auto& response = s.outcome.response;
  std::string_view line(data, n);
  if (line.starts_with("HTTP/")) { // Also after an interim 1xx, whose headers do not count.
    response.headers.clear();
    response.body.clear();
    return fits(s, n) ? n : 0;
  }
  while (!line.empty() &&
         (line.back() == '\r' || line.back() == '\n' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  const auto colon = line.find(':');
  if (!fits(s, n) || response.headers.size() >= header_count_max) {
    s.too_large = true;
    return 0;
  }
  if (colon == std::string_view::npos || colon == 0)
    return n;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  auto& [name, text] = response.headers.emplace_back(line.substr(0, colon), value);
  std::transform(name.begin(), name.end(), name.begin(), lower_ascii);
  if (name == "content-length") {
    std::size_t length = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc{} &&
        length <= s.answer_size_max)
      response.body.reserve(length);
  }
  return n;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& s = *static_cast<slot*>(user);
  const std::size_t n = size * count;
  if (!fits(s, n))
    return 0;
  s.outcome.response.body.append(data, n);
  return n;
}

transport_outcome outcome_of(outcome_kind what, const char* reason) {
  transport_outcome outcome;
  outcome.kind = what;
  outcome.reason = reason;
  return outcome;
}

} // namespace

class curl_transport::loop {
public:
  explicit loop(curl_transport_options options) : options_(std::move(options)) {
    initialise_libcurl();
    multi_ = curl_multi_init();
    if (!multi_)
      throw std::runtime_error("libcurl could not make a multi handle");
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    // Without it libcurl keeps four connections per handle and closes the rest after each burst.
    curl_multi_setopt(
        multi_, CURLMOPT_MAXCONNECTS,
        static_cast<long>(std::min<std::size_t>(options_.in_flight_max + 16, 100'000)));
    // Signals belong to the program's main thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      sockets_.emplace(multi_);
      thread_ = std::thread([this] { run(); });
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      curl_multi_cleanup(multi_);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~loop() {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    sockets_->wake();
    thread_.join();
    idle_.clear();
    curl_multi_cleanup(multi_);
  }

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  void send(wire_request request, callback done) {
    const auto due = steady::now() + std::chrono::milliseconds(request.deadline_ms);
    bool wake = false;
    {
      const std::lock_guard guard(mutex_);
      // A refused call keeps only its callback; the loop's next turn, which is due at once, runs
      // it.
      if (queued_ >= options_.queue_max) {
        refused_.push_back(std::move(done));
      } else {
        incoming_.push_back({std::move(request), std::move(done), due});
        ++queued_;
      }
      wake = std::exchange(asleep_, false);
    }
    if (wake)
      sockets_->wake();
  }

private:
  void run() {
    while (take_submitted()) {
      start_waiting();
      check(sockets_->run_timer());
      if (finish_done()) // There are places to fill.
        continue;
      check(sockets_->wait(may_sleep() ? nap_max_ms : 0));
      finish_done();
      const std::lock_guard guard(mutex_);
      asleep_ = false;
    }
    end_all();
  }

  /// False once the transport is to stop.
  bool take_submitted() {
    {
      const std::lock_guard guard(mutex_);
      if (stopping_)
        return false;
      batch_.swap(incoming_);
      refused_batch_.swap(refused_);
    }
    for (auto& call : batch_)
      waiting_.push_back(std::move(call));
    batch_.clear();
    for (auto& done : refused_batch_)
      done(outcome_of(outcome_kind::not_sent, "queue full"));
    refused_batch_.clear();
    return true;
  }

  bool may_sleep() {
    const std::lock_guard guard(mutex_);
    asleep_ = incoming_.empty() && refused_.empty() && !stopping_;
    return asleep_;
  }

  void start_waiting() {
    std::size_t started = 0;
    while (!waiting_.empty() && active_.size() < options_.in_flight_max) {
      queued_call call = std::move(waiting_.front());
      waiting_.pop_front();
      ++started;
      start(std::move(call));
    }
    if (started == 0)
      return;
    // Before the first of their bytes leaves, and not after the nap that may follow: what is on the
    // wire takes no place from what is to wait.
    const std::lock_guard guard(mutex_);
    queued_ -= started;
  }

  void start(queued_call call) {
    using enum outcome_kind;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(call.due - steady::now()).count();
    if (left <= 0)
      return call.done(outcome_of(not_sent, "deadline passed in the queue"));
    const url_kind kind = judge(call.request.url.reveal());
    if (kind == url_kind::refused)
      return call.done(outcome_of(not_sent, "URL not allowed: https, or http on loopback"));
    if (!are_headers_safe(call.request))
      return call.done(outcome_of(not_sent, "header not sendable"));

    std::unique_ptr<slot> s;
    try {
      s = take_slot();
      s->request = std::move(call.request);
      s->done = std::move(call.done);
      prepare(*s, kind, left);
    } catch (const std::exception&) { // Memory or libcurl; the slot is dropped, nothing was sent.
      auto done = s && s->done ? std::move(s->done) : std::move(call.done);
      return done(outcome_of(not_sent, "no resources for another call"));
    }
    if (curl_multi_add_handle(multi_, s->easy) != CURLM_OK) {
      auto done = std::move(s->done);
      return done(outcome_of(not_sent, "no resources for another call"));
    }
    s->index = active_.size();
    active_.push_back(std::move(s));
  }

  static bool are_headers_safe(const wire_request& request) {
    const bool plain = std::all_of(request.headers.begin(), request.headers.end(), [](auto& h) {
      return is_header_safe(h.first) && is_header_safe(h.second);
    });
    return plain && is_header_safe(request.method) && !request.method.empty() &&
           std::all_of(request.secret_headers.begin(), request.secret_headers.end(), [](auto& h) {
             return is_header_safe(h.first) && is_header_safe(h.second.reveal());
           });
  }

  std::unique_ptr<slot> take_slot() {
    if (!idle_.empty()) {
      auto s = std::move(idle_.back());
      idle_.pop_back();
      return s;
    }
    auto s = std::make_unique<slot>();
    s->easy = curl_easy_init();
    if (!s->easy)
      throw std::runtime_error("libcurl could not make a handle");
    s->answer_size_max = options_.answer_size_max;
    CURL* const easy = s->easy;
    void* const user = s.get();
    set(easy, CURLOPT_PRIVATE, user);
    set(easy, CURLOPT_PREREQFUNCTION, &on_start);
    set(easy, CURLOPT_PREREQDATA, user);
    set(easy, CURLOPT_READFUNCTION, &on_body_wanted);
    set(easy, CURLOPT_READDATA, user);
    set(easy, CURLOPT_HEADERFUNCTION, &on_header);
    set(easy, CURLOPT_HEADERDATA, user);
    set(easy, CURLOPT_WRITEFUNCTION, &on_body);
    set(easy, CURLOPT_WRITEDATA, user);
    // The smallest there is: it is allocated for each call whose body leaves by itself.
    set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16'384L);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_NOPROGRESS, 1L);
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_TCP_NODELAY, 1L);
    set(easy, CURLOPT_MAXAGE_CONN, idle_max_s);
    set(easy, CURLOPT_DNS_CACHE_TIMEOUT, 60L);
    set(easy, CURLOPT_ACCEPT_ENCODING, static_cast<const char*>(nullptr));
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_NOPROXY, "");
    set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    return s;
  }

  void prepare(slot& s, url_kind kind, std::int64_t left_ms) {
    const wire_request& request = s.request;
    CURL* const easy = s.easy;
    const bool is_get = request.method == "GET";
    s.body_sent = 0;
    s.starts = 0;
    s.answer_size = 0;
    s.may_resend = is_get && request.body.empty();
    s.too_large = false;
    s.outcome = {};
    s.outcome.response.headers.reserve(16);

    set(easy, CURLOPT_URL, request.url.reveal().c_str());
    if (!options_.proxy.empty()) // Plain text never leaves this machine, so not to a proxy either.
      set(easy, CURLOPT_PROXY, kind == url_kind::secure ? options_.proxy.reveal().c_str() : "");
    if (s.may_resend)
      set(easy, CURLOPT_HTTPGET, 1L);
    else
      set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_CUSTOMREQUEST,
        s.may_resend || request.method == "POST" ? nullptr : request.method.c_str());
    if (options_.body_with_head && !s.may_resend) // Not copied: `request` outlives the transfer.
      set(easy, CURLOPT_POSTFIELDS, request.body.data());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(s.may_resend ? -1 : static_cast<curl_off_t>(request.body.size())));
    // A call without a body has nothing to rewind: a connection of its own cannot be found dead.
    // The same for what repeats a call whose answer was lost: the one it would reuse may be as
    // dead.
    const bool own = request.fresh_connection || (request.body.empty() && !is_get);
    set(easy, CURLOPT_FRESH_CONNECT, own ? 1L : 0L);
    set(easy, CURLOPT_TIMEOUT_MS,
        static_cast<long>(std::min<std::int64_t>(left_ms, std::numeric_limits<int>::max())));
    set(easy, CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min<std::int64_t>(left_ms, std::numeric_limits<int>::max())));
    s.headers = headers_of(request);
    set(easy, CURLOPT_HTTPHEADER, s.headers.get());
  }

  slist headers_of(const wire_request& request) {
    slist list;
    const auto add = [&](const std::string& name, const std::string& value) {
      line_.assign(name);
      line_.append(value.empty() ? ";" : ": ");
      line_.append(value);
      append(list, line_.c_str());
    };
    append(list, "Expect:");
    for (const auto& [name, value] : request.headers)
      add(name, value);
    for (const auto& [name, value] : request.secret_headers)
      add(name, value.reveal());
    return list;
  }

  static void append(slist& list, const char* line) {
    curl_slist* const longer = curl_slist_append(list.get(), line);
    if (!longer)
      throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
  }

  /// True where a call ended, so that its place can be filled before the next poll.
  bool finish_done() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result; // Dies with `message` when the handle is removed.
      char* user = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
      finish(*reinterpret_cast<slot*>(user), code);
      any = true;
    }
    return any;
  }

  void finish(slot& s, CURLcode code) {
    using enum outcome_kind;
    long status = 0;
    if (code == CURLE_OK)
      curl_easy_getinfo(s.easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= 100 && status <= 599) {
      s.outcome.response.status = static_cast<int>(status);
      s.outcome.kind = response;
    } else if (code == CURLE_OK) {
      s.outcome = outcome_of(lost, "answer is not HTTP");
    } else {
      s.outcome = outcome_of(s.starts == 0 ? not_sent : lost,
                             s.too_large ? "answer too large" : reason_of(code));
    }
    retire(s);
  }

  /// Takes the slot off the wire, runs its callback, and keeps it for the next call.
  void retire(slot& s) {
    curl_multi_remove_handle(multi_, s.easy);
    std::unique_ptr<slot> own = std::move(active_[s.index]);
    if (own->index + 1 != active_.size()) {
      active_[own->index] = std::move(active_.back());
      active_[own->index]->index = own->index;
    }
    active_.pop_back();
    auto done = std::move(own->done);
    auto outcome = std::move(own->outcome);
    own->done = nullptr;
    own->request = {}; // Secrets do not stay in idle handles.
    idle_.push_back(std::move(own));
    done(std::move(outcome));
  }

  void end_all() {
    using enum outcome_kind;
    finish_done(); // Whole answers that are already here stay answers.
    while (!active_.empty()) {
      slot& s = *active_.back();
      s.outcome = outcome_of(s.starts == 0 ? not_sent : lost, "transport stopped");
      retire(s);
    }
    {
      const std::lock_guard guard(mutex_);
      batch_.swap(incoming_);
      refused_batch_.swap(refused_);
    }
    for (auto& call : batch_)
      waiting_.push_back(std::move(call));
    for (auto& call : waiting_)
      call.done(outcome_of(not_sent, "transport stopped"));
    for (auto& done : refused_batch_)
      done(outcome_of(not_sent, "queue full"));
    waiting_.clear();
    batch_.clear();
    refused_batch_.clear();
  }

  /// A multi handle that fails is out of memory or misused; going on would lose callbacks silently.
  static void check(CURLMcode code) {
    if (code != CURLM_OK)
      std::terminate();
  }

  const curl_transport_options options_;
  CURLM* multi_ = nullptr;
  std::optional<sockets> sockets_; ///< Outlives `multi_`, which calls it to its end.

  std::mutex mutex_;
  std::vector<queued_call> incoming_;
  std::vector<callback> refused_;
  std::size_t queued_ = 0; ///< In `incoming_` or `waiting_`.
  bool asleep_ = false;    ///< The loop polls or is about to: a wake-up is needed.
  bool stopping_ = false;

  // The loop's own, untouched by other threads.
  std::vector<queued_call> batch_;
  std::vector<callback> refused_batch_;
  std::deque<queued_call> waiting_;
  std::vector<std::unique_ptr<slot>> active_;
  std::vector<std::unique_ptr<slot>> idle_;
  std::string line_;

  std::thread thread_;
};

curl_transport::curl_transport(curl_transport_options options)
    : loop_(std::make_unique<loop>(std::move(options))) {}

curl_transport::~curl_transport() = default;

void curl_transport::send(wire_request request, callback done) {
  loop_->send(std::move(request), std::move(done));
}

} // namespace orderhub::providers
