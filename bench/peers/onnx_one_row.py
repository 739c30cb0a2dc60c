"""One row at a time through the recipe's forest: ONNX Runtime and scikit-learn, in Python.

onnx_one_row.py MODEL_DIR TEST OUT_DIR

Exports the forest to OUT_DIR: forest.onnx, its nodes as plain arrays (tree-*.npy), the scaled float32 rows (rows.npy)
and scikit-learn's probabilities for them (expected.npy). So the rival in Node and Shrike score the very same trees.
Prints {"maxDifference": ...} when ready; then, for every line on standard input, runs one round and prints its
microseconds per row by variant.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import joblib
import numpy as np
import onnxruntime
from skl2onnx import to_onnx

from tables import read_table

ROWS = 10_000
SECONDS_PER_VARIANT = 1.0


def export_trees(model, out):
    """Writes all nodes of all trees; a node's right child stands behind its left one, a leaf's feature is -1."""
    roots, feature, threshold, left, value = [], [], [], [], []
    for estimator in model.estimators_:
        tree = estimator.tree_
        place = {0: len(feature)}
        roots.append(len(feature))
        feature.append(0), threshold.append(0.0), left.append(0), value.append(0.0)
        waiting = [0]
        while waiting:
            node = waiting.pop()
            at = place[node]
            is_leaf = tree.children_left[node] < 0
            feature[at] = -1 if is_leaf else tree.feature[node]
            threshold[at] = tree.threshold[node]
            value[at] = tree.value[node, 0, 1]
            if is_leaf:
                continue
            left[at] = len(feature)
            for child in (tree.children_left[node], tree.children_right[node]):
                place[child] = len(feature)
                feature.append(0), threshold.append(0.0), left.append(0), value.append(0.0)
            waiting += [tree.children_right[node], tree.children_left[node]]
    for name, array in {"roots": roots, "feature": feature, "left": left}.items():
        np.save(out / f"tree-{name}.npy", np.array(array, dtype=np.int32))
    for name, array in {"threshold": threshold, "value": value}.items():
        np.save(out / f"tree-{name}.npy", np.array(array, dtype=np.float64))


def export(model_directory, test_path, out):
    scaler = joblib.load(model_directory / "scaler.joblib")
    model = joblib.load(model_directory / "model.joblib")
    _, x, _, _ = read_table(test_path)
    del scaler.feature_names_in_
    # A whole number of hundreds, because the clock is read after every hundred rows.
    rows = scaler.transform(x[: min(ROWS, len(x) // 100 * 100)]).astype(np.float32)
    expected = model.predict_proba(rows)[:, 1]
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "rows.npy", rows)
    np.save(out / "expected.npy", expected)
    onnx_model = to_onnx(model, rows[:1], options={id(model): {"zipmap": False}})
    (out / "forest.onnx").write_bytes(onnx_model.SerializeToString())
    export_trees(model, out)
    return model, rows, expected


def open_session(path, threads):
    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def plain_run(session):
    name = session.get_inputs()[0].name
    return lambda row: session.run(["probabilities"], {name: row})[0][0, 1]


def bound_run(session, width):
    """The same with input and output bound to fixed memory, the leanest way that ONNX Runtime offers."""
    row_buffer, answer = np.zeros((1, width), np.float32), np.zeros((1, 2), np.float32)
    binding = session.io_binding()
    name = session.get_inputs()[0].name
    binding.bind_input(name, "cpu", 0, np.float32, row_buffer.shape, row_buffer.ctypes.data)
    binding.bind_output("probabilities", "cpu", 0, np.float32, answer.shape, answer.ctypes.data)

    def score(row):
        row_buffer[:] = row
        session.run_with_iobinding(binding)
        return answer[0, 1]

    return score


def microseconds_per_row(score, rows):
    """Scores row after row for about a second, going round where the rows run out."""
    done = 0
    start = perf_counter()
    while True:
        first = done % len(rows)
        for row in rows[first : first + 100]:
            score(row)
        done += 100
        elapsed = perf_counter() - start
        if elapsed >= SECONDS_PER_VARIANT:
            return elapsed / done * 1e6


def main():
    model_directory, test_path, out = (Path(argument) for argument in sys.argv[1:])
    model, matrix, expected = export(model_directory, test_path, out)
    single, default = (open_session(out / "forest.onnx", threads) for threads in (1, None))
    variants = {
        "ONNX Runtime, Python, 1 thread, bound memory": bound_run(single, matrix.shape[1]),
        "ONNX Runtime, Python, 1 thread": plain_run(single),
        "ONNX Runtime, Python, default threads, bound memory": bound_run(default, matrix.shape[1]),
        "ONNX Runtime, Python, default threads": plain_run(default),
    }
    # Each row is cut out before the clock starts.
    rows = [matrix[i : i + 1] for i in range(len(matrix))]
    difference = max(
        abs(float(score(row)) - wanted) for score in variants.values() for row, wanted in list(zip(rows, expected))[::10]
    )
    print(json.dumps({"maxDifference": difference}), flush=True)
    variants["scikit-learn predict_proba"] = model.predict_proba
    for _ in sys.stdin:
        print(json.dumps({name: microseconds_per_row(run, rows) for name, run in variants.items()}), flush=True)


main()
