#include "providers/transport/curl_transport.hpp"

#include "journal/base/thread_name.hpp"
#include "providers/transport/curl_call.hpp"
#include "providers/transport/curl_sockets.hpp"
#include "providers/transport/host_protocols.hpp"
#include "providers/transport/url_policy.hpp"

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
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace orderhub::providers {

namespace {

using steady = std::chrono::steady_clock;

/// Longest nap of the loop, milliseconds; work and time-outs of libcurl end it earlier.
constexpr int nap_max_ms = 10'000;
/// Longest that a shared connection's answer is held back by libcurl, milliseconds.
constexpr int stalled_max_ms = 20;
/// An idle connection older than this is not used again, seconds. Servers close theirs at about a
/// minute, and a request on a dying connection is doubt.
constexpr long idle_max_s = 50;

/// Connections that are kept however few are used.
constexpr std::size_t kept_min = 8;

/// A shared connection whose peer acknowledges nothing is dropped after so long, and with it all
/// calls that it carries; one that carries calls and says nothing is asked after 10 s.
constexpr unsigned silent_max_ms = 20'000;
constexpr int asked_after_s = 10;
constexpr int asked_every_s = 5;

/// Best effort: without, the calls' own deadlines end them.
int drop_when_silent(void*, curl_socket_t fd, curlsocktype) {
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &asked_after_s, sizeof asked_after_s);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &asked_every_s, sizeof asked_every_s);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_max_ms, sizeof silent_max_ms);
  return CURL_SOCKOPT_OK;
}

/// libcurl's process-wide state, made before the first handle and kept until the process ends.
void initialise_libcurl() {
  static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (outcome != CURLE_OK)
    throw std::runtime_error("libcurl could not be initialised");
}

} // namespace

