#include "providers/transport/ca_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

namespace orderhub::providers {

namespace {

struct closer {
  void operator()(std::FILE* f) const { std::fclose(f); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

tl::unexpected<error> bad(const std::string& path, const std::string& what) {
  return fail({error_kind::invalid, "ca_file", "the file '" + path + "' " + what});
}

} // namespace

result<void> check_ca_file(const std::string& path) {
  struct stat s{};
  const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "rbe"));
  if (!file)
    return bad(path, std::string("cannot be read: ") + std::strerror(errno));
  if (::fstat(::fileno(file.get()), &s) == 0 && S_ISDIR(s.st_mode))
    return bad(path, "is a directory");
  ERR_clear_error();
  int count = 0;
  while (std::unique_ptr<X509, closer>(PEM_read_X509(file.get(), nullptr, nullptr, nullptr)))
    ++count;
  // What ends it is the end of the file; anything else is a certificate that is none.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (count == 0)
    return bad(path, "holds no certificate in PEM form");
  if (!at_end)
    return bad(path, "holds a certificate that is damaged, after " + std::to_string(count) +
                         " that can be read");
  return {};
}

} // namespace orderhub::providers
