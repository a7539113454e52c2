# Writes a ctest entry for each suite of a GoogleTest program: cmake -DPROGRAM=... -DOUTPUT=... -P list_suites.cmake
# Suites named SOAK_* take minutes and are left to `make soak`.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[A-Za-z0-9_/]+\\.[^A-Za-z0-9]" suites "\n${listing}")
set(entries "")
foreach(suite IN LISTS suites)
  string(REGEX MATCH "[A-Za-z0-9_/]+" suite "${suite}")
  if(NOT suite MATCHES "(^|/)SOAK_")
    string(APPEND entries "add_test(\"${suite}\" \"${PROGRAM}\" \"--gtest_filter=${suite}.*\")\n")
  endif()
endforeach()
file(WRITE ${OUTPUT} "${entries}")
