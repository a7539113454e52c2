// The Content-Type of a file, by the end of its name.
//
//   media_type_of("page.HTML");                // "text/html; charset=utf-8"
//   media_type_of("README");                   // "application/octet-stream"
#pragma once

#include <string_view>

namespace turnout {

std::string_view media_type_of(std::string_view file_name) noexcept;

}  // namespace turnout
