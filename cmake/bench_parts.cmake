# What the programs of bench/ share, and their tests need.
include_guard()
file(GLOB bench_parts_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/shared/*.cpp)
list(FILTER bench_parts_sources EXCLUDE REGEX "_test\\.cpp$")
add_library(bench_parts STATIC ${bench_parts_sources})
target_include_directories(bench_parts PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_options(bench_parts PUBLIC -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${TURNOUT_WERROR}>:-Werror>)
target_link_libraries(bench_parts PUBLIC OpenSSL::Crypto)
if(TURNOUT_SANITIZE)  # not in a generator expression: two of them have a comma between
  target_link_libraries(bench_parts PRIVATE turnout_flags)
endif()
