#pragma once
#include <string>

namespace orderhub::http_gateway {

/// `http_gateway/SETTINGS.md`: the whole table as Markdown, a section a group. Ends in a newline.
std::string settings_markdown();

} // namespace orderhub::http_gateway
