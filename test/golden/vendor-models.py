"""Models as XGBoost, LightGBM and scikit-learn made them, what they answer, and their SHAP values by the shap package.

bench/.venv/bin/python test/golden/vendor-models.py [ROWS] > test/golden/vendor-models.json && npx biome format --write test/golden/vendor-models.json
300 rows are kept in the repository; SHRIKE_VENDOR_MODELS=FILE makes the test read another file, of 10,000 say.
"""

import json
import sys

import lightgbm
import numpy as np
import shap
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
FEATURES = ["amount", "hour", "count_7d", "rate"]
rng = np.random.default_rng(7)


def table(rows):
    x = np.column_stack(
        [rng.lognormal(3, 1, rows), rng.integers(0, 24, rows), rng.poisson(3, rows), rng.beta(0.3, 4, rows)]
    )
    return x.astype(float)


def with_edges(x, thresholds):
    """Half as they come, the rest with missing values, values at thresholds and beside them, and far out."""
    x = x.copy()
    for row in range(len(x) // 2, len(x)):
        feature = rng.integers(0, 4)
        at = rng.choice(thresholds[feature]) if len(thresholds[feature]) else 0.0
        x[row, feature] = rng.choice(
            [np.nan, at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf), float(np.float32(at)), -at, 0.0, 1e30, -1e30]
        )
    return x


train = table(4000)
label = (rng.random(4000) < 1 / (1 + np.exp(4.5 - 0.03 * train[:, 0] - 8 * train[:, 3] - 0.2 * train[:, 2] - (train[:, 1] % 5 == 2)))).astype(int)
holes = train.copy()
holes[rng.random(holes.shape) < 0.1] = np.nan


def numbers(values):
    return [[None if np.isnan(v) else float(v) for v in row] for row in np.atleast_2d(values)]


def case(name, text, rows, probability, margin, contributions, expected):
    return {
        "name": name,
        "model": text,
        "rows": numbers(rows),
        "probabilities": np.round(np.asarray(probability, float), 12).tolist(),
        "contributions": np.round(np.asarray(contributions, float), 9).tolist(),
        "expected": float(expected),
        "margins": np.round(np.asarray(margin, float), 9).tolist(),
    }


def with_categories(data):
    """The hour as a category: those of a few tell the fraud."""
    data = data.copy()
    data[:, 1] = np.where(np.isnan(data[:, 1]), np.nan, (data[:, 1] * 7) % 24)
    return data


def with_odd_categories(rows):
    """Categories that training saw, and others: none that has a fraction."""
    rows[:, 1] = rng.choice([*range(24), 24, 31, 32, 63, 64, 1000, 65535, -1, -7, np.nan], len(rows))
    return rows


def lightgbm_case(name, data, categories="auto", **more):
    params = dict(objective="binary", num_leaves=9, learning_rate=0.2, verbosity=-1, deterministic=True, seed=1, num_threads=1)
    booster = lightgbm.train(params | more, lightgbm.Dataset(data, label, feature_name=FEATURES, categorical_feature=categories), 15)
    trees = booster.trees_to_dataframe()
    trees = trees[trees.decision_type == "<="]
    thresholds = [trees.threshold[trees.split_feature == f].dropna().to_numpy() for f in FEATURES]
    rows = with_edges(table(ROWS), thresholds)
    rows = rows if categories == "auto" else with_odd_categories(rows)
    contributions = booster.predict(rows, pred_contrib=True)
    probability = booster.predict(rows)
    margin = booster.predict(rows, raw_score=True)
    # Log-odds are the raw score times this.
    unit = more.get("sigmoid", 1)
    contributions, margin = unit * contributions, unit * margin
    return case(name, booster.model_to_string(), rows, probability, margin, contributions[:, :-1], contributions[0, -1])


def matrix_of(data, types, label=None):
    return xgboost.DMatrix(data, label, feature_names=FEATURES, feature_types=types, enable_categorical=types is not None)


def xgboost_case(name, data, types=None, **more):
    params = dict(objective="binary:logistic", max_depth=4, eta=0.3, seed=1, nthread=1)
    booster = xgboost.train(params | more, matrix_of(data, types, label), 15)
    trees = booster.trees_to_dataframe()
    thresholds = [trees.Split[trees.Feature == f].dropna().to_numpy() for f in FEATURES]
    rows = with_edges(table(ROWS), thresholds)
    rows = rows if types is None else with_odd_categories(rows)
    matrix = matrix_of(rows, types)
    contributions = booster.predict(matrix, pred_contribs=True)
    text = json.loads(booster.save_raw("json"))
    margin = booster.predict(matrix, output_margin=True)
    return case(name, text, rows, booster.predict(matrix), margin, contributions[:, :-1], contributions[0, -1])


def forest_case():
    """scikit-learn's trees have no file to read: their arrays as they are."""
    forest = RandomForestClassifier(10, max_depth=6, random_state=1).fit(train, label)
    trees = [
        {
            "feature": t.feature.tolist(),
            "threshold": t.threshold.tolist(),
            "left": t.children_left.tolist(),
            "right": t.children_right.tolist(),
            "cover": t.weighted_n_node_samples.tolist(),
            "value": (t.value[:, 0, 1] / t.value[:, 0, :].sum(1)).tolist(),
        }
        for t in (e.tree_ for e in forest.estimators_)
    ]
    rows = table(ROWS).astype(np.float32).astype(float)
    explainer = shap.TreeExplainer(forest, feature_perturbation="tree_path_dependent")
    values = explainer.shap_values(rows)[:, :, 1]
    probability = forest.predict_proba(rows)[:, 1]
    return case("scikit-learn", trees, rows, probability, probability, values, explainer.expected_value[1])


cases = [
    lightgbm_case("LightGBM", holes),
    lightgbm_case("LightGBM without missing values", train, sigmoid=2.0, lambda_l2=1.0),
    xgboost_case("XGBoost", holes),
    xgboost_case("XGBoost without missing values", train, base_score=0.2, max_depth=6),
    lightgbm_case("LightGBM with categories", with_categories(holes), categories=["hour"], min_data_per_group=20),
    lightgbm_case("LightGBM with categories, none missing", with_categories(train), categories=["hour"], cat_smooth=2),
    xgboost_case("XGBoost with categories", with_categories(holes), ["q", "c", "q", "q"], max_cat_to_onehot=1),
    xgboost_case("XGBoost with categories one by one", with_categories(train), ["q", "c", "q", "q"], max_cat_to_onehot=99),
    forest_case(),
]
versions = {p.__name__: p.__version__ for p in (lightgbm, xgboost, sklearn, shap)}
print(json.dumps({"versions": versions, "features": FEATURES, "cases": cases}))
