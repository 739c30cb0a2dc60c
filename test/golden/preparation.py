"""What scikit-learn's StandardScaler and imbalanced-learn's RandomOverSampler give, for the tests of src/data.

bench/.venv/bin/python test/golden/preparation.py > test/golden/preparation.json && npx biome format --write test/golden/preparation.json
"""

import json
import sys

import imblearn
import numpy as np
import sklearn
from imblearn.over_sampling import RandomOverSampler
from sklearn.preprocessing import StandardScaler


def numbers(array):
    return [None if np.isnan(value) else float(value) for value in array]


generator = np.random.default_rng(42)
rows = 60
columns = {
    "normal": generator.normal(size=rows),
    "far from zero": 1e9 + generator.normal(size=rows),
    "amounts": np.round(generator.lognormal(3, 2, size=rows), 2),
    "tiny": 1e-150 * generator.normal(size=rows),
    "zero": np.zeros(rows),
    "constant": np.full(rows, 0.1),
    "constant up to rounding": np.where(np.arange(rows) % 2 == 0, 1e6, 1e6 + 2e-10),
    "just not constant": np.where(np.arange(rows) % 2 == 0, 1e6, 1e6 + 1e-5),
    "half missing": np.where(np.arange(rows) % 2 == 0, np.nan, generator.normal(size=rows)),
    "one value": np.where(np.arange(rows) == 7, 3.5, np.nan),
    "all missing": np.full(rows, np.nan),
}
matrix = np.column_stack(list(columns.values()))
weights = np.where(np.arange(rows) % 3 == 0, 6.84, 1.0)
weights[5] = 0.0
chosen = np.arange(10, 40)

cases = []
for name, sample, fitted in [
    ("all rows", None, StandardScaler().fit(matrix)),
    ("weights", weights, StandardScaler().fit(matrix, sample_weight=weights)),
    ("rows 10 to 39", None, StandardScaler().fit(matrix[chosen])),
]:
    cases.append(
        {
            "name": name,
            "mean": numbers(fitted.mean_),
            "scale": numbers(fitted.scale_),
            "transformedRow": numbers(fitted.transform(matrix[:1])[0]),
        }
    )

oversampling = []
for legitimate, frauds, ratio in [
    (1000, 7, 1.0),
    (1000, 7, 0.1),
    (999, 7, 0.333),
    (10, 3, 0.5),
    (10, 5, 0.5),
    (10, 5, 0.4),
    (5, 12, 1.0),
    (6, 6, 1.0),
]:
    labels = np.concatenate([np.zeros(legitimate, int), np.ones(frauds, int)])
    strategy = "auto" if ratio == 1.0 else ratio
    try:
        sampler = RandomOverSampler(sampling_strategy=strategy, random_state=0)
        _, drawn = sampler.fit_resample(np.arange(len(labels)).reshape(-1, 1), labels)
        kept = np.unique(sampler.sample_indices_).size
        result = {"legitimate": int((drawn == 0).sum()), "frauds": int((drawn == 1).sum()), "distinctRows": int(kept)}
    except ValueError:
        result = None
    oversampling.append({"legitimate": legitimate, "frauds": frauds, "ratio": ratio, "result": result})

json.dump(
    {
        "versions": {"scikit-learn": sklearn.__version__, "imbalanced-learn": imblearn.__version__},
        "columns": {name: numbers(column) for name, column in columns.items()},
        "weights": numbers(weights),
        "scalers": cases,
        "oversampling": oversampling,
    },
    sys.stdout,
    indent=1,
)
