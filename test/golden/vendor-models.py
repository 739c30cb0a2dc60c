"""Models as XGBoost, LightGBM and scikit-learn made them, what they answer, and their SHAP values by the shap package.

bench/.venv/bin/python test/golden/vendor-models.py [ROWS] > test/golden/vendor-models.json && npx biome format --write test/golden/vendor-models.json
300 rows are kept in the repository; SHRIKE_VENDOR_MODELS=FILE makes the test read another file, of 10,000 say.
"""

import json
import sys

import lightgbm
import numpy as np
import pandas
import shap
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
SOME = max(60, ROWS // 3)
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


CODES = 300 + 7 * np.arange(24)


def with_codes(rows):
    """The hour as a category that is a whole number, as merchant codes are: the library numbers it from 0 on."""
    frame = pandas.DataFrame(rows, columns=FEATURES)
    codes = np.where(np.isnan(rows[:, 1]), np.nan, CODES[np.nan_to_num(rows[:, 1]).astype(int)])
    frame["hour"] = pandas.Categorical(codes, categories=CODES.astype(float))
    frame["hour"] = frame["hour"].cat.rename_categories(CODES.astype(int))
    return frame, np.column_stack([rows[:, 0], codes, rows[:, 2:]])


def lightgbm_codes_case(name, data, more=0.0, declared=None):
    """With `more` no count could be the place of a category. With `declared` the rows have the places in that list, as a detector's feature "category" makes them."""
    params = dict(objective="binary", num_leaves=9, learning_rate=0.2, min_data_per_group=20, verbosity=-1, deterministic=True, seed=1, num_threads=1)
    booster = lightgbm.train(params, lightgbm.Dataset(with_codes(data + [0, 0, more, 0])[0], label), 15)
    plain = table(SOME) + [0, 0, more, 0]
    frame, rows = with_codes(plain)
    contributions = booster.predict(frame, pred_contrib=True)
    margin = booster.predict(frame, raw_score=True)
    rows = rows if declared is None else plain
    told = case(name, booster.model_to_string(), rows, booster.predict(frame), margin, contributions[:, :-1], contributions[0, -1])
    return told if declared is None else told | {"declared": declared}


def with_constant(data):
    """A column that was constant in training: the file counts it neither as a number nor as a category."""
    data = data.copy()
    data[:, 3] = 0.5
    return data


def xgboost_codes_case(name):
    params = dict(objective="binary:logistic", max_depth=4, eta=0.3, max_cat_to_onehot=1, seed=1, nthread=1)
    booster = xgboost.train(params, xgboost.DMatrix(with_codes(holes)[0], label, enable_categorical=True), 15)
    frame, rows = with_codes(table(SOME))
    return booster_case(name, booster, xgboost.DMatrix(frame, enable_categorical=True), rows)


def booster_case(name, booster, matrix, rows, trees=(0, 0)):
    text = json.loads(booster.save_raw("json"))
    contributions = booster.predict(matrix, pred_contribs=True, iteration_range=trees)
    margin = booster.predict(matrix, output_margin=True, iteration_range=trees)
    return case(name, text, rows, booster.predict(matrix, iteration_range=trees), margin, contributions[:, :-1], contributions[0, -1])


def xgboost_classifier_case(name, **more):
    """As XGBoost's own classifier answers once it has stopped early, and more rounds are in the file."""
    options = dict(max_depth=4, learning_rate=0.3, random_state=1, n_jobs=1, n_estimators=60, early_stopping_rounds=4)
    noisy = np.where(rng.random(4000) < 0.2, 1 - label, label)
    classifier = xgboost.XGBClassifier(**(options | more))
    frame = pandas.DataFrame(holes, columns=FEATURES)
    classifier.fit(frame[:1000], noisy[:1000], eval_set=[(frame[1000:], noisy[1000:])], verbose=False)
    booster, best = classifier.get_booster(), classifier.best_iteration
    assert best + 1 < booster.num_boosted_rounds()
    rows = table(SOME)
    told = booster_case(name, booster, matrix_of(rows, None), rows, (0, best + 1))
    own = classifier.predict_proba(pandas.DataFrame(rows, columns=FEATURES))[:, 1]
    assert np.abs(own - told["probabilities"]).max() < 1e-6
    return told


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
    lightgbm_codes_case("LightGBM with categories that are whole numbers", holes, more=0.5),
    lightgbm_codes_case("LightGBM with categories and a constant column", with_constant(holes), declared={"hour": [str(code) for code in CODES]}),
    xgboost_codes_case("XGBoost with categories that are whole numbers"),
    xgboost_classifier_case("XGBoost stopped early"),
    xgboost_classifier_case("XGBoost stopped early, several trees a round", num_parallel_tree=3, subsample=0.5),
    xgboost_classifier_case("XGBoost with dropped trees (dart)", booster="dart", rate_drop=0.3),
    xgboost_case("XGBoost pruned", holes, gamma=2, tree_method="exact"),
]
versions = {p.__name__: p.__version__ for p in (lightgbm, xgboost, sklearn, shap)}
print(json.dumps({"versions": versions, "features": FEATURES, "cases": cases}))
