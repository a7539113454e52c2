# What the library links; the installed package looks for the same.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3)
find_dependency(ZLIB)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(tomlplusplus)
find_dependency(PkgConfig)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET GLOBAL libnghttp2>=1.52)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET GLOBAL libcares>=1.18)
# By pkg-config: its CMake package asks for the HTTP server and client of its other libraries, which nothing here uses.
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET GLOBAL prometheus-cpp-core>=1.0)
