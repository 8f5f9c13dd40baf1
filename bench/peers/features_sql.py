# SPDX-License-Identifier: GPL-3.0-or-later
"""patron's features as others write them: SQL for DuckDB, expressions for polars, calls for pandas.

All follow the catalogue's definitions (patron_feature_info): lines of amount 0 are dropped; a line of quantity >= 0 and
amount > 0 is a purchase, one of negative quantity a return, any other an adjustment; an order is the lines of one
customer with one order id of which one has positive quantity and amount, and its time is its last purchase's; the as-of
is the last kept line's. Columns: c (customer), o (order), t (timestamp, us), q (quantity), a (amount), and for the
whole catalogue d (discount), p (product), g (category), h (channel, one for the lines of an order). Nothing is missing
in them.

ALL is what is written here of the catalogue; of it, those are compared that the library has. A feature that is new to
the catalogue is to be added to ALL, to the SQL and to the expressions.
"""
ALL = ["recency_days", "tenure_days", "frequency", "monetary_gross", "monetary_returns", "monetary_net",
       "monetary_recurring", "average_order_value", "btyd_x", "btyd_t_x", "btyd_T", "btyd_spend", "days_between_mean",
       "days_between_median", "days_between_variation", "recent_orders", "items_per_order", "distinct_products",
       "category_count", "category_entropy", "top_category_share", "discount_share", "return_rate",
       "return_value_share", "weekend_share", "overdue_ratio", "days_since_previous_order", "order_trend",
       "best_quarter_share", "evening_share", "repeat_product_share", "discount_depth", "largest_order_share",
       "top_channel_share", "channel_entropy", "price_level"]
RFM = ["recency_days", "frequency", "monetary_gross", "tenure_days", "average_order_value"]

DUCKDB_RFM = """
WITH k AS (SELECT c, o, epoch_us(t) // 1000000 AS t, q, a FROM lines WHERE a <> 0),
     m AS (SELECT max(t) AS m FROM k),
     orders AS (SELECT c, max(t) FILTER (q >= 0 AND a > 0) AS ot, sum(a) FILTER (q >= 0 AND a > 0) AS s,
                       bool_or(q > 0 AND a > 0) AS is_order
                FROM k GROUP BY c, o)
SELECT c, (m - max(ot) FILTER (is_order)) // 86400 AS recency_days, count(*) FILTER (is_order) AS frequency,
       sum(s) AS monetary_gross, (m - min(ot) FILTER (is_order)) // 86400 AS tenure_days,
       sum(s) / count(*) FILTER (is_order) AS average_order_value
FROM orders, m GROUP BY c, m HAVING count(*) FILTER (is_order) > 0
"""

