#pragma once
#include "journal/base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// How much of JSON from outside is read before it is refused. Together they bound the time that a
/// body of any size takes: what is larger is refused at the first element too many, and nothing of
/// it was built.
struct json_bounds {
  std::size_t depth = 32;      ///< Containers in each other.
  std::size_t values = 20'000; ///< Of all kinds, containers included.
  std::size_t keys = 1'000;    ///< Of one object.
  std::string_view list = {};  ///< A list of the outermost object with a bound of its own,
  std::size_t list_max = 0;    ///< how many elements it may have.
};

/// What no text, number or field's name of a document may hold, wherever it stands.
struct json_rule {
  /// `field` is the innermost name that the text stands under, empty where there is none; of a name
  /// itself, that name. A number comes as it was sent, and once more in plain digits where it is a
  /// whole one in another form. Null: everything may be.
  std::function<bool(std::string_view field, std::string_view text)> forbids;
  std::string why; ///< Goes on behind the place: `items[0].note` + ` ` + why.
};

/// Whether JSON from outside may be parsed: valid UTF-8, within the bounds, no key twice in one
/// object, nothing that the rule forbids. Fails with `invalid` and a message that says what is
/// wrong and where; what is forbidden is not in it.
result<void> check_json(std::string_view text, const json_bounds& bounds = {},
                        const json_rule& rule = {});

} // namespace orderhub::handlers
