"""One row at a time through boosted trees that LightGBM trains here: LightGBM and ONNX Runtime, in Python.

boosting_one_row.py TRAIN TEST OUT_DIR OPTIONS   (TRAIN and TEST: .npy; OPTIONS: JSON with Shrike's names)

Leaves in OUT_DIR what one_row.py says, and the model as LightGBM saves it (model.txt).
"""

import ctypes
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
from lightgbm.basic import _LIB
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

from lightgbm_training import train
from one_row import answer_rounds, cut, export, first_rows, onnx_variants
from tables import read_table

PREDICT_NORMAL, FLOAT64 = 0, 1


def fast_single_row(model, width):
    """The leanest way that LightGBM offers: everything but the row's address is settled beforehand."""
    config, length, answer = ctypes.c_void_p(), ctypes.c_int64(), ctypes.c_double()
    settled = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        model._handle,
        ctypes.c_int(PREDICT_NORMAL),
        ctypes.c_int(0),
        ctypes.c_int(-1),
        ctypes.c_int(FLOAT64),
        ctypes.c_int32(width),
        b"num_threads=1",
        ctypes.byref(config),
    )
    if settled != 0:
        raise RuntimeError("LightGBM's C API refuses the model")
    predict = _LIB.LGBM_BoosterPredictForMatSingleRowFast
    length_at, answer_at = ctypes.byref(length), ctypes.byref(answer)

    def score(address):
        predict(config, address, length_at, answer_at)
        return answer.value

    return score


def main():
    train_path, test_path, out = (Path(argument) for argument in sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    _, train_x, train_y, _ = read_table(train_path)
    train(train_x, train_y, json.loads(sys.argv[4])).save_model(out / "model.txt")
    model = lightgbm.Booster(model_file=out / "model.txt")
    _, x, _, _ = read_table(test_path)
    rows = first_rows(x).astype(np.float32)
    doubles = rows.astype(np.float64)
    expected = model.predict(doubles)
    inputs = [("rows", FloatTensorType([None, rows.shape[1]]))]
    export(out, convert_lightgbm(model, initial_types=inputs, zipmap=False), rows, expected)
    addresses = [ctypes.c_void_p(row.ctypes.data) for row in doubles]
    variants = {
        "LightGBM, C API, 1 thread, fast single row": (fast_single_row(model, rows.shape[1]), addresses),
        "LightGBM, Python, 1 thread": (lambda row: model.predict(row, num_threads=1)[0], cut(doubles)),
        "LightGBM, Python, default threads": (lambda row: model.predict(row)[0], cut(doubles)),
        **onnx_variants(out / "model.onnx", rows),
    }
    answer_rounds(variants, expected)


main()
