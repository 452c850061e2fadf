#include "actors/handlers/strict_json.hpp"

#include "journal/base/text.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 32;

/// Refuses what the library would let pass; builds nothing.
class strict_checker final : public nlohmann::json_sax<json> {
public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& v) override {
    if (!keys_.back().insert(v).second)
      return refuse("The key \"" + v.substr(0, 64) + "\" appears twice in one object.");
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("The body is not valid JSON near byte " + std::to_string(position) + ".");
  }

  std::string problem;

private:
  bool refuse(std::string why) {
    if (problem.empty())
      problem = std::move(why);
    return false;
  }
  bool open() {
    if (keys_.size() == depth_max)
      return refuse("The body is nested more than " + std::to_string(depth_max) + " levels deep.");
    keys_.emplace_back();
    return true;
  }
  bool close() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_; ///< Of each open container.
};

} // namespace

result<void> check_json(std::string_view text) {
  if (!is_utf8(text))
    return fail({error_kind::invalid, "body", "The body is not valid UTF-8.", 400});
  // The library takes a zero byte for the end, and would not look at what stands behind it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return fail({error_kind::invalid, "body",
                 "The body is not valid JSON near byte " + std::to_string(zero + 1) + ".", 400});
  strict_checker checker;
  if (!json::sax_parse(text, &checker))
    return fail({error_kind::invalid, "body",
                 checker.problem.empty() ? "The body is not valid JSON." : checker.problem, 400});
  return {};
}

} // namespace orderhub::handlers
