#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::testing {

/// One answer as it came over the wire. Header names are lower case.
struct raw_response {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A client, on 127.0.0.1 or at a Unix socket, that sends exactly the bytes it is told. Every wait
/// ends after 20 s, which a test then sees as nothing received.
class raw_client {
public:
  explicit raw_client(std::uint16_t port);
  explicit raw_client(const std::string& socket_path);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// False where the other side has closed.
  bool send(std::string_view bytes);
  /// The next answer, informational ones (1xx) included; its body by Content-Length, where there is
  /// one. `head`: the answer to a HEAD request, without body.
  std::optional<raw_response> read(bool head = false);
  /// True once the other side has ended the connection with nothing left to read.
  bool at_end();
  /// All that comes until the connection ends; `errno` of its end, 0 for an orderly one.
  std::pair<std::string, int> read_to_end();
  /// What comes up to that text, with it; less where the connection ends before.
  std::string read_until(std::string_view end);
  /// Nothing has arrived so far.
  bool silent();
  void finish_sending();
  /// Closes with a reset.
  void reset();

private:
  bool fill();
  int fd_ = -1;
  std::string buffer_;
};

/// A whole POST with the usual headers.
std::string post(std::string_view target, std::string_view body, std::string_view headers = {});
std::string get(std::string_view target, std::string_view headers = {});

} // namespace orderhub::testing
