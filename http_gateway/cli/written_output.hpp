#pragma once
#include <array>
#include <cstddef>
#include <iosfwd>
#include <streambuf>

namespace orderhub::http_gateway::cli {

/// Standard output while this lives: what is printed goes to `file`, and what could not be written
/// is known at the end, with its cause.
class written_output : public std::streambuf {
public:
  /// `file`: a descriptor; stays open.
  written_output(std::ostream& out, int file);
  ~written_output() override;
  written_output(const written_output&) = delete;
  written_output& operator=(const written_output&) = delete;

  /// Writes what is left. The exit status: where something was not written a sentence on `err` and,
  /// of a command that is done, `not_written`. Nothing is said, and the status stays, where a
  /// reader has had enough (EPIPE).
  int end(int status, std::ostream& err);

protected:
  int_type overflow(int_type c) override;
  int sync() override;

private:
  bool write_out();

  std::ostream& out_;
  std::streambuf* const before_;
  const int file_;
  int failed_with_ = 0; ///< `errno`; 0: all of it is written.
  std::array<char, std::size_t{16} << 10U> bytes_{};
};

} // namespace orderhub::http_gateway::cli
