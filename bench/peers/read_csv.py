"""pandas.read_csv on one file, once. Prints one line of JSON.

read_csv.py FILE [--engine c|pyarrow]
"""

import argparse
import json
import resource
import sys
from time import perf_counter

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--engine", choices=["c", "pyarrow"], default="c")
options = parser.parse_args()
if options.engine == "pyarrow":
    # Loading the library is no part of reading the file.
    import pyarrow.csv  # noqa: F401

start = perf_counter()
frame = pd.read_csv(options.file, engine=options.engine)
seconds = perf_counter() - start

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(
    json.dumps(
        {
            "seconds": seconds,
            "peakMemoryMb": peak / (1024 * 1024 if sys.platform == "darwin" else 1024),
            "rows": len(frame),
            "sums": {name: float(frame[name].sum()) for name in frame.columns},
        }
    )
)
