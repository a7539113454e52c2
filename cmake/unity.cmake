# The files of a folder are compiled together: most of what a file costs is reading headers. A clean release build takes
# a quarter of the CPU. So names in anonymous namespaces are unique within a folder. `make lint` compiles each file alone.
function(compile_folders_together target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/src ${folder})
    string(MAKE_C_IDENTIFIER "${folder}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${TURNOUT_UNITY} UNITY_BUILD_MODE GROUP)
endfunction()
