"""Anomaly scores of scikit-learn's isolation forests. Run with the environment of `npm run bench:peers`:
bench/.venv/bin/python test/golden/isolation-forest.py > test/golden/isolation-forest.json && npx biome format --write test/golden/isolation-forest.json"""

import json

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

# Trees are random, so scores are compared as means over many: their spread over seeds says how near is near.
TREES = 1000


def case(rows, sample_size, seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(rows, 3)) * [1, 20, 0.1]
    table[:, 1] = np.round(np.exp(table[:, 1] / 20), 2)
    table[: rows // 50] *= [4, 6, -5]
    table = np.round(table, 4)
    forests = [
        IsolationForest(n_estimators=TREES, max_samples=sample_size, random_state=state).fit(table)
        for state in range(5)
    ]
    scores = np.array([-forest.score_samples(table) for forest in forests])
    return {
        "columns": table.T.tolist(),
        "options": {"nEstimators": TREES, "sampleSize": sample_size},
        "scores": np.round(scores.mean(axis=0), 6).tolist(),
        "spread": float(np.round(np.abs(scores - scores.mean(axis=0)).max(), 6)),
    }


print(json.dumps({"scikit-learn": sklearn.__version__, "cases": [case(400, 256, 1), case(300, 64, 2)]}))
