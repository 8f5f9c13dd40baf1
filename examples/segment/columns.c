/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/columns.h"

#include <stdio.h>
#include <stdlib.h>

#include "segment/failure.h"
#include "segment/shown.h"

enum { MOST_USUAL = 20, LONGEST_NAME = 60 };

/* Usual names in lower case, letters and digits alone ("Customer ID", "customer_id" and "CustomerID" are the same); an
   earlier one wins. */
static const char *const usual_names[PATRON_FIELD_COUNT][MOST_USUAL] = {
    [PATRON_FIELD_CUSTOMER] = {"customerid", "customernumber", "customerno", "customercode", "custid", "customerkey",
                               "customer", "householdid", "householdkey", "clientid", "userid", "memberid", "buyerid",
                               "shopperid", "accountid", "client"},
    [PATRON_FIELD_ORDER] = {"invoiceno", "invoice", "invoiceid", "invoicenumber", "orderid", "orderno", "ordernumber",
                            "order", "basketid", "transactionid", "receiptid", "receiptno", "receiptnumber", "ticketid",
                            "billno", "billid"},
    [PATRON_FIELD_TIME] = {"invoicedate", "orderdate", "orderpurchasetimestamp", "transactiontimestamp",
                           "purchasetimestamp", "ordertimestamp", "orderedat", "purchasedat", "timestamp", "datetime",
                           "purchasedate", "transactiondate", "invoicetime", "date", "createdat"},
    [PATRON_FIELD_QUANTITY] = {"quantity", "qty", "units", "orderquantity", "itemcount"},
    [PATRON_FIELD_AMOUNT] = {"amount", "salesvalue", "lineamount", "linetotal", "lineitemtotal", "totalprice",
                             "totalamount", "revenue", "sales"},
    [PATRON_FIELD_PRICE] = {"unitprice", "price", "itemprice", "priceeach", "priceperunit"},
    [PATRON_FIELD_PRODUCT] = {"stockcode", "productid", "productcode", "sku", "itemid", "articleid", "productno",
                              "product", "item"},
    [PATRON_FIELD_CATEGORY] = {"category", "productcategory", "categoryid", "categoryname", "productcategoryname",
                               "department"},
    [PATRON_FIELD_CHANNEL] = {"channel", "saleschannel", "orderchannel", "channelid", "channelname"},
    [PATRON_FIELD_CURRENCY] = {"currency", "currencycode", "currencyid"},
    [PATRON_FIELD_DISCOUNT] = {"discountamount", "discountvalue", "retaildisc", "discount"},
};

