# The release binary talks to everybody: what compiler and linker can do against memory errors is on.
# tests/hardening_test.py looks for the marks of these flags in the built program.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")  # no -DNDEBUG: an impossible state ends the process in release builds too

target_compile_definitions(turnout_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(turnout_flags INTERFACE
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
  -fstack-protector-strong -fstack-clash-protection
  -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow
  $<$<CXX_COMPILER_ID:Clang>:-fstrict-flex-arrays=3>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
  target_compile_options(turnout_flags INTERFACE -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  target_compile_options(turnout_flags INTERFACE -mbranch-protection=standard)
endif()
target_link_options(turnout_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
