# SPDX-License-Identifier: GPL-3.0-or-later
# How every C file of the project is compiled: target patron_compile.
add_library(patron_compile INTERFACE)
target_compile_features(patron_compile INTERFACE c_std_11)
target_compile_definitions(patron_compile INTERFACE _GNU_SOURCE)
target_compile_options(patron_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wno-sign-conversion
  -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wdouble-promotion
  # The same bits everywhere: no multiply-add that the source did not ask for, no reordering.
  -ffp-contract=off -fno-fast-math
  # Nobody reads errno or traps of our arithmetic; without these two, loops with a square root or a comparison stay scalar.
  -fno-math-errno -fno-trapping-math)
if(PATRON_WERROR)
  target_compile_options(patron_compile INTERFACE -Werror)
endif()
if(PATRON_SANITIZE)
  # Lines are enough for their reports; to track variables, too, takes the kernels three times as long to compile.
  target_compile_options(patron_compile INTERFACE
    -fsanitize=${PATRON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(patron_compile INTERFACE -fsanitize=${PATRON_SANITIZE})
endif()
