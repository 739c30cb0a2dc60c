"""The handbook's 15 features in pandas and numpy: sums over all rows, and some 300 rows by their definition.

bench/.venv/bin/python test/golden/handbook-features.py && npx biome format --write test/golden/handbook-features.json
Needs ../shared/data/handbook-transactions.csv.gz beside the checkout.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT.parent / "shared/data/handbook-transactions.csv.gz"
if not SOURCE.exists():
    sys.exit(f"{SOURCE} is not at hand")
sys.path.append(str(ROOT / "bench/peers"))
from handbook_features import compute, load  # noqa: E402

DAY = 86_400
generator = np.random.default_rng(42)
frame = load(SOURCE)
features = compute(frame)

seconds = frame["TX_DATETIME"].dt.as_unit("s").astype("int64").to_numpy()
cents = np.rint(frame["TX_AMOUNT"].to_numpy() * 100).astype(np.int64)
fraud = frame["TX_FRAUD"].to_numpy()
keys = {name: frame[name].to_numpy() for name in ["CUSTOMER_ID", "TERMINAL_ID"]}
rows_of = {name: frame.groupby(name).indices for name in keys}


def window(key, row, width, delay):
    """The rows of the same key in (t - delay - width, t - delay], none after the row itself, one by one."""
    rows = rows_of[key][keys[key][row]]
    rows = rows[rows <= row]
    age = seconds[row] - seconds[rows]
    return rows[(age >= delay * DAY) & (age < (delay + width) * DAY)]


def by_definition(row):
    time = frame["TX_DATETIME"].iloc[row]
    values = [cents[row] / 100, float(time.day_of_week >= 5), float(time.hour <= 6)]
    for width in [1, 7, 30]:
        inside = window("CUSTOMER_ID", row, width, 0)
        values += [len(inside), int(cents[inside].sum()) / len(inside) / 100]
    for width in [1, 7, 30]:
        inside = window("TERMINAL_ID", row, width, 7)
        values += [len(inside), int(fraud[inside].sum()) / len(inside) if len(inside) else 0.0]
    return [float(value) for value in values]


def some(candidates, count):
    """All of a few, or some of many."""
    return candidates if len(candidates) <= count else np.sort(generator.choice(candidates, count, replace=False))


def with_an_edge(key, days):
    """Rows with an earlier one of the same key exactly so many days before."""
    clock = pd.MultiIndex.from_arrays([keys[key], seconds])
    return np.flatnonzero(pd.MultiIndex.from_arrays([keys[key], seconds - days * DAY]).isin(clock))


def tied(key):
    return np.flatnonzero(frame.duplicated([key, "TX_DATETIME"], keep=False))


hour = frame["TX_DATETIME"].dt.hour.to_numpy()
picked = {
    "several of one customer in one second": tied("CUSTOMER_ID"),
    "several of one terminal in one second": tied("TERMINAL_ID"),
    "first of a customer": some(np.flatnonzero(~frame.duplicated("CUSTOMER_ID")), 12),
    "first of a terminal": some(np.flatnonzero(~frame.duplicated("TERMINAL_ID")), 12),
    "last of a terminal": some(np.flatnonzero(~frame.duplicated("TERMINAL_ID", keep="last")), 12),
    "frauds at the terminal": some(np.flatnonzero(features["terminal_fraud_rate_7d"] > 0), 30),
    "fraud rate 1": some(np.flatnonzero(features["terminal_fraud_rate_1d"] == 1), 10),
    "fraud": some(np.flatnonzero(fraud), 15),
    "amount 0": some(np.flatnonzero(cents == 0), 8),
    "hour 6": some(np.flatnonzero(hour == 6), 6),
    "hour 7": some(np.flatnonzero(hour == 7), 6),
    "first and last": np.array([0, 1, len(frame) - 2, len(frame) - 1]),
}
for days in [1, 7, 30]:
    picked[f"customer's own exactly {days} d before"] = some(with_an_edge("CUSTOMER_ID", days), 10)
for days in [7, 8, 14, 37]:
    picked[f"terminal's own exactly {days} d before"] = some(with_an_edge("TERMINAL_ID", days), 10)
picked["at random"] = some(np.arange(len(frame)), 300 - len(np.unique(np.concatenate(list(picked.values())))))
for name, rows in picked.items():
    print(f"{name}: {len(rows)} rows", file=sys.stderr)

rows = np.unique(np.concatenate(list(picked.values())))
exact = np.array([by_definition(row) for row in rows])
np.testing.assert_allclose(features.iloc[rows].to_numpy(), exact, rtol=1e-12, atol=0)

Path(__file__).with_suffix(".json").write_text(
    json.dumps(
        {
            "versions": {"pandas": pd.__version__, "numpy": np.__version__},
            "features": list(features.columns),
            "rowCount": len(frame),
            "sums": {name: float(features[name].sum()) for name in features},
            "means": {name: float(features[name].mean()) for name in features},
            "picked": {name: frame["TRANSACTION_ID"].iloc[rows].tolist() for name, rows in picked.items()},
            "rows": {
                str(frame["TRANSACTION_ID"].iloc[row]): values for row, values in zip(rows, exact.tolist(), strict=True)
            },
        }
    )
    + "\n"
)
