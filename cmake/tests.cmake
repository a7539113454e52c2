# Everything that ctest runs. Unit tests are every *_test.cpp beside the code, in tests/ and in bench/, in one program.
find_package(GTest REQUIRED)
include(cmake/bench_parts.cmake)

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/src/*_test.cpp ${PROJECT_SOURCE_DIR}/tests/*_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/*.cpp
  ${PROJECT_SOURCE_DIR}/bench/*_test.cpp)
list(FILTER test_sources EXCLUDE REGEX "/node_modules/")
list(REMOVE_DUPLICATES test_sources)
if(TURNOUT_SANITIZE STREQUAL "thread")
  # Only what more than one thread touches; compiling the rest would be most of the time that TSan takes.
  foreach(source IN LISTS test_sources)
    file(STRINGS ${source} shared REGEX "^TEST(_F|_P)?\\(([A-Za-z0-9_]*Posting|Workers)" LIMIT_COUNT 1)
    if(source MATCHES "_test\\.cpp$" AND NOT shared)
      list(REMOVE_ITEM test_sources ${source})
    endif()
  endforeach()
endif()

add_executable(turnout_tests ${test_sources})
target_include_directories(turnout_tests PRIVATE ${PROJECT_SOURCE_DIR})  # "tests/support/x.h"
target_compile_definitions(turnout_tests PRIVATE TURNOUT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(turnout_tests PRIVATE turnout bench_parts turnout_flags GTest::gmock GTest::gmock_main)
# Most of what a test costs is compiling it: GoogleTest's headers are read once, and nothing of it has to be fast.
target_compile_options(turnout_tests PRIVATE -O0)
target_precompile_headers(turnout_tests PRIVATE
  <gmock/gmock.h> <gtest/gtest.h> <algorithm> <functional> <map> <memory> <string> <string_view> <variant> <vector>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(turnout_tests PRIVATE "SHELL:-Xclang -fno-pch-timestamp")  # for ccache
endif()

# One ctest entry a suite: a process for each single test would cost more than the tests.
set(suites_file ${PROJECT_BINARY_DIR}/suites.cmake)
add_custom_command(TARGET turnout_tests POST_BUILD
  COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:turnout_tests> -DOUTPUT=${suites_file}
          -P ${CMAKE_CURRENT_LIST_DIR}/list_suites.cmake VERBATIM)
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${suites_file})

# What is the same whatever the sanitizer is checked once, in the plain build.
if(NOT TURNOUT_SANITIZE)
  set(TURNOUT_RELEASE_DIR ${PROJECT_SOURCE_DIR}/build CACHE PATH "Where the release build is that some tests look at")
  include(cmake/headers.cmake)
  set(scripts ${PROJECT_SOURCE_DIR}/tests)
  add_test(NAME structure COMMAND ${scripts}/structure_test.py)
  add_test(NAME switch_oracle COMMAND ${scripts}/switch/oracle_test.py)
  add_test(NAME security_doc COMMAND ${scripts}/security_doc_test.py)
  add_test(NAME alerts COMMAND promtool test rules ${scripts}/observe/alerts.yml)
  add_test(NAME hardening COMMAND ${scripts}/hardening_test.py ${TURNOUT_RELEASE_DIR})
  add_test(NAME install
    COMMAND ${scripts}/install_test ${TURNOUT_RELEASE_DIR} ${CMAKE_CXX_COMPILER} ${PROJECT_BINARY_DIR}/install-test)
  set_tests_properties(install PROPERTIES SKIP_RETURN_CODE 77)
  add_test(NAME compiler_refusal COMMAND ${scripts}/compiler_refusal_test)
endif()