static bool letter_or_digit(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

/* Whether a header says a usual name, whatever stands between its letters. */
static bool says(struct text header, const char *usual)
{
    for (size_t i = 0; i < header.length; i++) {
        if (!letter_or_digit(header.bytes[i])) continue;
        if (lower(header.bytes[i]) != *usual) return false;
        usual++;
    }
    return *usual == '\0';
}

static struct text header_name(const struct record *header, size_t index)
{
    return text_trim(record_field(header, index));
}

/* "CustomerID, InvoiceDate, …", to be freed; NULL without memory. */
static char *list_columns(const struct record *header)
{
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    if (out == NULL) return NULL;
    for (size_t i = 0; i < header->fields && i < 64; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", SHOWN(header_name(header, i), LONGEST_NAME));
    if (header->fields > 64) fprintf(out, ", and %zu more", header->fields - 64);
    if (fclose(out) == 0) return list;
    free(list);
    return NULL;
}

static int fail_header(const char *path, const struct record *header, const char *what, const char *advice)
{
    char *list = list_columns(header);
    if (list == NULL) return fail_memory();
    const char *separator = "";
    if (header->fields == 1) {
        struct text only = header_name(header, 0);
        if (memchr(only.bytes, ';', only.length) != NULL)
            separator = "; or, as it seems, --delimiter ';'";
        else if (memchr(only.bytes, '\t', only.length) != NULL)
            separator = "; or, as it seems, --delimiter tab";
        else if (memchr(only.bytes, '|', only.length) != NULL)
            separator = "; or, as it seems, --delimiter '|'";
    }
    fail(EXIT_DATA, "%s: %s; its columns are: %s. Give %s%s", path, what, list, advice, separator);
    free(list);
    return EXIT_DATA;
}

/* How many columns have the name, and the first of them. */
static int64_t count_named(int64_t *index, const struct record *header, struct text name, bool any_case)
{
    int64_t hits = 0;
    for (size_t i = 0; i < header->fields; i++) {
        struct text found = header_name(header, i);
        if (any_case ? !text_equal_nocase(found, name) : !text_equal(found, name)) continue;
        if (hits++ == 0) *index = (int64_t)i;
    }
    return hits;
}

int columns_find_named(int64_t *index, const struct record *header, struct text name, const char *option,
                       const char *path)
{
    char what[160], advice[64];
    struct text wanted = text_trim(name);
    for (int pass = 0; pass < 2; pass++) { /* as written, then in any case */
        int64_t hits = count_named(index, header, wanted, pass == 1);
        if (hits == 1) return 0;
        if (hits > 1) {
            snprintf(what, sizeof what, "%lld columns are named %s", (long long)hits, SHOWN(wanted, LONGEST_NAME));
            return fail_header(path, header, what, "each column a name of its own");
        }
    }
    snprintf(what, sizeof what, "no column is named %s", SHOWN(wanted, LONGEST_NAME));
    snprintf(advice, sizeof advice, "one of them: --%s NAME", option);
    return fail_header(path, header, what, advice);
}

static int find_usual(int64_t *index, int role, const char *option, const struct record *header, const char *path)
{
    for (size_t u = 0; u < MOST_USUAL && usual_names[role][u] != NULL; u++) {
        int64_t hits = 0;
        for (size_t i = 0; i < header->fields; i++) {
            if (says(header_name(header, i), usual_names[role][u]) && hits++ == 0) *index = (int64_t)i;
        }
        if (hits == 1) return 0;
        if (hits > 1) {
            char what[160], advice[64];
            snprintf(what, sizeof what, "%lld columns may be the %s", (long long)hits, patron_field_name(role));
            snprintf(advice, sizeof advice, "the right one: --%s NAME", option);
            return fail_header(path, header, what, advice);
        }
    }
    return 0;
}

static int fail_missing(const char *path, const struct record *header, const char *role, const char *advice)
{
    char what[80];
    snprintf(what, sizeof what, "no column looks like the %s", role);
    return fail_header(path, header, what, advice);
}

int columns_find(struct columns *columns, const struct record *header, const char *const given[PATRON_FIELD_COUNT],
                 const char *path)
{
    *columns = (struct columns){.count = header->fields};
    for (int role = 0; role < PATRON_FIELD_COUNT; role++) columns->index[role] = -1;
    for (int role = PATRON_FIELD_CUSTOMER; role < PATRON_FIELD_COUNT; role++) {
        bool price_asked_for = role == PATRON_FIELD_AMOUNT && given[PATRON_FIELD_PRICE] != NULL;
        if (given[role] == NULL && price_asked_for) continue;
        int64_t *index = &columns->index[role];
        const char *option = patron_field_name(role);
        int code = given[role] != NULL ? columns_find_named(index, header, text_of(given[role]), option, path)
                                       : find_usual(index, role, option, header, path);
        if (code != 0) return code;
    }
    if (columns->index[PATRON_FIELD_AMOUNT] >= 0) columns->index[PATRON_FIELD_PRICE] = -1;
    if (columns->index[PATRON_FIELD_CUSTOMER] < 0) return fail_missing(path, header, "customer", "--customer NAME");
    if (columns->index[PATRON_FIELD_TIME] < 0) return fail_missing(path, header, "time", "--time NAME");
    if (columns->index[PATRON_FIELD_AMOUNT] < 0 && columns->index[PATRON_FIELD_PRICE] < 0)
        return fail_missing(path, header, "amount or the price", "--amount NAME or --price NAME");
    for (int role = PATRON_FIELD_CUSTOMER; role < PATRON_FIELD_COUNT; role++) {
        if (columns->index[role] < 0) continue;
        struct text name = header_name(header, (size_t)columns->index[role]);
        columns->name[role] = strndup(name.length > 0 ? name.bytes : "", name.length);
        if (columns->name[role] == NULL) return fail_memory();
    }
    return 0;
}

int columns_find_customer(int64_t *index, const struct record *header, const char *given, const char *orders_name,
                          const char *path)
{
    *index = -1;
    if (given != NULL) return columns_find_named(index, header, text_of(given), "join-id", path);
    for (int pass = 0; pass < 2 && orders_name != NULL; pass++) {
        if (count_named(index, header, text_trim(text_of(orders_name)), pass == 1) == 1) return 0;
    }
    *index = -1;
    int code = find_usual(index, PATRON_FIELD_CUSTOMER, "join-id", header, path);
    if (code == 0 && *index < 0) code = fail_missing(path, header, "customer", "--join-id NAME");
    return code;
}

void columns_free(struct columns *columns)
{
    for (int role = 0; role < PATRON_FIELD_COUNT; role++) free(columns->name[role]);
    *columns = (struct columns){0};
}
