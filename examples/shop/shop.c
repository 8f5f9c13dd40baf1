/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The customers of the made-up shop, one by one: when they come, what they buy, what they bring back; then all lines in
   the order of their time. */
#include "shop/shop.h"

#include <stdlib.h>
#include <string.h>

#include "shop/draw.h"

enum { DAY_S = 86400, MOST_ORDERS = 9999, MOST_LINES = 12, CATEGORIES = 6 };

#define OPENING_DAY INT64_C(19539) /* 2023-07-01, days since the epoch */

/* What a draw is for; part of its key. */
enum { FOR_KIND, FOR_START, FOR_BEHAVIOUR, FOR_VISITS, FOR_BASKET, FOR_RETURN };

static const char *const CATEGORY[CATEGORIES] = {"Coffee", "Tea", "Larder", "Kitchen", "Gifts", "Stationery"};

/* A kind of customer. */
typedef struct kind {
    const char *name;
    double share;                      /* of the customers */
    double rate_shape, rate_mean_days; /* purchases a day: gamma with mean 1 / rate_mean_days */
    double leave_a, leave_b;           /* leaving after a purchase: beta */
    double spend_shape, spend_cents;   /* a basket: gamma of this shape around the customer's mean, */
    double spend_spread;               /* … which is inverse gamma of this shape (> 1) with mean spend_cents */
    double taste[CATEGORIES];          /* weights of the categories */
    double discounted;                 /* share of lines with a discount */
    double returned;                   /* share of lines brought back */
    double december;                   /* weight of first visits in November and December, against other months */
    double last_start;                 /* first visits fall into this part of the shop's days */
} kind;

static const kind KINDS[SHOP_KINDS] = {
    [SHOP_REGULAR] = {"regular", 0.20, 8, 14, 0.3, 60, 6, 4200, 12, {6, 3, 6, 1, 0.2, 0.3}, 0.10, 0.02, 1, 0.5},
    [SHOP_BARGAIN_HUNTER] =
        {"bargain hunter", 0.45, 12, 50, 0.2, 20, 6, 900, 14, {2, 2, 5, 2, 0.3, 1}, 0.70, 0.05, 1, 0.45},
    [SHOP_GIFT_BUYER] =
        {"gift buyer", 0.35, 1, 400, 16, 1, 5, 22000, 10, {0.3, 0.5, 0.5, 1.5, 6, 2}, 0.08, 0.06, 6, 0.75},
};

/* A line before it goes into its column. */
typedef struct line {
    int64_t time_s, order;
    int32_t customer, product;
    int32_t place;    /* within the order */
    int32_t quantity; /* negative: brought back */
    int32_t price_cents, discount_cents;
} line;

typedef struct lines {
    line *items;
    int64_t count, capacity;
} lines;

void shop_options_init(shop_options *options) { *options = (shop_options){.customers = 3000, .days = 730, .seed = 1}; }

const char *shop_kind_name(int32_t which) { return which < 0 || which >= SHOP_KINDS ? "" : KINDS[which].name; }

static bool add(lines *all, line item)
{
    if (all->count == all->capacity) {
        int64_t capacity = all->capacity == 0 ? 1024 : 2 * all->capacity;
        line *items = realloc(all->items, (size_t)capacity * sizeof *items);
        if (items == NULL) return false;
        all->items = items;
        all->capacity = capacity;
    }
    all->items[all->count++] = item;
    return true;
}

static int32_t draw_kind(uint64_t seed, uint64_t customer)
{
    draw d = draw_open(seed, customer, FOR_KIND, 0);
    double left = draw_unit(&d);
    int32_t which = 0;
    while (which < SHOP_KINDS - 1 && left >= KINDS[which].share) left -= KINDS[which++].share;
    return which;
}

/* Month 1 … 12 of a day since the epoch (Hinnant's civil calendar). */
static int month_of(int64_t day)
{
    int64_t era_day = (day + 719468) % 146097;
    int64_t year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    int64_t year_day = era_day - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * year_day + 2) / 153;
    return (int)(march_month < 10 ? march_month + 3 : march_month - 9);
}

