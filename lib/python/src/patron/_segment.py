# SPDX-License-Identifier: GPL-3.0-or-later
"""From order lines to named segments, in one call."""
import ctypes
import dataclasses
import functools
import json
import math

import numpy as np

from . import _arrow
from . import _columns
from . import _declarations as c
from ._call import as_c, call, create, new, options, work
from ._library import library

MONEY = ("revenue_gross", "revenue_net", "recurring_mean")  # in C 1/10,000 currency units, here currency units
FLAGS = ("set_apart", "feasible", "chosen", "converged", "estimated", "certain")


def _record(name, kind, *more, doc):
    """A dataclass with the fields of a struct, and more."""
    fields = [field[0] for field in kind._fields_ if field[0] not in ("size", "reserved")]
    made = dataclasses.make_dataclass(name, [*fields, *more], frozen=True, namespace={"__doc__": doc})
    made.__module__ = "patron"
    return made


Segment = _record("Segment", c.SegmentInfo, "claims", "mean", "median", "most_common", doc="""A segment.

    id (0 is the best), set_apart (customers with fewer orders than minimum_orders), name, customers, share (of the
    customers), revenue_gross, revenue_net, revenue_share, recurring_mean (net revenue after the first purchase day, a
    customer), all money in currency units, silhouette (NaN where set apart) and silhouette_half_width (0 where exact),
    claims (what the words of the name say), mean and median (of each feature, by name; months and codes have none),
    most_common (of each feature, by name, a CommonValue).""")
CommonValue = _record("CommonValue", c.CommonValue, doc="""What most customers of a segment share: value (a code as its
    text; None where nobody has any), customers (who have it: where they are few, it points at them), known (who have
    any value).""")
Candidate = _record("Candidate", c.Candidate, doc="A number of segments, k, that was tried, and what came of it.")
Choice = _record("Choice", c.Choice, doc="""How k was chosen: estimated (or by exact silhouettes), certain (every other
    feasible k is worse, at `level`), rival_k (most nearly as good; 0: none), difference to it and its half_width,
    rows_used (customers whose silhouettes were computed).""")
Claim = _record("Claim", c.Claim, doc="A word of a name, and the medians that make it true.")
Column = _record("Column", c.Column, doc="""What a feature is: name, unit, definition, what makes it missing, role,
    kind, range.""")


def _fields(struct):
    """A struct as a dictionary."""
    values = {}
    for name, *_ in struct._fields_:
        if name in ("size", "reserved"):
            continue
        value = getattr(struct, name)
        value = value.decode() if isinstance(value, bytes) else value
        values[name] = value / c.PATRON_MONEY_UNIT if name in MONEY else bool(value) if name in FLAGS else value
    return values


def _copied(pointer, shape, dtype):
    """What the library lends, as an array of one's own."""
    if 0 in shape:
        return np.empty(shape, dtype=dtype)
    return np.ctypeslib.as_array(pointer, shape=shape).astype(dtype, copy=True)


def _texts(text, count):
    """What a text column of the library holds, as a list of str."""
    offsets = text.offsets[:count + 1]
    every = ctypes.string_at(text.bytes, offsets[-1])
    return [every[start:end].decode() for start, end in zip(offsets, offsets[1:])]


class Features:
    """What is known of each customer: `columns` (name, unit, definition …), `names`, `values` (customers x features,
    NaN where a value is missing); features["frequency"] is one column. Codes are numbers there: `codes` has the texts
    of 0, 1, … of each column of codes, by name, and features.texts("first_category") each customer's."""

    def __init__(self, columns, values, codes):
        self.columns, self.values, self.codes = columns, values, codes
        self.names = [column.name for column in columns]

    def __getitem__(self, name):
        return self.values[:, self.names.index(name)] if name in self.names else self._unknown(name)

    def texts(self, name):
        """A column of codes as an array of str, None where a value is missing."""
        if name in self.names and name not in self.codes:
            raise TypeError(f"{name} has numbers, not codes; features[{name!r}] has them")
        return np.array([None if math.isnan(code) else self.codes[name][int(code)] for code in self[name]],
                        dtype=object)

    def _unknown(self, name):
        raise KeyError(f"{name}; there are {', '.join(self.names)}")

    def __repr__(self):
        return f"<patron.Features: {len(self.values)} customers, {', '.join(self.names)}>"


