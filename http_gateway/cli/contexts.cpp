#include "http_gateway/cli/contexts.hpp"

#include "http_gateway/cli/table_text.hpp"
#include "journal/base/spelling.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::size_t file_size_max = std::size_t{1} << 20U;

tl::unexpected<error> wrong(const std::string& path, const std::string& why) {
  return fail({error_kind::invalid, "cli", path + ": " + why});
}

std::string text_of(const environment_reader& environment, const char* name) {
  const auto* value = environment(name);
  return value != nullptr ? value : "";
}

/// A relative `XDG_CONFIG_HOME` is to be ignored (XDG Base Directory Specification).
std::string path_of(const environment_reader& environment) {
  auto folder = text_of(environment, "XDG_CONFIG_HOME");
  if (!folder.starts_with('/')) {
    folder = text_of(environment, "HOME");
    if (!folder.starts_with('/'))
      return {};
    folder += "/.config";
  }
  return folder + "/orderhub/cli.toml";
}

bool is_name(std::string_view name) {
  constexpr std::size_t longest = 60;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                ".-_") == std::string_view::npos;
}

/// A member that a person would put the token itself into.
bool is_of_token(std::string_view member) {
  return member.find("token") != std::string_view::npos ||
         member.find("secret") != std::string_view::npos ||
         member.find("password") != std::string_view::npos;
}

constexpr std::array members = {"server", "token_file", "token_command"};

/// Empty: it is like none of them.
std::string_view meant_by(std::string_view member) {
  constexpr std::size_t near = 3;
  for (const std::string_view known : members)
    if (letters_apart(member, known) <= near)
      return known;
  return {};
}

result<hub_context> context_of(const std::string& name, const toml::table& table,
                               const std::string& path) {
  hub_context c;
  c.name = name;
  const auto no = [&](const std::string& why) {
    return wrong(path, "context." + name + ' ' + why);
  };
  if (!is_name(name))
    return wrong(path, "a context's name must be 1 to 60 letters, digits, dots, dashes and "
                       "underscores.");
  for (const auto& [key, value] : table) {
    const std::string member(key.str());
    if (std::find(members.begin(), members.end(), member) == members.end()) {
      if (const auto meant = meant_by(member); !meant.empty())
        return no("has a member " + safe_text(member) + "; did you mean " + std::string(meant) +
                  "?");
      if (is_of_token(member))
        return no("has a member " + safe_text(member) +
                  ": a token is never in this file. Put it into a file of its own (token_file), or "
                  "say what prints it (token_command).");
      return no("has a member " + safe_text(member) +
                "; server, token_file and token_command are known.");
    }
    const auto* text = value.as_string();
    if (text == nullptr || text->get().empty() || has_control_character(text->get()))
      return no("has a " + member + " that is no text of one line.");
    (member == "server"       ? c.server
     : member == "token_file" ? c.token_file
                              : c.token_command) = text->get();
  }
  if (c.server.empty())
    return no("has no server, such as https://hub.example.com or unix:/run/orderhub/admin.sock.");
  if (!c.server.starts_with("unix:") && c.server.find('@') != std::string::npos)
    return no("has a server with a name or token before its host: a token is never in this file.");
  if (!c.token_file.empty() && !c.token_command.empty())
    return no("has a token_file and a token_command: one of them says what the token is.");
  if (!c.token_file.empty() && !c.token_file.starts_with('/'))
    return no("has a token_file that is no absolute path.");
  return c;
}

result<context_file> contexts_in(const std::string& text, const std::string& path) {
  context_file file;
  file.path = path;
  toml::table read;
  try {
    read = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return wrong(path, "line " + std::to_string(e.source().begin.line) + " is no TOML.");
  }
  for (const auto& [key, value] : read) {
    const std::string_view name = key.str();
    if (name == "use" && value.is_string())
      file.in_use = value.as_string()->get();
    else if (name != "context" || !value.is_table())
      return wrong(path, "it has only use = \"NAME\" and tables [context.NAME].");
  }
  if (const auto* list = read["context"].as_table())
    for (const auto& [name, value] : *list) {
      if (!value.is_table())
        return wrong(path, "it has only use = \"NAME\" and tables [context.NAME].");
      auto one = context_of(std::string(name.str()), *value.as_table(), path);
      if (!one)
        return one.failure();
      file.all.push_back(std::move(*one));
    }
  std::sort(file.all.begin(), file.all.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  if (!file.in_use.empty() && file.find(file.in_use) == nullptr)
    return wrong(path, "use names a context that is not there.");
  return file;
}

/// Nothing: there is no such file.
result<std::optional<std::string>> text_in(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return std::optional<std::string>();
    return wrong(path, std::string("it cannot be read: ") + std::strerror(errno) + '.');
  }
  if (!S_ISREG(about.st_mode) || static_cast<std::size_t>(about.st_size) > file_size_max)
    return wrong(path, "it is no file of at most 1 MiB.");
  if ((about.st_mode & 022) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0))
    return wrong(path, "others than you may write it, and so say what is run: chmod 600.");
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad())
    return wrong(path, "it cannot be read.");
  return std::optional(std::move(text));
}