/* The instant of the first visit, in days after opening: a day by season, tried until one is taken. */
static double draw_start(const kind *who, uint64_t seed, uint64_t customer, int64_t days)
{
    draw d = draw_open(seed, customer, FOR_START, 0);
    for (;;) {
        double at = draw_unit(&d) * who->last_start * (double)days;
        int month = month_of(OPENING_DAY + (int64_t)at);
        if (draw_unit(&d) * who->december < (month >= 11 ? who->december : 1.0)) return at;
    }
}

/* A product of a category by the kind's taste. */
static int32_t draw_product(draw *d, const kind *who)
{
    double total = 0.0;
    for (int c = 0; c < CATEGORIES; c++) total += who->taste[c];
    double left = draw_unit(d) * total;
    int category = 0;
    while (category < CATEGORIES - 1 && left >= who->taste[category]) left -= who->taste[category++];

    int32_t first = 0, count = 0;
    for (int32_t p = 0; p < shop_product_count(); p++) {
        if (strcmp(shop_product_get(p)->category, CATEGORY[category]) != 0) continue;
        if (count++ == 0) first = p;
    }
    return first + (int32_t)draw_below(d, count);
}

/* Brings (part of) a line back some days later, when the shop is still open. */
static bool add_return(lines *all, const line *bought, draw *d, int64_t closing_s)
{
    line back = *bought;
    back.time_s += (3 + draw_below(d, 25)) * DAY_S + draw_below(d, 3600);
    back.quantity = -1 - (int32_t)draw_below(d, bought->quantity);
    back.discount_cents = 0;
    back.place += MOST_LINES;
    return back.time_s >= closing_s || add(all, back);
}

/* Fills a basket until it is worth what the customer means to spend. */
static bool add_basket(lines *all, const kind *who, uint64_t seed, line visit, double spend_cents, int64_t closing_s)
{
    static const int32_t PERCENT[] = {10, 20, 30, 50};
    uint64_t step = (uint64_t)visit.order % (MOST_ORDERS + 1);
    draw d = draw_open(seed, (uint64_t)visit.customer, FOR_BASKET, step);
    draw back = draw_open(seed, (uint64_t)visit.customer, FOR_RETURN, step);
    double spent = 0.0;
    uint64_t taken = 0; /* one bit for each product: a basket names each once */
    for (int place = 0; place < MOST_LINES && (place == 0 || spent < spend_cents); place++) {
        line item = visit;
        item.place = place;
        do {
            item.product = draw_product(&d, who);
        } while (taken >> item.product & 1);
        taken |= UINT64_C(1) << item.product;
        int32_t list_cents = shop_product_get(item.product)->price_cents, off = 0;
        if (draw_unit(&d) < who->discounted) off = (list_cents * PERCENT[draw_below(&d, 4)] + 50) / 100;
        item.price_cents = list_cents - off;
        int64_t affordable = (int64_t)((spend_cents - spent) / item.price_cents);
        item.quantity = 1 + (int32_t)draw_below(&d, affordable < 1 ? 1 : affordable > 3 ? 3 : affordable);
        item.discount_cents = off * item.quantity;
        spent += (double)item.price_cents * item.quantity;
        if (!add(all, item)) return false;
        if (draw_unit(&back) < who->returned && !add_return(all, &item, &back, closing_s)) return false;
    }
    return true;
}

