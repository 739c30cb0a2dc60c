"""Decision trees as scikit-learn grows them. Run with the environment of `npm run bench:peers`:
bench/.venv/bin/python test/golden/decision-tree.py > test/golden/decision-tree.json"""

import json

import numpy as np
import sklearn
from sklearn.tree import DecisionTreeClassifier


def case(rows, features, max_depth, weighted, missing, seed, max_leaf_nodes=None):
    rng = np.random.default_rng(seed)
    # scikit-learn keeps its inputs in single precision: numbers of few bits are the same in both.
    table = np.round(rng.normal(size=(rows, features)) * 64) / 64
    labels = ((table[:, 0] + 0.5 * table[:, 1] + rng.normal(size=rows) * 0.5) > 0.7).astype(int)
    if missing:
        table[rng.random((rows, features)) < 0.1] = np.nan
    weights = rng.choice([0.5, 1, 2, 4], size=rows) if weighted else None
    tree = DecisionTreeClassifier(max_depth=max_depth, max_leaf_nodes=max_leaf_nodes, random_state=0)
    tree.fit(table, labels, sample_weight=weights)
    return {
        "columns": [[None if np.isnan(x) else float(x) for x in column] for column in table.T],
        "labels": labels.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "maxDepth": max_depth,
        "maxLeafNodes": max_leaf_nodes,
        "predictions": tree.predict_proba(table)[:, 1].tolist(),
        "importances": tree.feature_importances_.tolist(),
    }


# Shallow trees on tables where no two features split a node equally well: scikit-learn breaks ties by chance.
cases = [
    case(300, 3, 2, False, False, 1),
    case(300, 3, 3, True, False, 2),
    case(400, 4, 4, True, False, 3),
    case(400, 4, 3, True, True, 4),
    case(400, 4, None, True, False, 5, 9),
    case(400, 4, None, True, True, 6, 12),
]
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}))
