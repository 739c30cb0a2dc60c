"""Logistic regression as scikit-learn fits it behind a StandardScaler. Run with the environment of `npm run bench:peers`:
bench/.venv/bin/python test/golden/logistic-regression.py > test/golden/logistic-regression.json && npx biome format --write test/golden/logistic-regression.json"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def case(rows, c, weighted, balanced, seed):
    rng = np.random.default_rng(seed)
    table = np.round(rng.normal(size=(rows, 4)) * [1, 5, 0.2, 30] + [0, 3, -1, 100], 4)
    labels = (rng.random(rows) < 1 / (1 + np.exp(2 - table[:, 0] - 0.4 * table[:, 1]))).astype(int)
    weights = rng.choice([0.5, 1, 2, 4], size=rows) if weighted else None
    # Balanced by rows, as Shrike counts classes; scikit-learn's own would count weights.
    sample = np.ones(rows) if weights is None else weights.copy()
    if balanced:
        sample *= np.where(labels == 1, rows / (2 * labels.sum()), rows / (2 * (rows - labels.sum())))
    scaled = StandardScaler().fit_transform(table, sample_weight=sample)
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000).fit(scaled, labels, sample_weight=sample)
    return {
        "columns": table.T.tolist(),
        "labels": labels.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "options": {"c": c, "classWeight": "balanced" if balanced else "none"},
        "predictions": model.predict_proba(scaled)[:, 1].tolist(),
        "coefficients": model.coef_[0].tolist(),
        "intercept": float(model.intercept_[0]),
    }


cases = [case(200, 1, False, False, 1), case(150, 0.01, True, False, 2), case(150, 100, True, True, 3)]
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}))
