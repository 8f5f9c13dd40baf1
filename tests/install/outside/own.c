/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program with a GSL, a BLAS and a jansson of its own beside libpatron.a: nothing clashes, and its GSL handler and
   its jansson functions are neither called nor moved. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_vector.h>
#include <jansson.h>
#include <stdlib.h>

double cblas_ddot(int count, const double *a, int step_a, const double *b, int step_b);
int patron_program(void);

static int handled, json_blocks;

static void on_error(const char *reason, const char *file, int line, int number)
{
    (void)reason, (void)file, (void)line, (void)number;
    handled++;
}

static void *take(size_t bytes)
{
    json_blocks++;
    return malloc(bytes);
}

int main(void)
{
    double a[2] = {3.0, 4.0};
    gsl_sf_result gamma;
    gsl_set_error_handler(on_error);
    json_set_alloc_funcs(take, free);
    if (patron_program() != 0 || handled != 0 || json_blocks != 0) return 1;
    if (gsl_sf_gamma_e(-1.0, &gamma) == 0 || handled != 1) return 2; /* its own GSL still calls its own handler */
    json_decref(json_object());
    if (json_blocks == 0) return 3;
    return cblas_ddot(2, a, 1, a, 1) == 25.0 && gsl_set_error_handler(NULL) == on_error ? 0 : 4;
}
