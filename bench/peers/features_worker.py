# SPDX-License-Identifier: GPL-3.0-or-later
"""One competitor of features.py: a process that holds the lines as an Arrow table and builds features from it.

Reads jobs and writes answers as lines of JSON; the first job loads the lines. Seconds are from the table in memory, as
the competitor likes it best (conversion of the table to polars or pandas, or its registration, is not timed), to a
column of numbers for each feature.
"""
import ctypes
import importlib.metadata
import json
import os
import sys
import time

import numpy as np
import pyarrow as pa

import features_sql
from worker import peak_start, status_mib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = 20000  # lines of a first run, not timed
ID_BYTES = 10
CATEGORIES = 20


def texts(letter, numbers, digits):
    """'C000000017', as bench_features makes them."""
    count, width = len(numbers), digits + 1
    data = np.empty((count, width), dtype=np.uint8)
    data[:, 0] = ord(letter)
    left = numbers.astype(np.int64)
    for at in range(digits, 0, -1):
        data[:, at] = ord("0") + left % 10
        left //= 10
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data.reshape(-1)))


def load(folder, ids, every):
    """The table: customers and orders as numbers or texts, naive times, amounts in currency units."""
    def column(name, dtype):
        return np.fromfile(os.path.join(folder, name), dtype=dtype)

    customer, order = column("customer.i64", "<i8"), column("order.i64", "<i8")
    columns = {"c": pa.array(customer) if ids == "number" else pa.chunked_array(pieces("C", customer, ID_BYTES - 1)),
               "o": pa.array(order) if ids == "number" else pa.chunked_array(pieces("B", order, ID_BYTES - 1)),
               "t": pa.array(column("time_s.i64", "<i8") * 1000000).cast(pa.timestamp("us")),
               "q": pa.array(column("quantity.f64", "<f8").astype(np.int32)),
               "a": pa.array(column("amount.i64", "<i8") / 10000)}
    if every:
        product = column("product.i32", "<i4")
        columns["d"] = pa.array(column("discount.i64", "<i8") / 10000)
        columns["p"] = pa.chunked_array(pieces("P", product, ID_BYTES - 1))
        columns["g"] = pa.chunked_array(pieces("K", product % CATEGORIES, 2))
        columns["h"] = pa.chunked_array(pieces("N", column("channel.i32", "<i4"), 1))
    return pa.table(columns)


def pieces(letter, numbers, digits):
    """In chunks whose 32-bit offsets do."""
    return [texts(letter, numbers[at:at + 20000000], digits) for at in range(0, len(numbers), 20000000)]


class Patron:
    def __init__(self, table, every, threads):
        sys.path.insert(0, os.path.join(ROOT, "lib", "python", "src"))
        import patron
        from patron import _arrow, _declarations, _library
        from patron._call import create, options
        self.arrow, self.c, self.library, self.create, self.options = (
            _arrow, _declarations, _library.library, create, options)
        self.version, self.table, self.threads = patron.__version__, table, threads
        self.columns = ",".join(name for name in (features_sql.ALL if every else features_sql.RFM)
                                if name in self.catalogue())
        self.roles = {"customer": "c", "order": "o", "time": "t", "quantity": "q", "amount": "a"}
        if every:
            self.roles |= {"discount": "d", "product": "p", "category": "g", "channel": "h"}

    def catalogue(self):
        """The names of the features that the library has."""
        column, names = self.c.Column(size=ctypes.sizeof(self.c.Column)), set()
        for at in range(self.library.patron_feature_count()):
            self.library.patron_feature_info(ctypes.byref(column), at, None)
            names.add(column.name.decode())
        return names

    def build(self):
        c, library, how = self.c, self.library, {"threads": self.threads}
        start = time.perf_counter()
        with self.create(c.History, library.patron_history_free, library.patron_history_create, None,
                         **how) as history:
            self.arrow.append(history, self.table, self.roles, **how)
            self.append_s = time.perf_counter() - start
            asked = self.options(c.FeaturesOptions, library.patron_features_options_init, {"columns": self.columns})
            return self.create(c.Features, library.patron_features_free, library.patron_features_build,
                               history.pointer, ctypes.byref(asked), **how)

    def told(self, features):
        library, c = self.library, self.c
        count = library.patron_features_customer_count(features.pointer)
        matrix = library.patron_features_matrix(features.pointer)
        names = []
        for at in range(library.patron_matrix_column_count(matrix)):
            column = c.Column(size=ctypes.sizeof(c.Column))
            library.patron_matrix_column(ctypes.byref(column), matrix, at, None)
            names.append(column.name.decode())
        print("  features that peers do not build:", ", ".join(sorted(self.catalogue() - set(features_sql.ALL))),
              file=sys.stderr)
        values = np.ctypeslib.as_array(library.patron_matrix_values(matrix), shape=(count, len(names)))
        text = c.Text()
        library.patron_features_customer_ids(ctypes.byref(text), features.pointer, None)
        offsets = np.ctypeslib.as_array(text.offsets, shape=(count + 1,))
        ids = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(
            ctypes.string_at(text.bytes, int(offsets[-1]))))
        return ids, {name: values[:, at] for at, name in enumerate(names)}


