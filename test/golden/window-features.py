"""What windows over the past of a key hold, row by row, in pandas: a small table of ties, gaps and missing values.

bench/.venv/bin/python test/golden/window-features.py && npx biome format --write test/golden/window-features.json
A window is (t - delay - width, t - delay] over the rows of the same key up to the row itself, in order of the table.
A row without the key has an empty window. `rows` lists the rows whose windows have values to sum up, by position; of no
values the sum is 0 and everything else unknown.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HOUR, DAY = 3_600_000, 86_400_000
WIDTHS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY}
DELAYS = {"0s": 0, "2d": 2 * DAY}

generator = np.random.default_rng(42)


def draw(values, rows, missing=0.0):
    drawn = generator.choice(np.array(values, dtype=object), rows)
    return np.where(generator.random(rows) < missing, None, drawn)


def table():
    """Few hours of few days, so that rows often lie just a window apart or at one instant, or miss it by a millisecond."""
    rows = 200
    day = generator.choice([0, 1, 2, 3, 5, 7, 8, 9, 10, 12, 14, 30, 31, 39, 40], rows)
    hour = generator.choice([0, 1, 2, 3, 11, 12, 12.5, 23], rows)
    jitter = generator.choice([0, 0, 0, 0, 0, 0, 1, -1], rows)
    start = pd.Timestamp("2026-03-01T00:00:00Z").value // 1_000_000
    times = np.sort(start + day * DAY + (hour * HOUR).astype(int) + jitter)
    return pd.DataFrame(
        {
            "timestampMs": times,
            "card": draw(["c-1", "c-1", "c-1", "c-2", "c-2", "c-3", "c-once"], rows, missing=0.05),
            "merchant": draw(["m-1", "m-2", "m-3", "m-4"], rows, missing=0.1),
            "amountMinor": np.where(
                generator.random(rows) < 0.1, 0, np.rint(generator.lognormal(7, 1.5, rows)).astype(int)
            )
            * np.where(generator.random(rows) < 0.1, -1, 1),
            "points": generator.integers(-40, 400, rows) / 4,
            "country": draw(["FR", "BE", "DE", "NL", "ES"], rows, missing=0.15),
        }
    )


def texts(column):
    return [None if pd.isna(value) else value for value in column]


def inside(frame, key, width, delay):
    """For each row the rows of its window."""
    for position in range(len(frame)):
        row = frame.iloc[position]
        past = frame.iloc[: position + 1]
        age = row["timestampMs"] - past["timestampMs"]
        yield past[(past[key] == row[key]) & (age >= delay) & (age < delay + width)]


def summarise(windows, exact_sum):
    """Of the windows with values, which are listed; of the others sum is 0 and everything else null."""
    known = {row: values.dropna() for row, values in enumerate(windows) if values.notna().any()}
    sums = [exact_sum(values) for values in known.values()]
    return {
        "rows": list(known),
        "sum": sums,
        "mean": [total / len(values) for total, values in zip(sums, known.values(), strict=True)],
        "min": [float(values.min()) for values in known.values()],
        "max": [float(values.max()) for values in known.values()],
        "standardDeviation": [float(values.std(ddof=0)) for values in known.values()],
        "median": [float(values.median()) for values in known.values()],
    }


def expect(frame, key, width, delay):
    windows = list(inside(frame, key, width, delay))
    amounts = [window["amountMinor"] / 100 for window in windows]
    points = [window["points"] for window in windows]
    return {
        "count": [len(window) for window in windows],
        "distinct": [window["country"].nunique() for window in windows],
        "amount": summarise(amounts, lambda values: int(np.rint(values * 100).sum()) / 100),
        # Quarters, so any order of adding them up gives the same.
        "points": summarise(points, lambda values: float(values.sum())),
    }


frame = table()
frame.loc[generator.random(len(frame)) < 0.3, "points"] = np.nan
# One card comes once, and another never has points.
frame.loc[frame.index[frame["card"] == "c-once"][1:], "card"] = "c-3"
frame.loc[frame["card"] == "c-2", "points"] = np.nan

expected = {
    key: {
        delay: {width: expect(frame, key, WIDTHS[width], DELAYS[delay]) for width in WIDTHS} for delay in DELAYS
    }
    for key in ["card", "merchant"]
}
times = pd.to_datetime(frame["timestampMs"], unit="ms", utc=True)
Path(__file__).with_suffix(".json").write_text(
    json.dumps(
        {
            "versions": {"pandas": pd.__version__, "numpy": np.__version__},
            "table": {
                "id": [f"t-{row}" for row in range(len(frame))],
                "time": times.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3].add("Z").tolist(),
                "card": texts(frame["card"]),
                "merchant": texts(frame["merchant"]),
                "amount": (frame["amountMinor"] / 100).tolist(),
                "points": [None if np.isnan(value) else value for value in frame["points"]],
                "country": texts(frame["country"]),
            },
            # By key, delay and width.
            "expected": expected,
        },
        allow_nan=False,
    )
    + "\n"
)
