#include "actors/handlers/strict_json.hpp"

#include "journal/base/bytes.hpp"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 32;

/// Builds the document and refuses what the library would let pass.
class strict_builder final : public nlohmann::json_sax<json> {
public:
  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t&) override { return add(v); }
  bool string(string_t& v) override { return add(std::move(v)); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& v) override {
    if (stack_.back()->contains(v))
      return refuse("The key \"" + v.substr(0, 64) + "\" appears twice in one object.");
    key_ = std::move(v);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("The body is not valid JSON near byte " + std::to_string(position) + ".");
  }

  json root;
  std::string problem;

private:
  bool refuse(std::string why) {
    if (problem.empty())
      problem = std::move(why);
    return false;
  }
  json* place(json value) {
    if (stack_.empty()) {
      root = std::move(value);
      return &root;
    }
    json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }
  bool add(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json container) {
    if (stack_.size() == depth_max)
      return refuse("The body is nested more than " + std::to_string(depth_max) + " levels deep.");
    stack_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<json*> stack_;
  std::string key_;
};

} // namespace

result<json> parse_strict(std::string_view text) {
  if (!is_utf8(text))
    return fail({error_kind::invalid, "body", "The body is not valid UTF-8.", 400});
  strict_builder builder;
  if (!json::sax_parse(text, &builder))
    return fail({error_kind::invalid, "body",
                 builder.problem.empty() ? "The body is not valid JSON." : builder.problem, 400});
  return std::move(builder.root);
}

} // namespace orderhub::handlers
