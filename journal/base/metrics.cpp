#include "journal/base/metrics.hpp"

namespace orderhub {

namespace {

/// A line feed would end the line; a backslash begins an escape; a quote ends a label's value, and
/// means nothing in a help text.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quoted && c == '"'))
      out += '\\';
    out += c;
  }
}

} // namespace

void metrics_writer::family(std::string_view name, metric_kind kind, std::string_view help) {
  name_ = name;
  if (!help.empty()) {
    text_.append("# HELP ").append(name).append(" ");
    append_escaped(text_, help, false);
    text_ += '\n';
  }
  text_.append("# TYPE ").append(name);
  text_ += kind == metric_kind::counter ? " counter\n" : " gauge\n";
}

void metrics_writer::add(std::initializer_list<label> labels, std::string_view value) {
  text_ += name_;
  char before = '{';
  for (const auto& [name, label_value] : labels) {
    text_ += before;
    text_.append(name).append("=\"");
    append_escaped(text_, label_value, true);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0)
    text_ += '}';
  text_.append(" ").append(value).append("\n");
}

} // namespace orderhub