DUCKDB_ALL = """
WITH k AS (SELECT c, o, epoch_us(t) // 1000000 AS t, epoch_us(t) // 86400000000 AS day, q, a, d, p, g, h,
                  quarter(t) AS season, q >= 0 AND a > 0 AS buy FROM lines WHERE a <> 0),
     m AS (SELECT max(t) AS m FROM k),
     orders AS (SELECT c, max(t) FILTER (buy) AS ot, sum(a) FILTER (buy) AS s, any_value(h) AS h
                FROM k GROUP BY c, o HAVING bool_or(q > 0 AND a > 0)),
     gaps AS (SELECT c, ot, s, ot - lag(ot) OVER (PARTITION BY c ORDER BY ot) AS gap,
                     min(ot) OVER (PARTITION BY c) AS first FROM orders),
     by_order AS (SELECT c, count(*) AS n, min(ot) AS first_order, max(ot) AS last, median(gap) AS middle,
                         stddev_pop(gap) AS sd, avg(gap) AS gap_mean,
                         max(ot, 2) AS latest, max(s) AS largest, count(*) FILTER (ot - first > m - ot) AS late,
                         count(*) FILTER (ot % 86400 >= 64800) AS evening,
                         count(*) FILTER (m - ot < 90 * 86400) AS recent,
                         count(*) FILTER ((ot // 86400 + 3) % 7 >= 5) AS weekend
                  FROM gaps, m GROUP BY c),
     by_line AS (SELECT c, sum(a) FILTER (buy) AS gross, sum(abs(a)) FILTER (NOT buy) AS back,
                        sum(abs(a)) FILTER (q < 0) AS returned, count(*) FILTER (buy) AS bought,
                        count(*) FILTER (q < 0) AS brought_back, sum(q) FILTER (buy) AS items,
                        count(*) FILTER (buy AND d <> 0) AS discounted, sum(abs(d)) FILTER (buy) AS off,
                        sum(a) FILTER (buy AND season = 1) AS s1, sum(a) FILTER (buy AND season = 2) AS s2,
                        sum(a) FILTER (buy AND season = 3) AS s3, sum(a) FILTER (buy AND season = 4) AS s4
                 FROM k GROUP BY c),
     daily AS (SELECT c, day, count(*) FILTER (buy) > 0 AS bought, sum(a) FILTER (buy) AS s,
                      sum(CASE WHEN buy THEN a ELSE -abs(a) END) AS net
               FROM k GROUP BY c, day),
     dated AS (SELECT *, min(day) FILTER (bought) OVER (PARTITION BY c) AS first_day FROM daily),
     by_day AS (SELECT c, count(*) FILTER (bought) AS days, first_day, max(day) FILTER (bought) AS last_day,
                       sum(net) FILTER (day > first_day) AS recurring, sum(s) FILTER (day > first_day) AS repeated
                FROM dated GROUP BY c, first_day),
     categories AS (SELECT c, g, sum(a) AS s, sum(a) FILTER (q > 0) AS paid, sum(q) FILTER (q > 0) AS units
                    FROM k WHERE buy GROUP BY c, g),
     prices AS (SELECT g, sum(paid) / sum(units) AS price FROM categories GROUP BY g),
     by_category AS (SELECT c, count(*) AS n, max(s) / sum(s) AS top,
                            CASE WHEN count(*) = 1 THEN 0 ELSE ln(sum(s)) - sum(s * ln(s)) / sum(s) END AS entropy,
                            sum(paid) / sum(units * price) AS price_level
                     FROM categories JOIN prices USING (g) GROUP BY c),
     channels AS (SELECT c, h, count(*) AS n FROM orders GROUP BY c, h),
     by_channel AS (SELECT c, max(n) / sum(n) AS top,
                           CASE WHEN count(*) = 1 THEN 0 ELSE ln(sum(n)) - sum(n * ln(n)) / sum(n) END AS entropy
                    FROM channels GROUP BY c),
     products AS (SELECT c, p FROM k WHERE buy GROUP BY c, p),
     by_product AS (SELECT c, count(*) AS n FROM products GROUP BY c)
SELECT c, (m - last) // 86400 AS recency_days, (m - first_order) // 86400 AS tenure_days, by_order.n AS frequency,
       gross AS monetary_gross, coalesce(back, 0) AS monetary_returns, gross - coalesce(back, 0) AS monetary_net,
       coalesce(recurring, 0) AS monetary_recurring, gross / by_order.n AS average_order_value, days - 1 AS btyd_x,
       last_day - first_day AS "btyd_t_x", m // 86400 - first_day AS "btyd_T",
       CASE WHEN days > 1 THEN coalesce(repeated, 0) / (days - 1) END AS btyd_spend,
       CASE WHEN by_order.n > 1 THEN (last - first_order) / ((by_order.n - 1) * 86400.0) END AS days_between_mean,
       middle / 86400.0 AS days_between_median,
       CASE WHEN by_order.n > 2 AND gap_mean > 0 THEN sd / gap_mean END AS days_between_variation,
       recent AS recent_orders, items / by_order.n AS items_per_order, by_product.n AS distinct_products,
       by_category.n AS category_count, by_category.entropy AS category_entropy,
       by_category.top AS top_category_share,
       discounted / bought AS discount_share, brought_back / (brought_back + bought) AS return_rate,
       coalesce(returned, 0) / gross AS return_value_share, weekend / by_order.n AS weekend_share,
       CASE WHEN last > first_order THEN (m - last) * (by_order.n - 1) / (last - first_order) END AS overdue_ratio,
       CASE WHEN by_order.n > 1 THEN (latest[1] - latest[2]) / 86400.0 END AS days_since_previous_order,
       CASE WHEN by_order.n > 1 THEN (2 * late - by_order.n) / by_order.n END AS order_trend,
       CASE WHEN by_order.n > 1 THEN greatest(s1, s2, s3, s4) / gross END AS best_quarter_share,
       evening / by_order.n AS evening_share, (bought - by_product.n) / bought AS repeat_product_share,
       off / (gross + off) AS discount_depth, largest / gross AS largest_order_share,
       by_channel.top AS top_channel_share, by_channel.entropy AS channel_entropy, price_level
FROM by_order JOIN by_line USING (c) JOIN by_day USING (c) JOIN by_category USING (c) JOIN by_product USING (c)
     JOIN by_channel USING (c), m
"""


