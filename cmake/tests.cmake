# Unit tests: every *_test.cpp beside the code and in tests/, in one program, one ctest entry a suite.
find_package(GTest REQUIRED)

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/src/*_test.cpp ${PROJECT_SOURCE_DIR}/tests/*_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
list(REMOVE_DUPLICATES test_sources)
if(test_sources)
  add_executable(turnout_tests ${test_sources})
  target_include_directories(turnout_tests PRIVATE ${PROJECT_SOURCE_DIR})  # "tests/support/x.h"
  target_compile_definitions(turnout_tests PRIVATE TURNOUT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(turnout_tests PRIVATE turnout turnout_flags GTest::gmock GTest::gmock_main)
  include(GoogleTest)
  gtest_discover_tests(turnout_tests DISCOVERY_TIMEOUT 60)
endif()
