/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program that uses an installed patron: a shop of three kinds of customers, and what patron says of them. Every way
   of linking it must print the same. */
#include <patron/patron.h>
#include <stdio.h>
#include <string.h>

enum { CUSTOMERS = 90, MOST_LINES = 4000 };

static int64_t customers[MOST_LINES], times[MOST_LINES], amounts[MOST_LINES];

/* A third buy every 20 days and much, a third every 60 days, a third once and long ago. */
static int64_t fill(void)
{
    int64_t rows = 0;
    for (int64_t c = 0; c < CUSTOMERS; c++) {
        int64_t every = c % 3 == 0 ? 20 + c % 5 : 60 + c % 7, orders = c % 3 == 0 ? 40 : c % 3 == 1 ? 10 : 1;
        for (int64_t o = 0; o < orders; o++, rows++) {
            customers[rows] = 1000 + c;
            times[rows] = (19000 + (c % 3 == 2 ? c : 800 - o * every + c % 11)) * 86400;
            amounts[rows] = (c % 3 == 0 ? 900000 : 200000) + 1700 * (c % 13) + 300 * o;
        }
    }
    return rows;
}

int main(void)
{
    patron_history *history = NULL;
    patron_segmentation *result = NULL;
    patron_document *document = NULL;
    patron_context context;
    patron_error error;
    patron_orders orders;
    patron_context_init(&context, sizeof context);
    context.threads = 2;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = fill();
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    if (strcmp(patron_version(), PATRON_VERSION) != 0 ||
        patron_history_create(&history, NULL, &context, &error) != PATRON_OK ||
        patron_history_append(history, &orders, &context, &error) != PATRON_OK ||
        patron_segment(&result, history, NULL, &context, &error) != PATRON_OK ||
        patron_report_json(&document, result, history, &context, &error) != PATRON_OK) {
        fprintf(stderr, "patron: %s\n", error.message);
        return 1;
    }
    printf("patron %s, fingerprint %016llx\n", patron_version(), (unsigned long long)patron_fingerprint(result));
    for (int32_t s = 0; s < patron_segmentation_count(result); s++) {
        patron_segment_info info = {.size = sizeof info};
        patron_segmentation_segment(&info, result, s, NULL);
        printf("%s: %lld customers, %.4f of revenue\n", info.name, (long long)info.customers, info.revenue_share);
    }
    printf("%lld bytes of JSON\n", (long long)patron_document_length(document));
    patron_document_free(document);
    patron_segmentation_free(result);
    patron_history_free(history);
    return 0;
}