def polars_rfm(pl, lines):
    """A lazy frame with a column c and those of RFM."""
    buy, order = (pl.col("q") >= 0) & (pl.col("a") > 0), (pl.col("q") > 0) & (pl.col("a") > 0)
    kept = lines.lazy().filter(pl.col("a") != 0).with_columns(t=pl.col("t").dt.epoch("s"))
    as_of = lines.lazy().filter(pl.col("a") != 0).select(pl.col("t").max().dt.epoch("s")).collect().item()
    orders = kept.group_by("c", "o").agg(
        ot=pl.col("t").filter(buy).max(), s=pl.col("a").filter(buy).sum(), is_order=order.any())
    return orders.group_by("c").agg(
        recency_days=(as_of - pl.col("ot").filter("is_order").max()) // 86400,
        frequency=pl.col("is_order").sum(), monetary_gross=pl.col("s").sum(),
        tenure_days=(as_of - pl.col("ot").filter("is_order").min()) // 86400,
    ).filter(pl.col("frequency") > 0).with_columns(
        average_order_value=pl.col("monetary_gross") / pl.col("frequency"))


def polars_all(pl, lines):
    """A lazy frame with a column c and those of the catalogue."""
    col = pl.col
    kept = lines.lazy().filter(col("a") != 0).with_columns(
        t=col("t").dt.epoch("s"), season=col("t").dt.quarter(),
        buy=(col("q") >= 0) & (col("a") > 0)).with_columns(day=col("t") // 86400)
    as_of = lines.lazy().filter(pl.col("a") != 0).select(pl.col("t").max().dt.epoch("s")).collect().item()
    orders = kept.group_by("c", "o").agg(
        ot=col("t").filter("buy").max(), s=col("a").filter("buy").sum(), h=col("h").first(),
        is_order=((col("q") > 0) & (col("a") > 0)).any(),
    ).filter("is_order").sort("c", "ot").with_columns(
        gap=pl.when(col("c") == col("c").shift(1)).then(col("ot") - col("ot").shift(1)))
    by_order = orders.group_by("c").agg(
        n=pl.len(), first=col("ot").min(), last=col("ot").max(), middle=col("gap").median(),
        sd=col("gap").std(ddof=0), gap_mean=col("gap").mean(), recent=(as_of - col("ot") < 90 * 86400).sum(),
        weekend=((col("ot") // 86400 + 3) % 7 >= 5).sum(), evening=(col("ot") % 86400 >= 64800).sum(),
        late=(col("ot") - col("ot").min() > as_of - col("ot")).sum(), last_gap=col("gap").last(),
        largest=col("s").max())
    by_line = kept.group_by("c").agg(
        gross=col("a").filter("buy").sum(), back=col("a").filter(~col("buy")).abs().sum(),
        returned=col("a").filter(col("q") < 0).abs().sum(), bought=col("buy").sum(),
        brought_back=(col("q") < 0).sum(), items=col("q").filter("buy").sum(),
        discounted=(col("buy") & (col("d") != 0)).sum(), off=col("d").filter("buy").abs().sum(),
        **{f"s{season}": col("a").filter(col("buy") & (col("season") == season)).sum() for season in (1, 2, 3, 4)})
    daily = kept.group_by("c", "day").agg(
        bought=col("buy").any(), s=col("a").filter("buy").sum(),
        net=pl.when("buy").then(col("a")).otherwise(-col("a").abs()).sum())
    first = daily.filter("bought").group_by("c").agg(first_day=col("day").min())
    later = col("day") > col("first_day")
    by_day = daily.join(first, on="c").group_by("c").agg(
        days=col("bought").sum(), first_day=col("first_day").first(), last_day=col("day").filter("bought").max(),
        recurring=col("net").filter(later).sum(), repeated=col("s").filter(later).sum())
    categories = kept.filter("buy").group_by("c", "g").agg(
        s=col("a").sum(), paid=col("a").filter(col("q") > 0).sum(), units=col("q").filter(col("q") > 0).sum())
    prices = categories.group_by("g").agg(price=col("paid").sum() / col("units").sum())
    by_category = categories.join(prices, on="g").group_by("c").agg(
        kinds=pl.len(), total=col("s").sum(), top=col("s").max(), logs=(col("s") * col("s").log()).sum(),
        paid=col("paid").sum(), cost=(col("units") * col("price")).sum())
    by_channel = orders.group_by("c", "h").agg(k=pl.len()).group_by("c").agg(
        ways=pl.len(), most=col("k").max(), all=col("k").sum(), way_logs=(col("k") * col("k").log()).sum())
    by_product = kept.filter("buy").group_by("c", "p").agg().group_by("c").agg(products=pl.len())
    n = col("n")
    joined = by_order.join(by_line, on="c").join(by_day, on="c").join(by_category, on="c").join(
        by_product, on="c").join(by_channel, on="c")
    return joined.select(
        "c", recency_days=(as_of - col("last")) // 86400, tenure_days=(as_of - col("first")) // 86400, frequency=n,
        monetary_gross="gross", monetary_returns="back", monetary_net=col("gross") - col("back"),
        monetary_recurring="recurring", average_order_value=col("gross") / n, btyd_x=col("days").cast(pl.Int64) - 1,
        btyd_t_x=col("last_day") - col("first_day"), btyd_T=as_of // 86400 - col("first_day"),
        btyd_spend=pl.when(col("days") > 1).then(col("repeated") / (col("days").cast(pl.Int64) - 1)),
        days_between_mean=pl.when(n > 1).then((col("last") - col("first")) / ((n.cast(pl.Int64) - 1) * 86400.0)),
        days_between_median=col("middle") / 86400.0,
        days_between_variation=pl.when((n > 2) & (col("gap_mean") > 0)).then(col("sd") / col("gap_mean")),
        recent_orders="recent", items_per_order=col("items") / n, distinct_products="products",
        category_count="kinds",
        category_entropy=pl.when(col("kinds") > 1).then(col("total").log() - col("logs") / col("total")).otherwise(0.0),
        top_category_share=col("top") / col("total"), discount_share=col("discounted") / col("bought"),
        return_rate=col("brought_back") / (col("brought_back") + col("bought")),
        return_value_share=col("returned") / col("gross"), weekend_share=col("weekend") / n,
        overdue_ratio=pl.when(col("last") > col("first")).then(
            (as_of - col("last")) * (n.cast(pl.Int64) - 1) / (col("last") - col("first"))),
        days_since_previous_order=col("last_gap") / 86400.0,
        order_trend=pl.when(n > 1).then((2 * col("late").cast(pl.Int64) - n.cast(pl.Int64)) / n),
        best_quarter_share=pl.when(n > 1).then(pl.max_horizontal("s1", "s2", "s3", "s4") / col("gross")),
        evening_share=col("evening") / n, repeat_product_share=(col("bought") - col("products")) / col("bought"),
        discount_depth=col("off") / (col("gross") + col("off")), largest_order_share=col("largest") / col("gross"),
        top_channel_share=col("most") / col("all"), price_level=col("paid") / col("cost"),
        channel_entropy=pl.when(col("ways") > 1).then(
            col("all").log() - col("way_logs") / col("all")).otherwise(0.0))


def pandas_rfm(lines):
    """A frame with a column c and those of RFM."""
    kept = lines[lines["a"] != 0]
    as_of = kept["t"].max()
    bought = kept[(kept["q"] >= 0) & (kept["a"] > 0)]
    orders = bought.assign(is_order=bought["q"] > 0).groupby(["c", "o"], sort=False, observed=True).agg(
        ot=("t", "max"), s=("a", "sum"), is_order=("is_order", "any")).reset_index()
    gross = orders.groupby("c", sort=False)["s"].sum()
    found = orders[orders["is_order"]].groupby("c", sort=False).agg(
        first=("ot", "min"), last=("ot", "max"), frequency=("ot", "size"))
    found["monetary_gross"] = gross
    found["recency_days"] = (as_of - found["last"]).dt.days
    found["tenure_days"] = (as_of - found["first"]).dt.days
    found["average_order_value"] = found["monetary_gross"] / found["frequency"]
    return found.reset_index()[["c", *RFM]]
