#include "actors/handlers/strict_json.hpp"

#include "journal/base/text.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

/// A whole number that was sent with a fraction or an exponent, in digits; else empty.
std::string plain_digits(double value) {
  constexpr double greatest = 1e19; // More digits than any rule looks for.
  if (!(std::fabs(value) < greatest) || std::trunc(value) != value)
    return {};
  std::array<char, 32> digits{};
  const auto size = std::snprintf(digits.data(), digits.size(), "%.0f", value);
  return {digits.data(), static_cast<std::size_t>(size)};
}

/// Refuses what the library would let pass; builds nothing.
class strict_checker final : public nlohmann::json_sax<json> {
public:
  strict_checker(const json_bounds& bounds, const json_rule& rule) : bounds_(bounds), rule_(rule) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t v) override { return value() && allowed(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override {
    return value() && allowed(std::to_string(v));
  }
  bool number_float(number_float_t v, const string_t& sent) override {
    return value() && allowed(sent) && allowed(plain_digits(v));
  }
  bool string(string_t& v) override { return value() && allowed(v); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_array() override { return close(); }
  bool key(string_t& v) override {
    auto& object = open_.back();
    if (object.keys.size() == bounds_.keys)
      return refuse("An object of the body has more than " + std::to_string(bounds_.keys) +
                    " keys.");
    if (forbids(v, v))
      return refuse("A field's name " + (open_.size() == 1 ? "" : "in " + place(false) + ' ') +
                    rule_.why + '.');
    if (open_.size() == 1)
      in_list_ = !bounds_.list.empty() && v == bounds_.list;
    if (!object.keys.insert(v).second)
      return refuse("The key \"" + short_name(v) + "\" appears twice in one object.");
    object.key = v;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("The body is not valid JSON near byte " + std::to_string(position) + ".");
  }

  std::string problem;

private:
  static constexpr std::size_t shown_max = 64;

  struct container {
    bool is_list = false;
    std::unordered_set<std::string> keys = {};
    std::string key = {};  ///< Of the value at hand.
    std::size_t count = 0; ///< Of a list's values so far.
  };

  static std::string short_name(const std::string& name) {
    std::string shown = name;
    cut_text(shown, shown_max);
    return shown;
  }
  /// `items[2].note`; where the innermost container stands without its own part.
  [[nodiscard]] std::string place(bool with_innermost) const {
    std::string text;
    for (std::size_t i = 0; i + (with_innermost ? 0 : 1) < open_.size(); ++i) {
      const auto& c = open_[i];
      if (c.is_list)
        text += '[' + std::to_string(c.count - 1) + ']';
      else
        text += (text.empty() ? "" : ".") + short_name(c.key);
    }
    return text;
  }
  [[nodiscard]] bool forbids(std::string_view field, std::string_view text) const {
    return rule_.forbids && rule_.forbids(field, text);
  }
  bool allowed(std::string_view text) {
    std::string_view field;
    for (auto c = open_.rbegin(); field.empty() && c != open_.rend(); ++c)
      field = c->key;
    if (!forbids(field, text))
      return true;
    const auto where = place(true);
    return refuse((where.empty() ? "The body" : where) + ' ' + rule_.why + '.');
  }
  bool refuse(std::string why) {
    if (problem.empty())
      problem = std::move(why);
    return false;
  }
  bool value() {
    if (!open_.empty() && open_.back().is_list)
      ++open_.back().count;
    if (++values_ > bounds_.values)
      return refuse("The body has more than " + std::to_string(bounds_.values) + " values.");
    if (in_list_ && open_.size() == 2 && ++in_list_count_ > bounds_.list_max)
      return refuse(std::string(bounds_.list) + " has more than " +
                    std::to_string(bounds_.list_max) + " items.");
    return true;
  }
  bool open(bool is_list) {
    if (open_.size() == bounds_.depth)
      return refuse("The body is nested more than " + std::to_string(bounds_.depth) +
                    " levels deep.");
    if (!value())
      return false;
    open_.push_back({is_list});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const json_bounds& bounds_;
  const json_rule& rule_;
  std::vector<container> open_;
  std::size_t values_ = 0;
  bool in_list_ = false;
  std::size_t in_list_count_ = 0;
};

} // namespace

result<void> check_json(std::string_view text, const json_bounds& bounds, const json_rule& rule) {
  if (!is_utf8(text))
    return fail({error_kind::invalid, "body", "The body is not valid UTF-8.", 400});
  // The library takes a zero byte for the end, and would not look at what stands behind it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return fail({error_kind::invalid, "body",
                 "The body is not valid JSON near byte " + std::to_string(zero + 1) + ".", 400});
  strict_checker checker(bounds, rule);
  if (!json::sax_parse(text, &checker))
    return fail({error_kind::invalid, "body",
                 checker.problem.empty() ? "The body is not valid JSON." : checker.problem, 400});
  return {};
}

} // namespace orderhub::handlers