class Segmentation:
    """The segments of a shop, best first. Arrays have one entry a customer, in the order of `customer_ids`; all are
    copies, so they outlive this. close() or a `with` frees the library's memory early."""

    def __init__(self, handle, text, numbers, joined):
        self._handle, self._text, self._numbers = handle, text, numbers
        self.joined = joined  # of attributes: rows, customers_matched, customers_without_row …; None without any

    def close(self):
        """Frees what the library holds; what was read before stays."""
        self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __len__(self):
        return len(self.segments)

    def __repr__(self):
        summary = json.loads(self._text)
        return (f"<patron.Segmentation: {summary['k']} segments of {summary['customers']} customers, "
                f"silhouette {summary['silhouette']:.3f}>")

    def __str__(self):
        lines = [f"{'segment':<28} {'customers':>9} {'share':>6} {'revenue':>7} {'fit':>6}"]
        lines += [f"{s.name:<28} {s.customers:>9,} {s.share:>6.1%} {s.revenue_share:>7.1%} {s.silhouette:>6.3f}"
                  for s in self.segments]
        return "\n".join(lines)

    @functools.cached_property
    def segments(self):
        """A list of Segment, best first."""
        return [self._segment(index) for index in range(library.patron_segmentation_count(self._handle.pointer))]

    def _segment(self, index):
        info, claims = new(c.SegmentInfo), []
        call(library.patron_segmentation_segment, ctypes.byref(info), self._handle.pointer, index)
        for number in range(library.patron_persona_claim_count(self._handle.pointer, index)):
            claim = new(c.Claim)
            call(library.patron_persona_claim, ctypes.byref(claim), self._handle.pointer, index, number)
            claims.append(Claim(**_fields(claim)))
        means, medians, commons = {}, {}, {}
        for number, column in enumerate(self._columns):
            commons[column.name] = self._most_common(index, number, self._codes.get(column.name))
            if column.kind != c.PATRON_KIND_NUMBER:
                continue
            mean, median = c.c_double(), c.c_double()
            call(library.patron_segmentation_statistic, ctypes.byref(mean), ctypes.byref(median),
                 self._handle.pointer, index, number)
            means[column.name], medians[column.name] = mean.value, median.value
        return Segment(**_fields(info), claims=claims, mean=means, median=medians, most_common=commons)

    def _most_common(self, index, column, texts):
        common = new(c.CommonValue)
        call(library.patron_segmentation_most_common, ctypes.byref(common), self._handle.pointer, index, column)
        fields = _fields(common)
        if common.known == 0:
            return CommonValue(**{**fields, "value": None})
        return CommonValue(**{**fields, "value": texts[int(common.value)]} if texts is not None else fields)

    @functools.cached_property
    def candidates(self):
        """A list of Candidate: each k that was tried."""
        found = []
        for index in range(library.patron_segmentation_candidate_count(self._handle.pointer)):
            candidate = new(c.Candidate)
            call(library.patron_segmentation_candidate, ctypes.byref(candidate), self._handle.pointer, index)
            found.append(Candidate(**_fields(candidate)))
        return found

    @functools.cached_property
    def choice(self):
        """How the number of segments was chosen, a Choice."""
        choice = new(c.Choice)
        call(library.patron_segmentation_choice, ctypes.byref(choice), self._handle.pointer)
        return Choice(**_fields(choice))

    @property
    def _features(self):
        return library.patron_segmentation_features(self._handle.pointer)

    def _count(self):
        return library.patron_features_customer_count(self._features)

    @functools.cached_property
    def labels(self):
        """Each customer's segment, int32."""
        return _copied(library.patron_segmentation_labels(self._handle.pointer), (self._count(),), np.int32)

    @functools.cached_property
    def silhouettes(self):
        """How well each customer sits in their segment, -1 to 1; NaN where set apart, and where choice.estimated."""
        return _copied(library.patron_segmentation_silhouettes(self._handle.pointer), (self._count(),), np.float64)

    @functools.cached_property
    def customer_ids(self):
        """The ids: int64 when numbers were given (and fit), else an array of str."""
        text = c.Text()
        call(library.patron_features_customer_ids, ctypes.byref(text), self._features)
        found = _texts(text, self._count())
        try:
            return np.array(found, dtype=np.int64 if self._numbers else object)
        except OverflowError:  # unsigned or decimal numbers beyond int64
            return np.array(found, dtype=object)

    @functools.cached_property
    def _columns(self):
        matrix, columns = library.patron_features_matrix(self._features), []
        for index in range(library.patron_matrix_column_count(matrix)):
            column = new(c.Column)
            call(library.patron_matrix_column, ctypes.byref(column), matrix, index)
            columns.append(Column(**_fields(column)))
        return columns

    @functools.cached_property
    def _codes(self):
        """The texts of the codes of each column of codes, by its name."""
        codes = {}
        for index, column in enumerate(self._columns):
            if column.kind == c.PATRON_KIND_CODE:
                text, count = c.Text(), c.c_int64()
                call(library.patron_features_code_texts, ctypes.byref(text), ctypes.byref(count), self._features, index)
                codes[column.name] = _texts(text, count.value)
        return codes

    @functools.cached_property
    def features(self):
        """What is known of each customer, see Features."""
        matrix = library.patron_features_matrix(self._features)
        return Features(self._columns, _copied(library.patron_matrix_values(matrix),
                                               (self._count(), len(self._columns)), np.float64), self._codes)

    @functools.cached_property
    def fingerprint(self):
        """16 hexadecimal digits: equal where labels, centroids, inertia and silhouettes are, to the bit."""
        return f"{library.patron_fingerprint(self._handle.pointer):016x}"

    @functools.cached_property
    def silhouette(self):
        """The mean over customers; an estimate where choice.estimated."""
        return library.patron_segmentation_silhouette(self._handle.pointer)

    def to_json(self):
        """The summary, as the driver's --json writes it."""
        return self._text

    @property
    def audit(self):
        """What became of each row read, as a dictionary: rows_read, fates, first_rejected …"""
        return json.loads(self._text)["audit"]

    @property
    def options(self):
        """The options as used, as a dictionary."""
        return json.loads(self._text)["options"]

    @property
    def grouped_by(self):
        """The names of the features that customers are grouped by."""
        return json.loads(self._text)["features"]

    def assign(self, values, *, threads=0):
        """The segments of customers not seen before: a row each, the features of `grouped_by` in that order."""
        view, kept, (count, _) = _columns.rows("values", values)
        found = np.empty(max(count, 1), dtype=np.int32)
        work(library.patron_segmentation_assign, _columns.pointer(found, c.c_int32), self._handle.pointer,
             ctypes.byref(view), threads=threads)
        del kept
        return found[:count]


