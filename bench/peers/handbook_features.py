"""The handbook's 15 features of all its transactions in pandas, once. Prints one line of JSON.

handbook_features.py FILE [--method groupby|indexed|one-clock|numpy] [--sampled 200]

A window of a customer is (t - w, t], this transaction included; a terminal's ends seven days earlier, because labels
come late. Rows are in order of time, and a row sees only itself and rows before it: pandas' own windows do that too.
"""

import argparse
import json
import resource
import sys
from time import perf_counter

import numpy as np
import pandas as pd

WIDTHS = [1, 7, 30]
DELAY = 7
# Longer than all of the data and the longest window together, so that no window reaches into another key's days.
DAYS_PER_KEY = 400
SECONDS_PER_DAY = 86_400


def load(path):
    columns = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]
    return pd.read_csv(path, usecols=columns, parse_dates=["TX_DATETIME"])


def grouped(frame, key, value):
    """A groupby with a rolling window, written well: each key's rows lie together, both sums come of one call, and the
    index is left as plain numbers, so that none of times has to be made for the result."""
    order = frame[key].to_numpy().argsort(kind="stable")
    rows = frame[[key, "TX_DATETIME", value]].take(order).reset_index(drop=True).assign(count=1.0)
    groups = rows.groupby(key, sort=False)[["count", value, "TX_DATETIME"]]

    def trailing(days):
        sums = groups.rolling(f"{days}D", on="TX_DATETIME").sum()
        return [in_row_order(order, sums[name].to_numpy()) for name in ["count", value]]

    return trailing


def indexed(frame, key, value):
    """The same as one writes it first: windows over an index of times, a call for each statistic."""
    order = frame[key].to_numpy().argsort(kind="stable")
    groups = frame.set_index("TX_DATETIME").groupby(key)[value]

    def trailing(days):
        rolling = groups.rolling(f"{days}D")
        return [in_row_order(order, sums.to_numpy()) for sums in [rolling.count(), rolling.sum()]]

    return trailing


def on_one_clock(frame, key, value):
    """A specialist's trick: every key gets days of its own on one clock, so that no groupby is needed."""
    order, clock = one_clock(frame, key)
    rows = frame[[value]].take(order).assign(count=1.0).set_index(pd.DatetimeIndex(clock.view("datetime64[s]")))

    def trailing(days):
        sums = rows.rolling(f"{days}D").sum()
        return [in_row_order(order, sums[name].to_numpy()) for name in ["count", value]]

    return trailing


def without_pandas(frame, key, value):
    """The same clock with nothing but numpy: sums so far, and a binary search for where each window begins."""
    order, clock = one_clock(frame, key)
    hundredths = np.rint(frame[value].to_numpy()[order] * 100).astype(np.int64)
    so_far = np.concatenate([[0], hundredths.cumsum()])
    ends = np.arange(1, len(order) + 1)

    def trailing(days):
        starts = clock.searchsorted(clock - days * SECONDS_PER_DAY, side="right")
        return [in_row_order(order, sums) for sums in [ends - starts, (so_far[ends] - so_far[starts]) / 100]]

    return trailing


def one_clock(frame, key):
    order = frame[key].to_numpy().argsort(kind="stable")
    seconds = frame["TX_DATETIME"].dt.as_unit("s").astype("int64").to_numpy()
    clock = seconds - seconds[0] + frame[key].to_numpy() * (DAYS_PER_KEY * SECONDS_PER_DAY)
    return order, clock[order]


def in_row_order(order, values):
    rows = np.empty(len(values))
    rows[order] = values
    return rows


METHODS = {"groupby": grouped, "indexed": indexed, "one-clock": on_one_clock, "numpy": without_pandas}


def compute(frame, method="groupby"):
    columns = {
        "amount": frame["TX_AMOUNT"],
        "weekend": (frame["TX_DATETIME"].dt.day_of_week >= 5).astype(float),
        "night": (frame["TX_DATETIME"].dt.hour <= 6).astype(float),
    }
    trailing = METHODS[method](frame, "CUSTOMER_ID", "TX_AMOUNT")
    for width in WIDTHS:
        count, amount = trailing(width)
        columns[f"customer_count_{width}d"] = count
        columns[f"customer_amount_mean_{width}d"] = amount / count
    trailing = METHODS[method](frame, "TERMINAL_ID", "TX_FRAUD")
    late_count, late_frauds = trailing(DELAY)
    for width in WIDTHS:
        count, frauds = trailing(DELAY + width)
        count -= late_count
        frauds -= late_frauds
        columns[f"terminal_count_{width}d"] = count
        columns[f"terminal_fraud_rate_{width}d"] = np.divide(frauds, count, out=np.zeros(len(count)), where=count > 0)
    return pd.DataFrame(columns)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--method", choices=list(METHODS), default="groupby")
    parser.add_argument("--sampled", type=int, default=200)
    options = parser.parse_args()

    start = perf_counter()
    frame = load(options.file)
    read_seconds = perf_counter() - start

    start = perf_counter()
    features = compute(frame, options.method)
    seconds = perf_counter() - start

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sampled = np.arange(options.sampled) * (len(features) - 1) // (options.sampled - 1)
    print(
        json.dumps(
            {
                "readSeconds": read_seconds,
                "seconds": seconds,
                "peakMemoryMb": peak / (1024 * 1024 if sys.platform == "darwin" else 1024),
                "rows": len(features),
                "sums": {name: float(features[name].sum()) for name in features.columns},
                "sampled": features.iloc[sampled].to_dict("list"),
            }
        )
    )


if __name__ == "__main__":
    main()
