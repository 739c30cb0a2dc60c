"""One row at a time through the recipe's forest: ONNX Runtime and scikit-learn, in Python.

forest_one_row.py MODEL_DIR TEST OUT_DIR

Leaves in OUT_DIR what one_row.py says, the rows being scaled, and the forest's nodes as plain arrays (tree-*.npy).
"""

import sys
from pathlib import Path

import joblib
import numpy as np
from skl2onnx import to_onnx

from one_row import answer_rounds, cut, export, first_rows, onnx_variants
from tables import read_table


def export_trees(model, out):
    """Writes all nodes of all trees; a node's right child stands behind its left one, a leaf's feature is -1."""
    roots, feature, threshold, left, value, cover = [], [], [], [], [], []
    for estimator in model.estimators_:
        tree = estimator.tree_
        place = {0: len(feature)}
        roots.append(len(feature))
        feature.append(0), threshold.append(0.0), left.append(0), value.append(0.0), cover.append(0.0)
        waiting = [0]
        while waiting:
            node = waiting.pop()
            at = place[node]
            is_leaf = tree.children_left[node] < 0
            feature[at] = -1 if is_leaf else tree.feature[node]
            threshold[at] = tree.threshold[node]
            value[at] = tree.value[node, 0, 1]
            cover[at] = tree.weighted_n_node_samples[node]
            if is_leaf:
                continue
            left[at] = len(feature)
            for child in (tree.children_left[node], tree.children_right[node]):
                place[child] = len(feature)
                feature.append(0), threshold.append(0.0), left.append(0), value.append(0.0), cover.append(0.0)
            waiting += [tree.children_right[node], tree.children_left[node]]
    for name, array in {"roots": roots, "feature": feature, "left": left}.items():
        np.save(out / f"tree-{name}.npy", np.array(array, dtype=np.int32))
    for name, array in {"threshold": threshold, "value": value, "cover": cover}.items():
        np.save(out / f"tree-{name}.npy", np.array(array, dtype=np.float64))


def main():
    model_directory, test_path, out = (Path(argument) for argument in sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    scaler = joblib.load(model_directory / "scaler.joblib")
    model = joblib.load(model_directory / "model.joblib")
    _, x, _, _ = read_table(test_path)
    del scaler.feature_names_in_
    rows = scaler.transform(first_rows(x)).astype(np.float32)
    expected = model.predict_proba(rows)[:, 1]
    export(out, to_onnx(model, rows[:1], options={id(model): {"zipmap": False}}), rows, expected)
    export_trees(model, out)
    variants = onnx_variants(out / "model.onnx", rows)
    variants["scikit-learn predict_proba"] = (lambda row: model.predict_proba(row)[0, 1], cut(rows))
    answer_rounds(variants, expected)


main()