def _summary(segmentation, history):
    document = create(c.Document, library.patron_document_free, library.patron_report_json, segmentation.pointer,
                      history.pointer)
    with document:
        return ctypes.string_at(library.patron_document_text(document.pointer),
                                library.patron_document_length(document.pointer)).decode()


def segment(orders=None, *, customer, time, amount=None, unit_price=None, quantity=None, order=None, product=None,
            category=None, channel=None, currency=None, discount=None, is_return=None, line=None, amount_exact=None,
            unit_price_exact=None, discount_exact=None, as_of=None, features=None, attributes=None, roles=None,
            ignore_products=None, threads=0, progress=None, **more):
    """Segments the customers of a shop, from its order lines.

    Columns are sequences or arrays of one length; with `orders` (a data frame, or a dictionary of arrays) they may be
    its column names. A table that hands out an Arrow stream (pyarrow, polars, DuckDB) is read where it lies when all
    columns are names: rows with null or NaN in time, quantity or money are then set aside and counted in the audit, as
    lines of a file that cannot be read; times without a zone are UTC, dates are midnight.
      customer   who: whole numbers, or str or bytes; None, "" and NaN have no customer: such rows are counted apart
      time       when: datetime64 (UTC, see utc_offset_s), datetime, whole seconds since 1970, or ISO 8601 texts: a
                 date, and a time of day and a zone if wanted, 2024-05-31T12:50:00+02:00
      amount     what the line cost, in currency units; or unit_price, which is multiplied by quantity; four decimals
                 are kept. …_exact: whole numbers of 1/10,000 currency units
      quantity   units, negative for a return (without: 1)
      order      order number or text (without: a customer's day is one order)
      product, category, channel (where it was ordered), currency (its code), discount, is_return, line (of the file,
                 for messages)
    What it does with them:
      as_of      the instant to look from, inclusive; a bare date is its last second (without: the last line's instant)
      features   names or presets to group by, "rfm,tenure_days" or a list (without: "rfm")
      threads    0: every core; the result is the same for any number
      progress   called as progress(stage, fraction) now and then; a true result ends the call
      attributes (ids, {name: numbers}): the shop's own columns by customer id, NaN where there is none; a data frame
                 will do for the second
      ignore_products  codes of postage and the like, which are no products: lines with them are left out
      roles      {name: role} of them: "cluster" (grouped by, too), "profile" (described by, the default), "ignore"
      more       the fields of patron_segment_options and patron_history_options by name: k_min, k_max, smallest_share,
                 minimum_orders, fill ("reject", "zero", "mean", "median"), transform ("log1p", "none"), scale
                 ("zscore", "robust", "none"), winsor_low, winsor_high, n_init, max_iter, tol, seed, recent_days,
                 window_days, exact_pairs, zero_amount ("drop", "keep"), duplicates ("keep", "drop"), strict,
                 rejected_listed, match_cancellations,
                 only_currency, order_gap_s, utc_offset_s …

    Returns a Segmentation. Raises PatronError when the library refuses, TypeError for columns of another type, KeyError
    for a column that `orders` lacks, MemoryError, KeyboardInterrupt.
    """
    given = locals()
    columns = {name: given[name] for name in _columns.COLUMNS}
    if orders is None:
        named = [name for name, what in columns.items() if isinstance(what, str)]
        if named:
            raise TypeError(f"{named[0]} is the name of a column; give orders, which has it")
    arrow = _arrow.readable(orders, columns)
    if orders is not None and not arrow:
        columns = _columns.chosen(orders, columns)
    more = dict(more, features=_listed(features), as_of_s=_columns.as_of(as_of, more.get("utc_offset_s")))
    history_options = options(c.HistoryOptions, library.patron_history_options_init, more)
    segment_options = options(c.SegmentOptions, library.patron_segment_options_init, more)
    if more:
        advice = "; give k_min and k_max, the same number twice for just that many" if "k" in more else ""
        raise TypeError(f"segment() does not know the option {'k' if advice else next(iter(more))}{advice}")
    borrowed, kept = (None, None) if arrow else _columns.orders(columns)
    how = {"threads": threads, "progress": progress}
    with create(c.History, library.patron_history_free, library.patron_history_create,
                ctypes.byref(history_options)) as history:
        if ignore_products is not None:
            codes, count, alive = _columns.texts("ignore_products", ignore_products)
            call(library.patron_history_ignore_products, history.pointer, ctypes.byref(codes), count, None)
            del alive
        if arrow:
            numbers = _arrow.append(history, orders, columns, **how)
        else:
            work(library.patron_history_append, history.pointer, ctypes.byref(borrowed), **how)
            numbers = not borrowed.customer_id.offsets or _whole(columns)
            del kept
        made, joined = _fitted(history, segment_options, attributes, roles, how)
        return Segmentation(made, _summary(made, history), numbers, joined)


