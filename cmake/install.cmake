# `make install`: program, library, headers and a CMake package (find_package(turnout), target turnout::turnout).
# Headers keep their paths: the public ones as <turnout/x.h>, what those include in turn under turnout/impl.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(impl_dir ${CMAKE_INSTALL_INCLUDEDIR}/turnout/impl)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/turnout)

target_include_directories(turnout INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}> $<INSTALL_INTERFACE:${impl_dir}>)

install(TARGETS turnout_program)
install(TARGETS turnout EXPORT turnout)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY src/ DESTINATION ${impl_dir} FILES_MATCHING PATTERN "*.h" PATTERN main EXCLUDE)
install(EXPORT turnout NAMESPACE turnout:: FILE turnout-targets.cmake DESTINATION ${package_dir})

configure_package_config_file(cmake/turnout-config.cmake.in turnout-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(turnout-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/turnout-config.cmake ${PROJECT_BINARY_DIR}/turnout-config-version.cmake
  DESTINATION ${package_dir})
install(FILES cmake/dependencies.cmake DESTINATION ${package_dir} RENAME turnout-dependencies.cmake)
