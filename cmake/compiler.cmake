# Which compilers are taken, and the flags of every target (turnout_flags).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} is too old: Turnout is made of coroutines, and g++ 12.2 silently miscompiles "
    "them (measured: 21 of 63 legal forms, double destruction among them). Use clang++-19 (make build does), or g++ 13 or later.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)
check_pie_supported()

set(CMAKE_REQUIRED_FLAGS ${CMAKE_CXX23_STANDARD_COMPILE_OPTION})
check_cxx_source_compiles("
  #include <coroutine>
  #include <expected>
  #if !defined(__cpp_impl_coroutine) || !defined(__cpp_lib_expected)
  #error no coroutines
  #endif
  int main() { return std::expected<int, int>(0).value(); }" TURNOUT_HAS_COROUTINES)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT TURNOUT_HAS_COROUTINES)
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER} does not compile C++23 with <coroutine> and <expected>; "
    "use clang++-19 or g++ 13 or later.")
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache needs where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(turnout_flags INTERFACE)
target_compile_options(turnout_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Werror=format-security
  $<$<BOOL:${TURNOUT_WERROR}>:-Werror>)

check_linker_flag(CXX -fuse-ld=lld TURNOUT_HAS_LLD)
if(TURNOUT_HAS_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(turnout_flags INTERFACE -fuse-ld=lld)
endif()

if(TURNOUT_SANITIZE)
  target_compile_options(turnout_flags INTERFACE
    -fsanitize=${TURNOUT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(turnout_flags INTERFACE -fsanitize=${TURNOUT_SANITIZE})
  if(TURNOUT_FUZZ)
    target_compile_options(turnout_flags INTERFACE -fsanitize=fuzzer-no-link)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  include(cmake/hardening.cmake)
endif()