static bool add_customer(lines *all, int32_t which, const shop_options *options, int64_t customer)
{
    const kind *who = &KINDS[which];
    uint64_t seed = options->seed, id = (uint64_t)customer;
    draw behaviour = draw_open(seed, id, FOR_BEHAVIOUR, 0);
    double rate = draw_gamma(&behaviour, who->rate_shape) / (who->rate_shape * who->rate_mean_days);
    double leave = draw_beta(&behaviour, who->leave_a, who->leave_b);
    double mean_cents = who->spend_cents * (who->spend_spread - 1.0) / draw_gamma(&behaviour, who->spend_spread);

    double at = draw_start(who, seed, id, options->days);
    int64_t closing_s = (OPENING_DAY + options->days) * DAY_S;
    for (int64_t step = 0; step < MOST_ORDERS && at < (double)options->days; step++) {
        draw visits = draw_open(seed, id, FOR_VISITS, (uint64_t)step);
        /* On that day, between seven and ten: two draws, so that the middle of the day is busiest. */
        int64_t second = 7 * 3600 + draw_below(&visits, 27000) + draw_below(&visits, 27000);
        line visit = {.time_s = (OPENING_DAY + (int64_t)at) * DAY_S + second,
                      .order = (SHOP_FIRST_CUSTOMER + customer) * (MOST_ORDERS + 1) + step,
                      .customer = (int32_t)customer};
        double spend = mean_cents * draw_gamma(&visits, who->spend_shape) / who->spend_shape;
        if (!add_basket(all, who, seed, visit, spend, closing_s)) return false;
        if (draw_unit(&visits) < leave) break;
        at += draw_exponential(&visits) / rate;
    }
    return true;
}

static int by_time(const void *left, const void *right)
{
    const line *a = left, *b = right;
    if (a->time_s != b->time_s) return a->time_s < b->time_s ? -1 : 1;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static bool spread(shop_ledger *shop, const lines *all)
{
    size_t rows = all->count == 0 ? 1 : (size_t)all->count;
    shop->customer = malloc(rows * sizeof *shop->customer);
    shop->order = malloc(rows * sizeof *shop->order);
    shop->time_s = malloc(rows * sizeof *shop->time_s);
    shop->product = malloc(rows * sizeof *shop->product);
    shop->quantity = malloc(rows * sizeof *shop->quantity);
    shop->unit_price = malloc(rows * sizeof *shop->unit_price);
    shop->amount = malloc(rows * sizeof *shop->amount);
    shop->discount = malloc(rows * sizeof *shop->discount);
    if (!shop->customer || !shop->order || !shop->time_s || !shop->product || !shop->quantity || !shop->unit_price ||
        !shop->amount || !shop->discount)
        return false;
    for (int64_t i = 0; i < all->count; i++) {
        const line *item = &all->items[i];
        shop->customer[i] = SHOP_FIRST_CUSTOMER + item->customer;
        shop->order[i] = item->order;
        shop->time_s[i] = item->time_s;
        shop->product[i] = item->product;
        shop->quantity[i] = item->quantity;
        shop->unit_price[i] = INT64_C(100) * item->price_cents;
        shop->amount[i] = shop->unit_price[i] * item->quantity;
        shop->discount[i] = INT64_C(100) * item->discount_cents;
    }
    shop->rows = all->count;
    return true;
}

bool shop_make(shop_ledger *shop, const shop_options *options)
{
    lines all = {NULL, 0, 0};
    memset(shop, 0, sizeof *shop);
    if (options->customers < 0 || options->customers > 100000000 || options->days < 30 || options->days > 3650)
        return false;
    shop->kind = malloc(options->customers == 0 ? 1 : (size_t)options->customers);
    bool done = shop->kind != NULL;
    for (int64_t customer = 0; done && customer < options->customers; customer++) {
        int32_t which = draw_kind(options->seed, (uint64_t)customer);
        shop->kind[customer] = (uint8_t)which;
        done = add_customer(&all, which, options, customer);
    }
    if (done && all.count > 0) qsort(all.items, (size_t)all.count, sizeof *all.items, by_time);
    done = done && spread(shop, &all);
    shop->customers = options->customers;
    shop->seed = options->seed;
    free(all.items);
    if (!done) shop_free(shop);
    return done;
}

void shop_free(shop_ledger *shop)
{
    free(shop->customer);
    free(shop->order);
    free(shop->time_s);
    free(shop->product);
    free(shop->quantity);
    free(shop->unit_price);
    free(shop->amount);
    free(shop->discount);
    free(shop->kind);
    memset(shop, 0, sizeof *shop);
}
