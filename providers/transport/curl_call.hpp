#pragma once
#include "providers/transport.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <stdexcept>

#include <curl/curl.h>

namespace orderhub::providers {

struct curl_slot;

struct curl_slist_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using curl_headers = std::unique_ptr<curl_slist, curl_slist_deleter>;

/// How many answers may be large at once, and who is not read until another one has ended.
struct curl_large_answers {
  std::size_t from = 0; ///< Bytes.
  std::size_t max = 0;
  std::size_t now = 0;
  std::deque<curl_slot*> paused; ///< In order of arrival.
};

struct curl_queued_call {
  wire_request request;
  transport::callback done;
  std::chrono::steady_clock::time_point due;
};

/// One easy handle with everything its current call needs. Reused from a free list; its address is
/// libcurl's user pointer, so it never moves.
struct curl_slot {
  CURL* easy = nullptr;
  std::size_t index = 0; ///< Among the slots on the wire.
  wire_request request;
  transport::callback done;
  curl_headers headers;
  std::size_t body_sent = 0;
  transport_outcome outcome;
  std::size_t answer_size = 0;
  std::size_t answer_size_max = 0;
  unsigned starts = 0;     ///< How often libcurl was about to write the request.
  bool may_resend = false; ///< GET only.
  bool too_large = false;
  bool may_pause = true;       ///< Alone on its connection: else it would hold up the others.
  bool is_crowded_out = false; ///< It would have had to pause, and could not.
  curl_large_answers* large = nullptr;
  bool is_large = false;  ///< Holds one of their places.
  bool is_paused = false; ///< Waits for one.

  curl_slot() = default;
  curl_slot(const curl_slot&) = delete;
  curl_slot& operator=(const curl_slot&) = delete;
  ~curl_slot() {
    if (easy)
      curl_easy_cleanup(easy);
  }
};

/// The slot's answer is not received any more: its place goes to whoever waits for it.
void end_answer(curl_slot& slot);

/// Points libcurl's callbacks of a new easy handle at the slot: they count starts, refuse a second
/// one, read the body and keep the answer within `answer_size_max` and 256 headers.
void attach_callbacks(curl_slot& slot);

/// Sets an option; every one we use exists in the libcurl we ask for, so a refusal is lack of
/// memory or a bug, and throws.
template <class Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error("libcurl refused an option");
}

transport_outcome outcome_of(outcome_kind kind, const char* reason);

/// Why a transfer ended, for people; says nothing of what was sent or to whom.
const char* reason_of(CURLcode code);

} // namespace orderhub::providers
