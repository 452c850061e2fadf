#include "http_gateway/cli/written_output.hpp"

#include "http_gateway/cli/admin_commands.hpp"

#include <cerrno>
#include <cstddef>
#include <ostream>
#include <system_error>

#include <unistd.h>

namespace orderhub::http_gateway::cli {

written_output::written_output(std::ostream& out, int file)
    : out_(out), before_(out.rdbuf(this)), file_(file) {
  setp(bytes_.data(), bytes_.data() + bytes_.size());
}

written_output::~written_output() {
  write_out();
  out_.rdbuf(before_);
}

int written_output::end(int status, std::ostream& err) {
  write_out();
  if (failed_with_ == 0 || failed_with_ == EPIPE)
    return status;
  err << "orderhub: the output could not be written ("
      << std::generic_category().message(failed_with_)
      << "): it is not complete. What the command did stays done.\n";
  return status == done ? not_written : status;
}

written_output::int_type written_output::overflow(int_type c) {
  if (!write_out())
    return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int written_output::sync() {
  return write_out() ? 0 : -1;
}

bool written_output::write_out() {
  const char* from = pbase();
  while (failed_with_ == 0 && from != pptr()) {
    const auto size = ::write(file_, from, static_cast<std::size_t>(pptr() - from));
    if (size >= 0)
      from += size;
    else if (errno != EINTR)
      failed_with_ = errno;
  }
  setp(bytes_.data(), bytes_.data() + bytes_.size());
  return failed_with_ == 0;
}

} // namespace orderhub::http_gateway::cli
