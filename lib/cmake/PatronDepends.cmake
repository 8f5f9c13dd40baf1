# SPDX-License-Identifier: GPL-3.0-or-later
# What the library is made with: target patron_depends.
#
# GSL, a serial OpenBLAS and jansson are linked statically and privately: the host's own copies, their global handlers and
# their threads are never touched. A static library that cannot go into a shared one stops the configuration here, with
# the way to get one that can.
include(CheckCSourceCompiles)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(patron_depends INTERFACE)

# Finds libNAME.a and proves that it can be linked into a shared library. CODE uses it.
function(patron_private_library out name header suffixes code advice)
  find_library(PATRON_${name}_LIBRARY NAMES lib${name}.a PATH_SUFFIXES ${suffixes})
  find_path(PATRON_${name}_INCLUDE NAMES ${header} PATH_SUFFIXES ${suffixes}
            HINTS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  if(NOT PATRON_${name}_LIBRARY OR NOT PATRON_${name}_INCLUDE)
    message(FATAL_ERROR "lib${name}.a or ${header} was not found. ${advice}")
  endif()
  set(CMAKE_REQUIRED_INCLUDES ${PATRON_${name}_INCLUDE})
  set(CMAKE_REQUIRED_FLAGS "-fPIC")
  set(CMAKE_REQUIRED_LINK_OPTIONS -shared LINKER:--exclude-libs,ALL LINKER:--no-undefined)
  set(CMAKE_REQUIRED_LIBRARIES ${PATRON_${name}_LIBRARY} ${ARGN} m)
  check_c_source_compiles("${code}" PATRON_${name}_PIC)
  if(NOT PATRON_${name}_PIC)
    message(FATAL_ERROR "${PATRON_${name}_LIBRARY} is not position-independent, so it cannot go into libpatron.so. ${advice}")
  endif()
  target_include_directories(patron_depends SYSTEM INTERFACE ${PATRON_${name}_INCLUDE})
  set(${out} ${PATRON_${name}_LIBRARY} PARENT_SCOPE)
endfunction()

if(PATRON_SYSTEM_BLAS)
  # The host accepts what its BLAS does when it is loaded (Debian's threaded OpenBLAS starts threads then).
  set(BLA_VENDOR OpenBLAS)
  find_package(BLAS REQUIRED)
  find_path(PATRON_openblas_INCLUDE NAMES cblas.h PATH_SUFFIXES openblas openblas-pthread openblas-serial
            HINTS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} REQUIRED)
  target_include_directories(patron_depends SYSTEM INTERFACE ${PATRON_openblas_INCLUDE})
  set(blas_library ${BLAS_LIBRARIES})
else()
  patron_private_library(blas_library openblas cblas.h openblas-serial
    "#include <cblas.h>\ndouble f(double *a); double f(double *a) { return cblas_ddot(2, a, 1, a, 1); }"
    "On Debian: apt-get install libopenblas-serial-dev. Elsewhere: build OpenBLAS with USE_THREAD=0 and point -DPATRON_openblas_LIBRARY at its libopenblas.a; or choose -DPATRON_SYSTEM_BLAS=ON.")
endif()

# GSL takes its CBLAS from the library above.
patron_private_library(gsl_library gsl gsl/gsl_eigen.h ""
  "#include <gsl/gsl_eigen.h>\nvoid gsl_error(const char *, const char *, int, int); void gsl_error(const char *a, const char *b, int c, int d) { (void)a; (void)b; (void)c; (void)d; }\nvoid f(void); void f(void) { gsl_eigen_symm_free(gsl_eigen_symm_alloc(2)); }"
  "On Debian: apt-get install libgsl-dev. Elsewhere: build GSL with --with-pic and point -DPATRON_gsl_LIBRARY at its libgsl.a."
  ${blas_library})
patron_private_library(jansson_library jansson jansson.h ""
  "#include <jansson.h>\nvoid f(void); void f(void) { json_decref(json_object()); }"
  "On Debian: apt-get install libjansson-dev. Elsewhere: build jansson with -DCMAKE_POSITION_INDEPENDENT_CODE=ON and point -DPATRON_jansson_LIBRARY at its libjansson.a.")

set(linked_blas ${blas_library})
if(NOT PATRON_SYSTEM_BLAS)
  # What a target names as its PATRON_OTHER_BLAS takes the place of it: tests do, as to link 28 MB into each takes longer
  # than to compile it.
  set(other_blas "$<TARGET_PROPERTY:PATRON_OTHER_BLAS>")
  set(linked_blas "$<IF:$<BOOL:${other_blas}>,${other_blas},${blas_library}>")
endif()
target_link_libraries(patron_depends INTERFACE ${gsl_library} ${linked_blas} ${jansson_library} Threads::Threads m)
