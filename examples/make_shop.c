/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the order lines of a made-up shop as CSV: sample data to try patron on, with the truth known. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/shop.h"

enum { OK = 0, USAGE = 2, CANNOT_WRITE = 4, NO_MEMORY = 5 };

static const char HELP[] =
    "Usage: make_shop [options] > ORDERS.csv\n"
    "Writes the order lines of a made-up shop, the same for the same options on any machine.\n"
    "\n"
    "  --customers N   how many customers (3000; at most 100000000)\n"
    "  --days N        how long the shop is open, from 2023-07-01 (730; 30 to 3650)\n"
    "  --seed N        another seed is another shop (1)\n"
    "  --kinds FILE    also write who is of which kind: customer_id,kind\n"
    "  --dirty         with missing ids, lines written twice, prices of 0 or unreadable, broken UTF-8\n"
    "  --help          this text\n";

typedef struct arguments {
    shop_options shop;
    const char *kinds;
    bool dirty, help;
} arguments;

static bool read_number(const char *option, const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && value >= least && value <= most) {
        *number = value;
        return true;
    }
    fprintf(stderr, "make_shop: --%s %s: give a whole number from %" PRId64 " to %" PRId64 "\n", option, text, least,
            most);
    return false;
}

static bool read_arguments(arguments *out, int count, char **words)
{
    static const struct option OPTIONS[] = {
        {"customers", required_argument, NULL, 'c'},
        {"days", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'},
        {"kinds", required_argument, NULL, 'k'},
        {"dirty", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int64_t seed = 1;
    bool fine = true;
    for (int option; fine && (option = getopt_long(count, words, "h", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'c':
            fine = read_number("customers", optarg, 0, 100000000, &out->shop.customers);
            break;
        case 'd':
            fine = read_number("days", optarg, 30, 3650, &out->shop.days);
            break;
        case 's':
            fine = read_number("seed", optarg, 0, INT64_MAX, &seed);
            break;
        case 'k':
            out->kinds = optarg;
            break;
        case 'x':
            out->dirty = true;
            break;
        case 'h':
            out->help = true;
            break;
        default: /* getopt_long has said what is wrong */
            fine = false;
        }
    }
    if (fine && optind < count) {
        fprintf(stderr, "make_shop: unexpected argument %s\n", words[optind]);
        fine = false;
    }
    if (!fine) fputs("Try make_shop --help.\n", stderr);
    out->shop.seed = (uint64_t)seed;
    return fine;
}

static int fail(int code, const char *what)
{
    fprintf(stderr, "make_shop: %s: %s\n", what, strerror(errno));
    return code;
}

int main(int count, char **words)
{
    arguments given = {.kinds = NULL};
    shop_ledger shop;
    shop_options_init(&given.shop);
    if (!read_arguments(&given, count, words)) return USAGE;
    if (given.help) return fputs(HELP, stdout) < 0 || fflush(stdout) != 0 ? CANNOT_WRITE : OK;

    if (!shop_make(&shop, &given.shop)) {
        fprintf(stderr, "make_shop: no memory for this many customers\n");
        return NO_MEMORY;
    }
    int code = OK;
    if (!shop_write_orders(stdout, &shop, given.dirty)) code = fail(CANNOT_WRITE, "standard output");
    if (code == OK && given.kinds != NULL) {
        FILE *file = fopen(given.kinds, "w");
        bool written = file != NULL && shop_write_kinds(file, &shop);
        if (file != NULL && fclose(file) != 0) written = false;
        if (!written) code = fail(CANNOT_WRITE, given.kinds);
    }
    shop_free(&shop);
    return code;
}
