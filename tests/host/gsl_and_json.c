/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that uses GSL and jansson itself: its GSL error handler is never called or moved by patron, its jansson memory
   functions are never used, and when the process has no memory for what patron is made with, patron says so and works
   again. (unit/test_gsl_error.c makes GSL fail within the library; lint.private proves that it is the library's own.)
 */
#include <gsl/gsl_errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "host.h"

static int handled;      /* calls of the host's GSL handler */
static int json_blocks;  /* taken through the host's jansson */
static int64_t asked;    /* blocks the process asked for while counting */
static int64_t fails_at; /* which of them is refused; -1: none */
static int counting;

static void on_gsl_error(const char *reason, const char *file, int line, int number)
{
    (void)reason;
    (void)file;
    (void)line;
    (void)number;
    handled++;
}

/* The process's malloc and calloc, with a hole in them. patron's context allocator goes below, so what is refused is
   what its dependencies ask for. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t each);
extern void *__libc_realloc(void *block, size_t bytes);
extern void __libc_free(void *block);
#ifndef HOST_SANITIZED /* a sanitizer brings its own */
void *malloc(size_t bytes);
void *calloc(size_t count, size_t each);

static int refused(void) { return counting && asked++ == fails_at; }

void *malloc(size_t bytes) { return refused() ? NULL : __libc_malloc(bytes); }

void *calloc(size_t count, size_t each) { return refused() ? NULL : __libc_calloc(count, each); }

#endif

static void *own_allocate(void *user, size_t bytes)
{
    (void)user;
    return __libc_malloc(bytes);
}

static void *own_reallocate(void *user, void *block, size_t bytes)
{
    (void)user;
    return __libc_realloc(block, bytes);
}

static void own_free(void *user, void *block)
{
    (void)user;
    __libc_free(block);
}

static void *json_take(size_t bytes)
{
    json_blocks++;
    return __libc_malloc(bytes);
}

static patron_context own_context(void)
{
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.allocate = own_allocate;
    context.reallocate = own_reallocate;
    context.deallocate = own_free;
    return context;
}

/* Runs the call with its 0th, 1st, 2nd … block refused until nothing is refused any more. Gives how many times memory
   ran out. */
typedef patron_status (*station)(patron_error *error);

static int64_t run_short_of_memory(const char *name, station call)
{
    int64_t failures = 0;
    for (fails_at = 0;; fails_at++) {
        patron_error error;
        asked = 0;
        counting = 1;
        patron_status status = call(&error);
        counting = 0;
        CHECK(handled == 0);
        if (asked <= fails_at) {
            CHECK(status == PATRON_OK);
            break;
        }
        CHECK(status == PATRON_OUT_OF_MEMORY || status == PATRON_OK);
        failures += status == PATRON_OUT_OF_MEMORY;
        CHECK(status != PATRON_OUT_OF_MEMORY || error.message[0] != '\0');
    }
    printf("%s: %" PRId64 " blocks from the process, %" PRId64 " times out of memory\n", name, fails_at, failures);
    return failures;
}

static double *numbers;
static patron_history *history;
static patron_segmentation *segmentation;

static patron_status fit(patron_error *error)
{
    patron_context context = own_context();
    patron_kmeans *kmeans = NULL;
    patron_rows rows;
    patron_rows_init(&rows, sizeof rows);
    rows.values = numbers;
    rows.rows = 400;
    rows.cols = 4;
    patron_status status = patron_kmeans_fit(&kmeans, NULL, &rows, 3, NULL, &context, error);
    CHECK((kmeans != NULL) == (status == PATRON_OK));
    if (kmeans != NULL) {
        patron_kmeans_result result = {.size = sizeof result};
        CHECK(patron_kmeans_result_get(&result, kmeans, NULL) == PATRON_OK);
        CHECK(result.inertia_lower_bound > 0.0 && result.inertia_lower_bound <= result.inertia);
    }
    patron_kmeans_free(kmeans);
    return status;
}

static patron_status segment(patron_error *error)
{
    patron_context context = own_context();
    patron_segmentation *result = NULL;
    patron_status status = patron_segment(&result, history, NULL, &context, error);
    CHECK((result != NULL) == (status == PATRON_OK));
    patron_segmentation_free(result);
    return status;
}

static patron_status report(patron_error *error)
{
    patron_context context = own_context();
    patron_document *document = NULL;
    patron_status status = patron_report_json(&document, segmentation, history, &context, error);
    CHECK((document != NULL) == (status == PATRON_OK));
    if (document != NULL) CHECK(patron_document_length(document) == (int64_t)strlen(patron_document_text(document)));
    patron_document_free(document);
    return status;
}

int main(void)
{
#ifdef HOST_SANITIZED
    puts("SKIPPED: malloc cannot be replaced under a sanitizer");
    return HOST_SKIPPED;
#endif
    shop_ledger shop;
    shop_options options;
    shop_options_init(&options);
    options.customers = 60;
    CHECK(shop_make(&shop, &options));
    numbers = host_numbers(400, 4);

    CHECK(gsl_set_error_handler(on_gsl_error) == NULL);
    gsl_error("the host's own", __FILE__, __LINE__, GSL_EFAILED);
    CHECK(handled == 1);
    handled = 0;
    json_set_alloc_funcs(json_take, __libc_free);
    json_decref(json_object());
    CHECK(json_blocks > 0);
    json_blocks = 0;

    patron_orders orders = host_orders(&shop);
    CHECK(patron_history_create(&history, NULL, NULL, NULL) == PATRON_OK);
    CHECK(patron_history_append(history, &orders, NULL, NULL) == PATRON_OK);
    CHECK(patron_segment(&segmentation, history, NULL, NULL, NULL) == PATRON_OK);

    run_short_of_memory("patron_kmeans_fit", fit); /* GSL's eigenvalues */
    run_short_of_memory("patron_segment", segment);
    CHECK(run_short_of_memory("patron_report_json", report) > 0);

    CHECK(handled == 0);
    CHECK(json_blocks == 0);
    CHECK(gsl_set_error_handler(NULL) == on_gsl_error);
    json_malloc_t take;
    json_free_t give;
    json_get_alloc_funcs(&take, &give);
    CHECK(take == json_take);

    patron_segmentation_free(segmentation);
    patron_history_free(history);
    shop_free(&shop);
    free(numbers);
    puts("the host's GSL handler and jansson functions are as they were");
    return 0;
}
