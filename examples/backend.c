/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend: the lines of C a store backend would write. It holds orders as columns, asks who its customers are, and
   looks up where one of them belongs. */
#include <inttypes.h>
#include <patron/patron.h>
#include <stdio.h>

enum { CUSTOMERS = 200, MOST_LINES = 4000 };

/* Stands for the backend's own data: regulars who order every other week, and passers-by who came once or twice. */
static int64_t load_orders(int64_t *customer, int64_t *time_s, int64_t *amount)
{
    int64_t lines = 0;
    for (int64_t c = 0; c < CUSTOMERS; c++) {
        int64_t orders = c % 4 == 0 ? 12 + c % 5 : 1 + c % 2;
        for (int64_t o = 0; o < orders; o++, lines++) {
            customer[lines] = 1000 + c;
            time_s[lines] = INT64_C(1704103200) + (c % 60 + o * (14 + c % 3)) * 86400;
            amount[lines] = (15 + (c * 7 + o * 3) % 40) * PATRON_MONEY_UNIT;
        }
    }
    return lines;
}

int main(void)
{
    static int64_t customer[MOST_LINES], time_s[MOST_LINES], amount[MOST_LINES];
    patron_history *history = NULL;
    patron_segmentation *result = NULL;
    patron_error error;
    int code = 0;

    patron_orders orders; /* borrowed columns: nothing is copied before the call */
    patron_orders_init(&orders, sizeof orders);
    orders.rows = load_orders(customer, time_s, amount);
    orders.customer_number = customer;
    orders.time_s = time_s;
    orders.amount = amount;

    if (patron_history_create(&history, NULL, NULL, &error) != PATRON_OK ||
        patron_history_append(history, &orders, NULL, &error) != PATRON_OK ||
        patron_segment(&result, history, NULL, NULL, &error) != PATRON_OK) {
        fprintf(stderr, "backend: %s\n", error.message);
        code = 1;
    }
    for (int32_t id = 0; id < patron_segmentation_count(result); id++) {
        patron_segment_info segment = {.size = sizeof segment};
        if (patron_segmentation_segment(&segment, result, id, &error) != PATRON_OK) break;
        printf("segment %d: %s, %" PRId64 " customers, %.0f %% of revenue\n", segment.id, segment.name,
               segment.customers, 100.0 * segment.revenue_share);
    }
    int64_t row = patron_features_find(patron_segmentation_features(result), (const uint8_t *)"1004", 4);
    if (row >= 0) printf("customer 1004 is in segment %d\n", patron_segmentation_labels(result)[row]);

    patron_segmentation_free(result);
    patron_history_free(history);
    return code;
}