def _listed(features):
    """Names with commas between them, None for none given."""
    if features is None or isinstance(features, str):
        return features
    try:
        return ",".join(features)
    except TypeError:
        raise TypeError(f"features is {features!r:.60}; give names or presets, \"rfm,tenure_days\" or a list of them") \
            from None


def _fitted(history, segment_options, attributes, roles, how):
    """(the Segmentation's handle, who was found on both sides or None)."""
    made = c.Segmentation, library.patron_segmentation_free
    if attributes is None:
        if roles:
            raise TypeError("roles are those of attributes; give attributes")
        return create(*made, library.patron_segment, history.pointer, ctypes.byref(segment_options), **how), None
    table, kept = _columns.attributes(*attributes, {name: as_c("role", c.c_int32, role)
                                                    for name, role in (roles or {}).items()})
    # The whole catalogue, as patron_segment builds it, looked at from the same instant.
    shared = {name: getattr(segment_options, name) for name, _ in c.FeaturesOptions._fields_
              if hasattr(segment_options, name)}
    build_options = options(c.FeaturesOptions, library.patron_features_options_init, shared)
    free, report = library.patron_features_free, new(c.Join)
    with create(c.Features, free, library.patron_features_build, history.pointer, ctypes.byref(build_options),
                **how) as features, \
            create(c.Features, free, library.patron_features_join, ctypes.byref(report), features.pointer,
                   ctypes.byref(table), **how) as joined:
        del kept
        return create(*made, library.patron_segmentation_fit, joined.pointer, ctypes.byref(segment_options),
                      **how), _fields(report)


def _whole(columns):
    """True when the customers were given as numbers with gaps."""
    return np.asarray(columns["customer"]).dtype.kind == "f"
