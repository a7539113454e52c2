# The welcome page becomes a string of the program: src/handlers/welcome/page.html as turnout::welcome_page.
set(page ${PROJECT_SOURCE_DIR}/src/handlers/welcome/page.html)
set(welcome_page_source ${PROJECT_BINARY_DIR}/generated/welcome_page.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
file(READ ${page} welcome_page_html)
file(CONFIGURE OUTPUT ${welcome_page_source} @ONLY CONTENT [[
#include "handlers/welcome.h"

namespace turnout {

constinit const std::string_view welcome_page = R"~page~(@welcome_page_html@)~page~";

}  // namespace turnout
]])
