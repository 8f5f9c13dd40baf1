/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shop sells: coffee, tea, a larder, a kitchen, gifts. Prices in cents. */
#include "shop/shop.h"

#include <stdlib.h>
#include <string.h>

static const shop_product PRODUCTS[] = {
    {"Coffee beans 1 kg", "Coffee", 1890},
    {"Coffee beans 250 g", "Coffee", 690},
    {"Espresso beans 1 kg", "Coffee", 2150},
    {"Decaf beans 500 g", "Coffee", 1190},
    {"Filter papers 100 pcs", "Coffee", 349},
    {"Coffee grinder", "Coffee", 5900},
    {"Breakfast tea 100 bags", "Tea", 599},
    {"Earl Grey 250 g", "Tea", 1150},
    {"Green tea 100 g", "Tea", 849},
    {"Rooibos 250 g", "Tea", 790},
    {"Teapot, stoneware", "Tea", 3490},
    {"Olive oil 1 l", "Larder", 1390},
    {"Honey 500 g", "Larder", 795},
    {"Apricot jam 340 g", "Larder", 449},
    {"Muesli 750 g", "Larder", 525},
    {"Dark chocolate 100 g", "Larder", 289},
    {"Shortbread 200 g", "Larder", 379},
    {"Pasta 1 kg", "Larder", 329},
    {"Sea salt 300 g", "Larder", 415},
    {"Dish towels, set of 3", "Kitchen", 1295},
    {"Chef's knife 20 cm", "Kitchen", 6450},
    {"Cutting board, oak", "Kitchen", 2790},
    {"Mug, enamel", "Kitchen", 990},
    {"Storage jar 1 l", "Kitchen", 749},
    {"Wooden spoon", "Kitchen", 395},
    {"Cake tin 26 cm", "Kitchen", 1590},
    {"Gift box \"Winter evening\"", "Gifts", 4900},
    {"Gift box \"Breakfast in bed\"", "Gifts", 3900},
    {"Scented candle", "Gifts", 1690},
    {"Picture frame 13 x 18", "Gifts", 1450},
    {"Wool blanket", "Gifts", 8900},
    {"Crème brûlée set", "Gifts", 3290},
    {"Advent calendar", "Gifts", 2990},
    {"Greeting card", "Stationery", 350},
    {"Wrapping paper 3 rolls", "Stationery", 795},
    {"Notebook A5", "Stationery", 1190},
};

_Static_assert(sizeof PRODUCTS / sizeof PRODUCTS[0] <= 64, "baskets mark their products in 64 bits");

int32_t shop_product_count(void) { return (int32_t)(sizeof PRODUCTS / sizeof PRODUCTS[0]); }

const shop_product *shop_product_get(int32_t index)
{
    return index < 0 || index >= shop_product_count() ? NULL : &PRODUCTS[index];
}

static const char *text_of(const shop_ledger *shop, int64_t row, bool category)
{
    const shop_product *product = &PRODUCTS[shop->product[row]];
    return category ? product->category : product->name;
}

bool shop_product_text(shop_text *text, const shop_ledger *shop, bool category)
{
    int64_t length = 0;
    for (int64_t row = 0; row < shop->rows; row++) length += (int64_t)strlen(text_of(shop, row, category));
    text->bytes = malloc((size_t)length + 1);
    text->offsets = malloc(((size_t)shop->rows + 1) * sizeof *text->offsets);
    if (text->bytes == NULL || text->offsets == NULL) {
        shop_text_free(text);
        return false;
    }
    int64_t at = 0;
    for (int64_t row = 0; row < shop->rows; row++) {
        const char *from = text_of(shop, row, category);
        size_t bytes = strlen(from);
        text->offsets[row] = at;
        memcpy(text->bytes + at, from, bytes);
        at += (int64_t)bytes;
    }
    text->offsets[shop->rows] = at;
    return true;
}

void shop_text_free(shop_text *text)
{
    free(text->bytes);
    free(text->offsets);
    *text = (shop_text){NULL, NULL};
}
