"""One row at a time, by whatever scores: what the peers of both one-row benchmarks have in common.

A peer leaves in its folder model.onnx, the float32 rows (rows.npy) and the library's own probabilities for them
(expected.npy), so the rival in Node and Shrike score the very same trees on the same rows.
"""

import json
import sys
from time import perf_counter

import numpy as np
import onnxruntime

SECONDS_PER_VARIANT = 1.0
MOST_ROWS = 10_000


def first_rows(x):
    """A whole number of hundreds, because the clock is read after every hundred rows."""
    return x[: min(MOST_ROWS, len(x) // 100 * 100)]


def export(out, onnx_model, rows, expected):
    np.save(out / "rows.npy", rows)
    np.save(out / "expected.npy", expected)
    (out / "model.onnx").write_bytes(onnx_model.SerializeToString())


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


def cut(matrix):
    """Each row as a matrix of its own, made before the clock starts."""
    return [matrix[i : i + 1] for i in range(len(matrix))]


def onnx_variants(path, matrix):
    """Scoring functions by name, each with the rows as it wants them."""
    single, default = (open_session(path, threads) for threads in (1, None))
    rows, width = cut(matrix), matrix.shape[1]
    return {
        "ONNX Runtime, Python, 1 thread, bound memory": (bound_run(single, width), rows),
        "ONNX Runtime, Python, 1 thread": (plain_run(single), rows),
        "ONNX Runtime, Python, default threads, bound memory": (bound_run(default, width), rows),
        "ONNX Runtime, Python, default threads": (plain_run(default), rows),
    }


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


def answer_rounds(variants, expected):
    """Prints {"differences": ...} by variant when ready; then, for every line on standard input, its times."""
    differences = {
        name: max(abs(float(score(rows[i])) - expected[i]) for i in range(0, len(rows), 10))
        for name, (score, rows) in variants.items()
    }
    print(json.dumps({"differences": differences}), flush=True)
    for _ in sys.stdin:
        times = {name: microseconds_per_row(score, rows) for name, (score, rows) in variants.items()}
        print(json.dumps(times), flush=True)
