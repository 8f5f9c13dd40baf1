/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The made-up shop as CSV (RFC 4180, line feeds), with some dirt if wanted. */
#include "shop/shop.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "shop/draw.h"

/* What is wrong with a line; the share of each in a thousand lines. */
enum { CLEAN, NO_CUSTOMER, TWICE, ZERO_PRICE, BAD_PRICE, BAD_PRODUCT, FAULTS };
static const double PER_THOUSAND[FAULTS] = {0, 4, 3, 2, 1, 1};

enum { FOR_DIRT = 100 }; /* the purpose of the draw, apart from those of shop.c */

/* By the line's own numbers, so that other customers do not matter. */
static int draw_fault(const shop_ledger *shop, int64_t row)
{
    uint64_t what = (uint64_t)shop->time_s[row] * 64 + (uint64_t)shop->product[row];
    draw d = draw_open(shop->seed, (uint64_t)shop->customer[row], FOR_DIRT, what & UINT64_C(0xFFFFFFFFFFFF));
    double left = 1000.0 * draw_unit(&d);
    for (int fault = CLEAN + 1; fault < FAULTS; fault++) {
        if (left < PER_THOUSAND[fault]) return fault;
        left -= PER_THOUSAND[fault];
    }
    return CLEAN;
}

static void put_text(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

/* 1/10,000 units that are whole cents. */
static void put_money(FILE *file, int64_t money)
{
    fprintf(file, "%" PRId64 ".%02" PRId64, money / 10000, money % 10000 / 100);
}

static void put_line(FILE *file, const shop_ledger *shop, int64_t row, int fault)
{
    struct tm at;
    time_t seconds = (time_t)shop->time_s[row];
    const shop_product *product = shop_product_get(shop->product[row]);
    gmtime_r(&seconds, &at);
    if (fault != NO_CUSTOMER) fprintf(file, "%" PRId64, shop->customer[row]);
    fprintf(file, ",%" PRId64 ",%04d-%02d-%02dT%02d:%02d:%02d,", shop->order[row], at.tm_year + 1900, at.tm_mon + 1,
            at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
    put_text(file, fault == BAD_PRODUCT ? "Caf\xE9 cr\xE8me" : product->name); /* Latin-1, as an old till writes it */
    fprintf(file, ",%s,%.0f,", product->category, shop->quantity[row]);
    if (fault == BAD_PRICE)
        fputs("n/a", file);
    else
        put_money(file, fault == ZERO_PRICE ? 0 : shop->unit_price[row]);
    putc(',', file);
    put_money(file, shop->discount[row]);
    putc('\n', file);
}

bool shop_write_orders(FILE *file, const shop_ledger *shop, bool dirty)
{
    fputs("customer_id,order_id,timestamp,product_id,category,quantity,unit_price,discount\n", file);
    for (int64_t row = 0; row < shop->rows; row++) {
        int fault = dirty ? draw_fault(shop, row) : CLEAN;
        put_line(file, shop, row, fault);
        if (fault == TWICE) put_line(file, shop, row, fault);
    }
    return fflush(file) == 0 && !ferror(file);
}

bool shop_write_kinds(FILE *file, const shop_ledger *shop)
{
    fputs("customer_id,kind\n", file);
    for (int64_t i = 0; i < shop->customers; i++)
        fprintf(file, "%" PRId64 ",%s\n", SHOP_FIRST_CUSTOMER + i, shop_kind_name(shop->kind[i]));
    return fflush(file) == 0 && !ferror(file);
}