class curl_transport::loop {
public:
  /// HTTP/1.1; or, where there is a place for those that hang, HTTP/2.
  loop(const curl_transport_options& options, host_protocols* protocols)
      : options_(options), protocols_(protocols), multiplexes_(protocols != nullptr) {
    initialise_libcurl();
    multi_ = curl_multi_init();
    if (!multi_)
      throw std::runtime_error("libcurl could not make a multi handle");
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING,
                      multiplexes_ ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS,
                      static_cast<long>(options_.streams_max));
    keep_connections(kept_min);
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
    name_this_thread(multiplexes_ ? "vendors-http2" : "vendors");
    while (take_submitted()) {
      start_waiting();
      check(sockets_->run_timer());
      if (finish_done()) // There are places to fill.
        continue;
      check(sockets_->wait(may_sleep() ? nap_ms() : 0));
      serve_stalled();
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

  [[nodiscard]] int nap_ms() const {
    return multiplexes_ && !active_.empty() ? stalled_max_ms : nap_max_ms;
  }

  /// Of a shared connection libcurl (7.88, measured: one call of 2,000 where answers are larger
  /// than its buffer) may have read what it does not deliver until the socket has something again,
  /// which may be never.
  void serve_stalled() {
    if (!multiplexes_)
      return;
    const auto now = steady::now();
    if (now - served_all_at_ < std::chrono::milliseconds(stalled_max_ms))
      return;
    served_all_at_ = now;
    check(sockets_->serve_all());
  }

  bool may_sleep() {
    const std::lock_guard guard(mutex_);
    asleep_ = incoming_.empty() && refused_.empty() && !stopping_;
    return asleep_;
  }

  /// libcurl looks at the age of an idle connection only when it might use it again, so without a
  /// bound that follows the load each call on a connection of its own would leave one behind.
  void keep_connections(std::size_t count) {
    kept_ = std::clamp(count, kept_min, std::max(options_.in_flight_max + 16, kept_min));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                      static_cast<long>(std::min<std::size_t>(kept_, 100'000)));
  }

  /// libcurl looks through all of a host for one that it may use: few more than are needed.
  static std::size_t room_for(std::size_t calls) { return calls + calls / 4 + kept_min / 2; }

  /// As many as were in use at once of late and some, so that the next burst finds those of the
  /// last.
  void follow_load() {
    peak_ = std::max(peak_, active_.size());
    if (room_for(peak_) > kept_)
      keep_connections(room_for(peak_));
    const auto now = steady::now();
    if (now - window_began_ < std::chrono::milliseconds(options_.peak_window_ms))
      return;
    keep_connections(room_for(std::max(peak_, peak_before_)));
    peak_before_ = std::exchange(peak_, active_.size());
    window_began_ = now;
  }

  /// libcurl opens another connection for each call that finds no room on those that it has, while
  /// the next one with room is being opened.
  void limit_connections() {
    if (!multiplexes_)
      return;
    const std::size_t wanted = active_.size() / options_.streams_max + 2;
    if (wanted == connections_max_)
      return;
    connections_max_ = wanted;
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(wanted));
  }

  void start_waiting() {
    std::size_t started = 0;
    while (!waiting_.empty() && active_.size() < options_.in_flight_max) {
      curl_queued_call call = std::move(waiting_.front());
      waiting_.pop_front();
      ++started;
      limit_connections();
      start(std::move(call));
    }
    follow_load();
    if (started == 0)
      return;
    // Before the first of their bytes leaves, and not after the nap that may follow: what is on the
    // wire takes no place from what is to wait.
    const std::lock_guard guard(mutex_);
    queued_ -= started;
  }

  void start(curl_queued_call call) {
    using enum outcome_kind;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(call.due - steady::now()).count();
    if (left <= 0)
      return call.done(outcome_of(not_sent, "deadline passed in the queue"));
    const url_kind kind = judge_url(call.request.url.reveal());
    if (kind == url_kind::refused)
      return call.done(outcome_of(not_sent, "URL not allowed: https, or http on loopback"));
    if (!are_headers_safe(call.request))
      return call.done(outcome_of(not_sent, "header not sendable"));

    std::unique_ptr<curl_slot> s;
    try {
      s = take_slot();
      s->request = std::move(call.request);
      s->done = std::move(call.done);
      prepare(*s, kind, left);
    } catch (
        const std::exception&) { // Memory or libcurl; the curl_slot is dropped, nothing was sent.
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

  std::unique_ptr<curl_slot> take_slot() {
    if (!idle_.empty()) {
      auto s = std::move(idle_.back());
      idle_.pop_back();
      return s;
    }
    auto s = std::make_unique<curl_slot>();
    s->easy = curl_easy_init();
    if (!s->easy)
      throw std::runtime_error("libcurl could not make a handle");
    s->answer_size_max = options_.answer_size_max;
    s->large = &large_;
    CURL* const easy = s->easy;
    attach_callbacks(*s);
    // Allocated for each call while it is out; a vendor's answer is a few KB. A full one holds up
    // the others of a shared connection for a moment.
    set_option(easy, CURLOPT_BUFFERSIZE, multiplexes_ ? 16'384L : 4'096L);
    // The smallest there is: it is allocated for each call whose body leaves by itself.
    set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16'384L);
    set_option(easy, CURLOPT_NOSIGNAL, 1L);
    set_option(easy, CURLOPT_NOPROGRESS, 1L);
    set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set_option(easy, CURLOPT_HTTP_VERSION,
               static_cast<long>(multiplexes_ ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    if (multiplexes_) {
      // Whether a connection that is being opened can be shared is known in a moment.
      set_option(easy, CURLOPT_PIPEWAIT, 1L);
      set_option(easy, CURLOPT_SOCKOPTFUNCTION, &drop_when_silent);
    }
    set_option(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) {
      set_option(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
      // Else the system's directory of authorities would count as well.
      set_option(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    set_option(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set_option(easy, CURLOPT_TCP_NODELAY, 1L);
    set_option(easy, CURLOPT_MAXAGE_CONN, idle_max_s);
    set_option(easy, CURLOPT_DNS_CACHE_TIMEOUT, 60L);
    set_option(easy, CURLOPT_ACCEPT_ENCODING, static_cast<const char*>(nullptr));
    set_option(easy, CURLOPT_PROXY, "");
    set_option(easy, CURLOPT_NOPROXY, "");
    set_option(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    return s;
  }

  void prepare(curl_slot& s, url_kind kind, std::int64_t left_ms) {
    const wire_request& request = s.request;
    CURL* const easy = s.easy;
    const bool is_get = request.method == "GET";
    s.body_sent = 0;
    s.starts = 0;
    s.answer_size = 0;
    s.may_resend = is_get && request.body.empty();
    s.too_large = false;
    s.may_pause = !multiplexes_;
    s.is_crowded_out = false;
    s.outcome = {};

    set_option(easy, CURLOPT_URL, request.url.reveal().c_str());
    if (!options_.proxy.empty()) // Plain text never leaves this machine, so not to a proxy either.
      set_option(easy, CURLOPT_PROXY,
                 kind == url_kind::secure ? options_.proxy.reveal().c_str() : "");
    if (s.may_resend)
      set_option(easy, CURLOPT_HTTPGET, 1L);
    else
      set_option(easy, CURLOPT_POST, 1L);
    set_option(easy, CURLOPT_CUSTOMREQUEST,
               s.may_resend || request.method == "POST" ? nullptr : request.method.c_str());
    if (options_.body_with_head && !s.may_resend) // Not copied: `request` outlives the transfer.
      set_option(easy, CURLOPT_POSTFIELDS, request.body.data());
    set_option(
        easy, CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(s.may_resend ? -1 : static_cast<curl_off_t>(request.body.size())));
    // A call without a body has nothing to rewind: a connection of its own cannot be found dead.
    // The same for what repeats a call whose answer was lost: the one it would reuse may be as
    // dead.
    const bool own = request.fresh_connection || (request.body.empty() && !is_get);
    set_option(easy, CURLOPT_FRESH_CONNECT, own ? 1L : 0L);
    set_option(easy, CURLOPT_FORBID_REUSE, 0L); // Until its answer says otherwise.
    set_option(easy, CURLOPT_TIMEOUT_MS,
               static_cast<long>(std::min<std::int64_t>(left_ms, std::numeric_limits<int>::max())));
    set_option(easy, CURLOPT_CONNECTTIMEOUT_MS,
               static_cast<long>(std::min<std::int64_t>(left_ms, std::numeric_limits<int>::max())));
    s.headers = headers_of(request);
    set_option(easy, CURLOPT_HTTPHEADER, s.headers.get());
  }

  curl_headers headers_of(const wire_request& request) {
    curl_headers list;
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

  static void append(curl_headers& list, const char* line) {
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
      finish(*reinterpret_cast<curl_slot*>(user), code);
      any = true;
    }
    return any;
  }

  void finish(curl_slot& s, CURLcode code) {
    using enum outcome_kind;
    long status = 0;
    if (code == CURLE_OK)
      curl_easy_getinfo(s.easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && !s.too_large && status >= 100 && status <= 599) {
      s.outcome.response.status = static_cast<int>(status);
      s.outcome.kind = response;
    } else if (code == CURLE_OK && !s.too_large) {
      s.outcome = outcome_of(lost, "answer is not HTTP");
    } else {
      s.outcome = outcome_of(s.starts == 0 ? not_sent : lost, s.too_large ? "answer too large"
                                                              : s.is_crowded_out
                                                                  ? "too many large answers at once"
                                                                  : reason_of(code));
    }
    if (multiplexes_)
      tell_protocol(s, code);
    retire(s);
  }

  void tell_protocol(const curl_slot& s, CURLcode code) {
    const auto host = authority_of(s.request.url.reveal());
    const auto now = steady::now();
    if (s.outcome.kind == outcome_kind::response) {
      long version = 0;
      curl_easy_getinfo(s.easy, CURLINFO_HTTP_VERSION, &version);
      protocols_->answered(host, version == CURL_HTTP_VERSION_2_0, now);
    } else if (code == CURLE_OPERATION_TIMEDOUT && s.starts > 0) {
      protocols_->hung(host, now);
    } else {
      protocols_->failed(host, now);
    }
  }

  /// Takes the curl_slot off the wire, runs its callback, and keeps it for the next call.
  void retire(curl_slot& s) {
    curl_multi_remove_handle(multi_, s.easy);
    end_answer(s);
    std::unique_ptr<curl_slot> own = std::move(active_[s.index]);
    if (own->index + 1 != active_.size()) {
      active_[own->index] = std::move(active_.back());
      active_[own->index]->index = own->index;
    }
    active_.pop_back();
    auto done = std::move(own->done);
    auto outcome = std::move(own->outcome);
    own->done = nullptr;
    own->request = {}; // Secrets do not stay in idle handles.
    // What libcurl meant to repeat of a lost call it would try with the next one (8.14, measured).
    // And as for connections: what a burst needed is given back.
    if (outcome.kind == outcome_kind::response && idle_.size() < kept_)
      idle_.push_back(std::move(own));
    own.reset();
    done(std::move(outcome));
  }

  void end_all() {
    using enum outcome_kind;
    finish_done(); // Whole answers that are already here stay answers.
    while (!active_.empty()) {
      curl_slot& s = *active_.back();
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
  host_protocols* const protocols_;
  const bool multiplexes_;
  CURLM* multi_ = nullptr;
  std::optional<curl_sockets> sockets_; ///< Outlives `multi_`, which calls it to its end.

  std::mutex mutex_;
  std::vector<curl_queued_call> incoming_;
  std::vector<callback> refused_;
  std::size_t queued_ = 0; ///< In `incoming_` or `waiting_`.
  bool asleep_ = false;    ///< The loop polls or is about to: a wake-up is needed.
  bool stopping_ = false;

  // The loop's own, untouched by other threads.
  std::vector<curl_queued_call> batch_;
  std::vector<callback> refused_batch_;
  std::deque<curl_queued_call> waiting_;
  curl_large_answers large_{options_.large_size, options_.large_answers_max, 0, {}};
  std::vector<std::unique_ptr<curl_slot>> active_;
  std::vector<std::unique_ptr<curl_slot>> idle_;
  std::string line_;
  steady::time_point served_all_at_ = {};
  std::size_t connections_max_ = 0; ///< To one host; 0: no limit.
  std::size_t kept_ = 0;            ///< Connections, idle or not, that libcurl keeps.
  std::size_t peak_ = 0;            ///< Calls on the wire in this window, and in the one before.
  std::size_t peak_before_ = 0;
  steady::time_point window_began_ = steady::now();

  std::thread thread_;
};

struct curl_transport::sharing {
  explicit sharing(std::int64_t suspect_ms) : protocols(std::chrono::milliseconds(suspect_ms)) {}

  host_protocols protocols; ///< Outlives the loop, which tells it how calls end.
  std::once_flag begun;
  std::unique_ptr<loop> calls;
};

curl_transport::curl_transport(curl_transport_options options)
    : options_(std::move(options)),
      sharing_(options_.multiplexes ? std::make_unique<sharing>(options_.suspect_ms) : nullptr),
      loop_(std::make_unique<loop>(options_, nullptr)) {}

curl_transport::~curl_transport() = default;

bool curl_transport::multiplexes(const wire_request& request) {
  return sharing_ && request.may_multiplex && !request.fresh_connection &&
         judge_url(request.url.reveal()) == url_kind::secure &&
         sharing_->protocols.shares(authority_of(request.url.reveal()), steady::now());
}

void curl_transport::send(wire_request request, callback done) {
  if (!multiplexes(request)) {
    loop_->send(std::move(request), std::move(done));
    return;
  }
  std::call_once(sharing_->begun, [this] {
    sharing_->calls = std::make_unique<loop>(options_, &sharing_->protocols);
  });
  sharing_->calls->send(std::move(request), std::move(done));
}

} // namespace orderhub::providers
