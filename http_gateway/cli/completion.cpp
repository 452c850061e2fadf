#include "http_gateway/cli/completion.hpp"

#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::string_view bash_script = R"sh(# bash completion of orderhub: put it into
# ~/.local/share/bash-completion/completions/orderhub, or source it.
_orderhub() {
  local line word
  COMPREPLY=()
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    COMPREPLY+=("$(printf '%q' "$word")")
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _orderhub orderhub
)sh";

constexpr std::string_view zsh_script = R"sh(#compdef orderhub
# zsh completion of orderhub: put it as _orderhub into a folder of $fpath.
_orderhub() {
  local line
  local -a found
  while IFS= read -r line; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#found} )); then
    _describe orderhub found
  else
    _files
  fi
}
if [ "$funcstack[1]" = _orderhub ]; then
  _orderhub
else
  compdef _orderhub orderhub
fi
)sh";

constexpr std::string_view fish_script = R"sh(# fish completion of orderhub: put it into
# ~/.config/fish/completions/orderhub.fish.
function __orderhub_complete
  set -l words (commandline -opc)
  set -l found ($words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c orderhub -f -a '(__orderhub_complete)'
)sh";

const described_option* find_option(const described_command& in, std::string_view name) {
  for (const auto& o : in.options)
    if (!o.is_positional && std::find(o.names.begin(), o.names.end(), name) != o.names.end())
      return &o;
  return nullptr;
}

const described_command* find_command(const described_command& in, std::string_view name) {
  const auto it = std::find_if(in.commands.begin(), in.commands.end(),
                               [name](const described_command& c) { return c.name == name; });
  return it == in.commands.end() ? nullptr : &*it;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

/// Where one stands behind the words that are finished.
struct standing {
  const described_command* in = nullptr;
  const described_option* wants = nullptr; ///< The value of this one comes next.
  std::size_t positionals = 0;             ///< So many are there.
};

standing stands_after(const described_command& program, std::span<const std::string> words) {
  standing at{&program};
  for (const auto& word : words) {
    if (std::exchange(at.wants, nullptr) != nullptr)
      continue;
    if (is_option(word)) {
      const auto* o = find_option(*at.in, word);
      if (o != nullptr && !o->value.empty())
        at.wants = o;
    } else if (const auto* below = find_command(*at.in, word)) {
      at.in = below;
    } else {
      ++at.positionals;
    }
  }
  return at;
}

class gathering {
public:
  gathering(std::string_view begin, std::string before)
      : begin_(begin), before_(std::move(before)) {}
  void add(const std::string& text, std::string_view help = {}) {
    if (text.starts_with(begin_))
      all.push_back({before_ + text, std::string(help)});
  }
  std::vector<candidate> all;

private:
  std::string_view begin_;
  std::string before_; ///< `--output=`
};

/// What the value of an option may become, behind what stands before it on the line.
std::vector<candidate> values_of(const described_option& o, const described_command& in,
                                 std::string_view begun, std::string before, const asks_hub& hub) {
  if (const auto comma = begun.rfind(','); o.takes_list && comma != std::string_view::npos) {
    before += begun.substr(0, comma + 1);
    begun.remove_prefix(comma + 1);
  }
  gathering found(begun, before);
  for (const auto& choice : o.choices)
    found.add(choice);
  if (o.choices.empty() && hub)
    for (const auto& known : hub(in.path, o.names.back(), begun))
      found.add(known.text, known.help);
  return found.all;
}

const described_option* positional_at(const described_command& in, std::size_t index) {
  for (const auto& o : in.options)
    if (o.is_positional && (index == 0 || o.takes_many))
      return &o;
    else if (o.is_positional)
      --index;
  return nullptr;
}

} // namespace

std::vector<candidate> completed(const described_command& program,
                                 std::span<const std::string> words, const asks_hub& hub) {
  if (words.empty())
    return {};
  const std::string_view last = words.back();
  const auto at = stands_after(program, words.first(words.size() - 1));
  if (at.wants != nullptr)
    return values_of(*at.wants, *at.in, last, {}, hub);
  if (const auto equals = last.find('='); is_option(last) && equals != std::string_view::npos) {
    const auto* o = find_option(*at.in, last.substr(0, equals));
    return o == nullptr ? std::vector<candidate>()
                        : values_of(*o, *at.in, last.substr(equals + 1),
                                    std::string(last.substr(0, equals + 1)), hub);
  }
  gathering found(last, {});
  if (last.starts_with('-')) {
    for (const auto& o : at.in->options)
      if (!o.is_positional)
        found.add(o.names.back(), o.help);
    return found.all;
  }
  for (const auto& c : at.in->commands)
    found.add(c.name, c.help);
  const auto* positional = positional_at(*at.in, at.positionals);
  if (positional == nullptr)
    return found.all;
  for (const auto& choice : positional->choices)
    found.add(choice);
  if (positional->choices.empty() && hub)
    for (const auto& known : hub(at.in->path, positional->names.front(), last))
      found.add(known.text, known.help);
  return found.all;
}

std::string completion_lines(const std::vector<candidate>& all) {
  std::string out;
  for (const auto& c : all) {
    // What a caller named an order must not end the line, nor steer a terminal.
    const auto one_line = [](std::string_view text) {
      auto safe = safe_text(text);
      std::replace(safe.begin(), safe.end(), '\n', ' ');
      return safe;
    };
    out += one_line(c.text) + '\t' + one_line(c.help) + '\n';
  }
  return out;
}

std::optional<std::string> completion_script(std::string_view shell) {
  for (const auto& [name, script] : {std::pair("bash", bash_script), std::pair("zsh", zsh_script),
                                     std::pair("fish", fish_script)})
    if (shell == name)
      return std::string(script);
  return std::nullopt;
}

} // namespace orderhub::http_gateway::cli
