# SPDX-License-Identifier: GPL-3.0-or-later
# libpatron.a: our objects and what they need of libgsl.a, libopenblas.a and libjansson.a, linked into one object in which
# patron_* alone stays global. So a program may link it beside a GSL, OpenBLAS or jansson of its own, and their handlers
# and state stay apart, as with the shared library.
set(static_library ${CMAKE_CURRENT_BINARY_DIR}/libpatron.a)
set(static_object ${CMAKE_CURRENT_BINARY_DIR}/libpatron.o)
set(private_archives ${gsl_library} ${jansson_library})
set(PATRON_STATIC_NEEDS -pthread -lm) # what a program that links it has to add
if(PATRON_SYSTEM_BLAS)
  list(APPEND PATRON_STATIC_NEEDS ${BLAS_LIBRARIES})
else()
  list(APPEND private_archives ${blas_library})
endif()
add_custom_command(OUTPUT ${static_library}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${static_library}
  COMMAND ${CMAKE_LINKER} -r -o ${static_object} $<TARGET_OBJECTS:patron_objects>
          --start-group ${private_archives} --end-group
  COMMAND ${CMAKE_OBJCOPY} --wildcard "--keep-global-symbol=patron_*" ${static_object}
  COMMAND ${CMAKE_AR} rcsD ${static_library} ${static_object}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${static_object}
  DEPENDS patron_objects $<TARGET_OBJECTS:patron_objects> ${private_archives}
  COMMENT "Linking one object into libpatron.a"
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(patron_static ALL DEPENDS ${static_library})