/// The text with another `use`, which can only stand before the first table.
std::string with_use(const std::string& text, std::string_view name) {
  const auto line = name.empty() ? std::string() : "use = \"" + std::string(name) + "\"\n";
  const auto first_of = [&](std::size_t at) { return text.find_first_not_of(" \t", at); };
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const auto begin = first_of(at);
    if (begin != std::string::npos && text[begin] == '[')
      break;
    if (begin != std::string::npos && text.compare(begin, 3, "use") == 0)
      if (const auto sign = first_of(begin + 3); sign != std::string::npos && text[sign] == '=')
        return text.substr(0, at) + line + text.substr(end);
    at = end;
  }
  return line + text;
}

/// In one step, so that whoever reads meanwhile has the old or the new one, whole.
result<void> replace(const std::string& given, const std::string& text) {
  std::error_code failed;
  auto path = std::filesystem::canonical(given, failed).string(); // Where a link leads.
  if (failed)
    path = given;
  const auto beside = path + ".new";
  ::unlink(beside.c_str()); // Of one that was stopped.
  const int to = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const auto written = to < 0 ? -1 : ::write(to, text.data(), text.size());
  const bool is_whole = written == static_cast<ssize_t>(text.size()) && ::fsync(to) == 0;
  const int reason = errno;
  if (to >= 0)
    ::close(to);
  if (is_whole && ::rename(beside.c_str(), path.c_str()) == 0)
    return {};
  const int why = is_whole ? errno : reason;
  ::unlink(beside.c_str());
  return wrong(given, std::string("it cannot be written: ") + std::strerror(why) + '.');
}

int refuse(const error& why, std::ostream& err) {
  err << "orderhub: " << safe_text(why.message) << '\n';
  return why.kind == error_kind::not_found ? not_found : wrong_use;
}

} // namespace

const hub_context* context_file::find(std::string_view name) const {
  const auto it =
      std::find_if(all.begin(), all.end(), [name](const auto& c) { return c.name == name; });
  return it == all.end() ? nullptr : &*it;
}

result<context_file> read_contexts(const environment_reader& environment) {
  const auto path = path_of(environment);
  if (path.empty())
    return context_file();
  auto text = text_in(path);
  if (!text)
    return text.failure();
  if (!*text) {
    context_file none;
    none.path = path;
    return none;
  }
  return contexts_in(**text, path);
}

result<void> use_context(const environment_reader& environment, std::string_view name) {
  const auto now = read_contexts(environment);
  if (!now)
    return now.failure();
  if (!name.empty() && now->find(name) == nullptr) {
    std::string known;
    for (const auto& c : now->all)
      known.append(known.empty() ? "" : ", ").append(c.name);
    return fail({error_kind::not_found, "cli",
                 (now->path.empty() ? std::string("~/.config/orderhub/cli.toml") : now->path) +
                     " has no context " + std::string(name) +
                     (known.empty() ? "; it has none yet: write [context.NAME] with a server."
                                    : "; it has " + known + ".")});
  }
  if (now->in_use == name)
    return {};
  const auto text = text_in(now->path);
  if (!text)
    return text.failure();
  auto changed = with_use(text->value_or(std::string()), name);
  const auto becomes = contexts_in(changed, now->path);
  if (!becomes || becomes->in_use != name || becomes->all != now->all)
    return wrong(now->path, "it cannot be changed from here; write use = \"" + std::string(name) +
                                "\" before its first table.");
  return replace(now->path, changed);
}

int list_contexts(const environment_reader& environment, bool wants_json, std::ostream& out,
                  std::ostream& err) {
  const auto file = read_contexts(environment);
  if (!file)
    return refuse(file.error(), err);
  const auto token = [](const hub_context& c) {
    return !c.token_file.empty() ? "file" : !c.token_command.empty() ? "command" : "none";
  };
  if (wants_json) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& c : file->all)
      list.push_back({{"name", c.name},
                      {"in_use", c.name == file->in_use},
                      {"server", c.server},
                      {"token", token(c)}});
    out << nlohmann::ordered_json{{"file", file->path}, {"contexts", std::move(list)}}.dump(
               -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
        << '\n';
    return done;
  }
  if (file->all.empty()) {
    err << "orderhub: " << safe_text(file->path.empty() ? "this environment" : file->path)
        << " has no contexts\n";
    return done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : file->all)
    rows.push_back({c.name == file->in_use ? "*" : "-", c.name, c.server, token(c)});
  out << table_text({"USED", "NAME", "SERVER", "TOKEN"}, rows);
  for (const auto* name : {"ORDERHUB_ADMIN", "ORDERHUB_ADMIN_URL"})
    if (!text_of(environment, name).empty())
      err << "orderhub: " << name << " is set and counts before a context\n";
  return done;
}

int choose_context(const environment_reader& environment, std::string_view name, std::ostream& out,
                   std::ostream& err) {
  if (auto chosen = use_context(environment, name); !chosen)
    return refuse(chosen.error(), err);
  out << (name.empty() ? "no context is used" : safe_text(name)) << '\n';
  return done;
}

} // namespace orderhub::http_gateway::cli
