#include "actors/handlers/strict_json.hpp"

#include "journal/base/text.hpp"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

/// Refuses what the library would let pass; builds nothing.
class strict_checker final : public nlohmann::json_sax<json> {
public:
  explicit strict_checker(const json_bounds& bounds) : bounds_(bounds) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& v) override {
    auto& keys = open_.back();
    if (keys.size() == bounds_.keys)
      return refuse("An object of the body has more than " + std::to_string(bounds_.keys) +
                    " keys.");
    if (open_.size() == 1)
      in_list_ = !bounds_.list.empty() && v == bounds_.list;
    if (!keys.insert(v).second) {
      std::string shown = v;
      cut_text(shown, shown_max);
      return refuse("The key \"" + shown + "\" appears twice in one object.");
    }
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("The body is not valid JSON near byte " + std::to_string(position) + ".");
  }

  std::string problem;

private:
  static constexpr std::size_t shown_max = 64;

  bool refuse(std::string why) {
    if (problem.empty())
      problem = std::move(why);
    return false;
  }
  bool value() {
    if (++values_ > bounds_.values)
      return refuse("The body has more than " + std::to_string(bounds_.values) + " values.");
    if (in_list_ && open_.size() == 2 && ++in_list_count_ > bounds_.list_max)
      return refuse(std::string(bounds_.list) + " has more than " +
                    std::to_string(bounds_.list_max) + " items.");
    return true;
  }
  bool open() {
    if (open_.size() == bounds_.depth)
      return refuse("The body is nested more than " + std::to_string(bounds_.depth) +
                    " levels deep.");
    if (!value())
      return false;
    open_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const json_bounds& bounds_;
  std::vector<std::unordered_set<std::string>> open_; ///< The keys of each open container.
  std::size_t values_ = 0;
  bool in_list_ = false;
  std::size_t in_list_count_ = 0;
};

} // namespace

result<void> check_json(std::string_view text, const json_bounds& bounds) {
  if (!is_utf8(text))
    return fail({error_kind::invalid, "body", "The body is not valid UTF-8.", 400});
  // The library takes a zero byte for the end, and would not look at what stands behind it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return fail({error_kind::invalid, "body",
                 "The body is not valid JSON near byte " + std::to_string(zero + 1) + ".", 400});
  strict_checker checker(bounds);
  if (!json::sax_parse(text, &checker))
    return fail({error_kind::invalid, "body",
                 checker.problem.empty() ? "The body is not valid JSON." : checker.problem, 400});
  return {};
}

} // namespace orderhub::handlers
