# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` and `cpack -G DEB` put where. The prefix can be moved afterwards: nothing installed names it.
#   runtime      the shared library
#   tools        patron-segment, the driver of examples/segment.c
#   development  headers, static library, find_package(patron), pkg-config
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/patron)

install(TARGETS patron EXPORT patron-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(FILES LICENSE CHANGELOG.md README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY include/patron DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN *.h)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/include/patron/version.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/patron COMPONENT development)
if(PATRON_BUILD_STATIC)
  install(FILES ${static_library} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
endif()
if(PATRON_BUILD_EXAMPLES)
  file(RELATIVE_PATH to_library ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  # The driver's objects, linked once more under the name it has among other programs.
  add_executable(patron_segment $<TARGET_OBJECTS:segment>)
  target_link_libraries(patron_segment PRIVATE $<TARGET_PROPERTY:segment,LINK_LIBRARIES>)
  set_target_properties(patron_segment PROPERTIES OUTPUT_NAME patron-segment INSTALL_RPATH $ORIGIN/${to_library}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/examples)
  install(TARGETS patron_segment RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
endif()

# find_package(patron)
install(EXPORT patron-targets NAMESPACE patron:: DESTINATION ${config_dir} COMPONENT development)
configure_package_config_file(lib/cmake/patron-config.cmake.in patron-config.cmake
  INSTALL_DESTINATION ${config_dir} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/patron-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/patron-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/patron-config-version.cmake
  DESTINATION ${config_dir} COMPONENT development)

# pkg-config; it knows where its file lies.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(folder IN ITEMS LIB INCLUDE)
  cmake_path(IS_ABSOLUTE CMAKE_INSTALL_${folder}DIR fixed)
  set(PC_${folder}DIR "\${prefix}/${CMAKE_INSTALL_${folder}DIR}")
  if(fixed)
    set(PC_${folder}DIR ${CMAKE_INSTALL_${folder}DIR})
  endif()
endforeach()
set(PC_PREFIX "\${pcfiledir}/${to_prefix}")
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR fixed)
if(fixed)
  set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
endif()
string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
list(JOIN PATRON_STATIC_NEEDS " " PC_PRIVATE)
configure_file(lib/cmake/patron.pc.in patron.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/patron.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# Debian packages: libpatron0, libpatron-dev, patron-tools.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "patron authors")
set(CPACK_PACKAGE_CONTACT "patron authors <patron@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "Finds the few kinds of customers a shop has, who each of them is, and which ones spend the most, again and again.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
if(PATRON_BUILD_EXAMPLES)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libpatron${PATRON_SOVERSION})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/triggers)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
set(same_version "libpatron${PATRON_SOVERSION} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libpatron-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${same_version}")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME patron-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${same_version}")
include(CPack)
