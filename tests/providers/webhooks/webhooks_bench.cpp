// Prints what one delivery costs, of each vendor: verifying it and reading it, in microseconds of
// one thread. The deliveries are the accepted vectors of tests/golden.
//
//   build/release/tests/providers/webhooks_bench [ROUNDS]
#include "providers/http_message.hpp"
#include "providers/webhooks/vendors.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace {

using namespace orderhub;
using namespace orderhub::providers;
using nlohmann::json;

struct sent {
  std::string body, target, public_url;
  header_list headers;
  std::vector<secret> secrets;
  std::int64_t now_s = 0;
};

std::map<std::string, std::vector<sent>> accepted() {
  std::ifstream file(ORDERHUB_SOURCE_DIR "/tests/golden/webhook-vectors.json");
  std::map<std::string, std::vector<sent>> all;
  for (const auto& vector : json::parse(file)) {
    if (vector["expect"] != "accept" || vector["vendor"] == "custom")
      continue;
    sent one;
    one.body = vector["body"];
    one.now_s = vector["now"];
    const std::string url = vector.value("url", "https://hub.example.com/webhooks/x");
    const auto path = url.find('/', 8);
    one.public_url = url.substr(0, path);
    one.target = url.substr(path);
    for (const auto& [name, value] : vector["headers"].items())
      one.headers.emplace_back(name, value.get<std::string>());
    const auto& keys = vector.contains("secret") ? vector["secret"] : vector["publicKey"];
    for (const auto& key : keys.is_array() ? keys : json::array({keys}))
      one.secrets.emplace_back(key.get<std::string>());
    all[vector["vendor"]].push_back(std::move(one));
  }
  return all;
}

} // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2'000;
  std::printf("%-10s %10s %10s %10s\n", "vendor", "verify", "read", "together");
  for (const auto& [vendor, all] : accepted()) {
    const auto& source = *webhooks::find_source(vendor);
    double us[2] = {};
    for (int part = 0; part < 2; ++part) {
      std::size_t taken = 0;
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < rounds; ++i)
        for (const auto& one : all) {
          const webhooks::delivery view{one.body, one.target, &one.headers, one.now_s};
          taken += part == 0 ? source.verify(view, one.secrets, one.public_url).why ==
                                   webhooks::refusal::none
                             : !source.read(view, {}).elements.empty();
        }
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      us[part] = took.count() / (static_cast<double>(rounds) * static_cast<double>(all.size()));
      if (part == 0 && taken != static_cast<std::size_t>(rounds) * all.size())
        return 1;
    }
    std::printf("%-10s %10.1f %10.1f %10.1f\n", vendor.c_str(), us[0], us[1], us[0] + us[1]);
  }
  return 0;
}
