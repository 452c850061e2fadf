#pragma once
#include "providers/mock/call.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// Slack's chat.postMessage, conversations.history and incoming webhooks.
/// Internal to the mock.
class slack {
public:
  explicit slack(shared_state& shared) : shared_(shared) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);
  /// By name or id. An archived one refuses messages until it is not. False: no channel's name.
  bool set_archived(std::string_view channel, bool archived);

private:
  struct message {
    std::int64_t ts_us = 0;
    std::string text;
    std::string metadata; // JSON text, empty: none
  };
  struct channel {
    std::deque<message> messages; // ascending ts_us
    bool archived = false;
  };
  struct posted {
    std::string text, metadata, order_id, step;
    std::int64_t attempt = -1;
    bool has_content = false;
  };

  void not_ok(call& c, std::string_view error);
  void plain(call& c, int status, std::string_view text);
  bool read_message(std::string_view json, posted& to, std::string& channel);
  bool read_form_message(call& c, posted& to, std::string& channel);
  std::int64_t post(call& c, const std::string& channel_id, posted m);
  void post_message(call& c);
  void post_webhook(call& c);
  void history(call& c);
  /// The channel's id for a name or id, empty if there can be no such channel.
  std::string resolve(std::string_view name);
  static void append_message(std::string& out, const message& m, bool with_metadata);

  shared_state& shared_;
  std::map<std::string, channel, std::less<>> channels_;  // by id
  std::map<std::string, std::string, std::less<>> names_; // `#orders` -> id
  std::size_t messages_ = 0;
  std::int64_t last_ts_us_ = 0;
};

} // namespace orderhub::providers::mock
