# Benchmarks of the code: every *_benchmark.cpp beside it, in one program.
find_package(benchmark REQUIRED)

file(GLOB_RECURSE benchmark_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*_benchmark.cpp)
add_executable(turnout_benchmarks ${benchmark_sources})
target_link_libraries(turnout_benchmarks PRIVATE turnout turnout_flags benchmark::benchmark_main)

# The instrument: what bench/run drives servers with. It shares nothing with what it measures, the flags of hardening
# among it.
include(cmake/bench_parts.cmake)
foreach(program load floor delay)
  file(GLOB program_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/${program}/*.cpp)
  list(FILTER program_sources EXCLUDE REGEX "_test\\.cpp$")
  if(NOT program_sources)
    continue()
  endif()
  add_executable(bench_${program} ${program_sources})
  set_target_properties(bench_${program} PROPERTIES
    OUTPUT_NAME ${program} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_link_libraries(bench_${program} PRIVATE bench_parts OpenSSL::SSL ZLIB::ZLIB PkgConfig::nghttp2)
endforeach()