class Others:
    """What peers have in common: a result with a column c and one for each feature."""

    def told(self, found):
        table = found if isinstance(found, pa.Table) else found.to_arrow()
        return table["c"].combine_chunks(), {
            name: table[name].cast(pa.float64()).fill_null(np.nan).to_numpy() for name in table.column_names
            if name != "c"}


class DuckDB(Others):
    def __init__(self, table, every, threads):
        import duckdb
        self.version = importlib.metadata.version("duckdb")
        self.base = duckdb.connect()
        self.base.execute(f"SET threads = {threads}")
        self.base.execute("SET preserve_insertion_order = false")
        self.base.register("lines", table)
        self.sql = features_sql.DUCKDB_ALL if every else features_sql.DUCKDB_RFM

    def build(self):
        return self.base.sql(self.sql).to_arrow_table()


class DuckDBTable(DuckDB):
    """The same from a table of its own, made before."""

    def __init__(self, table, every, threads):
        super().__init__(table, every, threads)
        self.base.execute("CREATE TABLE own AS SELECT * FROM lines")
        self.base.unregister("lines")
        self.sql = self.sql.replace("FROM lines", "FROM own")


class Polars(Others):
    engine = "auto"

    def __init__(self, table, every, threads):
        import polars
        self.version, self.pl = importlib.metadata.version("polars"), polars
        self.lines = polars.from_arrow(table)
        self.make = features_sql.polars_all if every else features_sql.polars_rfm
        if polars.thread_pool_size() != threads:
            raise RuntimeError(f"polars has {polars.thread_pool_size()} threads")

    def build(self):
        return self.make(self.pl, self.lines).collect(engine=self.engine)


class PolarsStreaming(Polars):
    engine = "streaming"


class Pandas(Others):
    def __init__(self, table, every, threads):
        if every:
            raise NotImplementedError("written for rfm alone")
        self.version = importlib.metadata.version("pandas")
        self.lines = table.to_pandas()

    def build(self):
        return features_sql.pandas_rfm(self.lines)

    def told(self, found):
        return super().told(pa.Table.from_pandas(found))


MAKE = {"patron": Patron, "duckdb": DuckDB, "duckdb-table": DuckDBTable, "polars": Polars,
        "polars-streaming": PolarsStreaming, "pandas": Pandas}


def numbers_of(ids):
    """Customers' numbers, whatever their ids are."""
    if pa.types.is_integer(ids.type):
        return ids.to_numpy()
    text = ids.cast(pa.string())
    if len(text) and not text[0].as_py()[0].isdigit():
        import pyarrow.compute as pc
        text = pc.utf8_slice_codeunits(text, 1)
    return text.cast(pa.int64()).to_numpy()


def save(path, told):
    """Customers' numbers, rising, and each feature of theirs, for features.py to compare."""
    ids, columns = told
    numbers = numbers_of(ids)
    order = np.argsort(numbers, kind="stable")
    with open(path + ".names", "w", encoding="utf-8") as file:
        json.dump(list(columns), file)
    np.save(path + ".npy", np.column_stack([numbers[order].astype(np.float64),
                                            *(column[order] for column in columns.values())]))


def answer(one, job):
    before = peak_start()
    start, cpu = time.perf_counter(), time.process_time()
    found = one.build()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = max(status_mib("VmHWM:") - before, 0.0)
    if job.get("save"):
        save(job["save"], one.told(found))
    return {"seconds": seconds, "cpu_s": cpu, "append_s": getattr(one, "append_s", None), "peak_mib": peak}


def main():
    name = sys.argv[1]
    # Libraries print what they like to standard output; answers go past them.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    one = None
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if "load" in job:
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:job["threads"]])
                table, every = load(job["load"], job["ids"], job["every"]), job["every"]
                warm = MAKE[name](table.slice(0, SMALL), every, job["threads"])
                warm.build()
                del warm
                one = MAKE[name](table, every, job["threads"])
                said = {"version": one.version}
            else:
                said = answer(one, job)
        except Exception as exception:  # one that cannot is a line of the table, not the end of it
            said = {"error": f"{type(exception).__name__}: {exception}"[:300]}
        print(json.dumps(said), file=answers)


if __name__ == "__main__":
    main()
