"""Reads a table for the peers: a CSV file of the card table's shape, or the benchmark's own .npy file."""

import numpy as np
import pandas as pd

NOT_INPUTS = ["Time", "Class", "weight"]


def read_table(path):
    """Returns the names of the inputs, X (C order, float64), y and the rows' weights.

    A .npy file holds one two-dimensional array: the inputs V1..V28 and Amount, then label and weight.
    """
    if str(path).endswith(".npy"):
        table = np.load(path)
        names = [f"V{number}" for number in range(1, table.shape[1] - 2)] + ["Amount"]
        return names, np.ascontiguousarray(table[:, :-2]), table[:, -2].astype(np.int64), table[:, -1].copy()
    frame = pd.read_csv(path)
    names = [name for name in frame.columns if name not in NOT_INPUTS]
    weight = frame["weight"].to_numpy() if "weight" in frame else np.ones(len(frame))
    return names, np.ascontiguousarray(frame[names].to_numpy()), frame["Class"].to_numpy(), weight
