"""Makes wilson.json: scipy's 95 % score intervals of shares.

Run: python test/golden/wilson.py (needs scipy; the version used stands in the file).
"""

import json
from pathlib import Path

import scipy
from scipy.stats import binomtest

counts = [(0, 1), (1, 1), (0, 7), (1, 7), (3, 7), (6, 7), (7, 7), (0, 100), (1, 100), (50, 100), (100, 100)]
counts += [(185, 423), (102, 287), (1, 48548), (48125, 48548), (0, 1000000), (999999, 1000000)]
cases = []
for hits, rows in counts:
    interval = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    cases.append({"hits": hits, "rows": rows, "lower": interval.low, "upper": interval.high})
out = {"scipy": scipy.__version__, "cases": cases}
Path(__file__).with_name("wilson.json").write_text(json.dumps(out, indent=1) + "\n")
