# Benchmarks: every *_benchmark.cpp beside the code and in bench/, in one program.
find_package(benchmark REQUIRED)

file(GLOB_RECURSE benchmark_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/src/*_benchmark.cpp ${PROJECT_SOURCE_DIR}/bench/*_benchmark.cpp)
if(benchmark_sources)
  add_executable(turnout_benchmarks ${benchmark_sources})
  target_link_libraries(turnout_benchmarks PRIVATE turnout turnout_flags benchmark::benchmark_main)
endif()
