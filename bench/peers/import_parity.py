"""Trains models of every kind that `shrike import` reads, and writes what their own library answers for 10,000 rows.

python bench/peers/import_parity.py FOLDER [ROWS]: with the lightgbm and xgboost of this Python, either may be missing.
Each case is a folder with model, detector, rows and answers; cases.json lists them, and those that this version can't do.
"""

import collections
import collections.abc
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
# XGBoost before 1.0 asks for what Python 3.10 took away.
collections.Mapping = collections.abc.Mapping
FOLDER = sys.argv[1]
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
CODES = [4829, 5411, 5812, 5912, 5999, 6011, 7995, 8999]
CHANNELS = ["app", "atm", "pos", "web"]
LEVELS = ["low", "mid", "high"]
rng = np.random.default_rng(11)
cases = []


def table(rows, unseen=False):
    """Two numbers with holes, a merchant code, a channel, an ordered level, a number that stands for a category."""
    code = rng.choice(CODES, rows).astype(float)
    channel = rng.choice(CHANNELS, rows).astype(object)
    code[rng.random(rows) < 0.05] = np.nan
    channel[rng.random(rows) < 0.05] = None
    if unseen:
        code[rng.random(rows) < 0.02] = 1234
        channel[rng.random(rows) < 0.02] = "fax"
    frame = pd.DataFrame(
        {
            "amt": np.round(rng.lognormal(3, 1, rows), 2),
            "rate": np.where(rng.random(rows) < 0.1, np.nan, rng.beta(0.3, 4, rows)),
            "code": code,
            "channel": channel,
            "level": rng.choice(LEVELS, rows),
            "given": rng.integers(0, 6, rows),
            "k": 0,
            "country": "AT",
        }
    )
    return frame


def label_of(frame):
    risk = frame.code.isin([5411, 6011, 8999]) * 1.5 + frame.channel.isin(["atm", "web"]) * 1.2
    risk = risk + (frame.level == "mid") * 1.0 + frame.given.isin([1, 4]) * 1.0 + 3 * frame.rate.fillna(0) + 0.02 * frame.amt
    return (rng.random(len(frame)) < 1 / (1 + np.exp(3.5 - risk))).astype(int)


def as_categories(frame):
    frame = frame.copy()
    whole = pd.Categorical(frame.code, categories=[float(code) for code in CODES])
    frame["code"] = whole.rename_categories(CODES)
    frame["channel"] = pd.Categorical(frame.channel, categories=CHANNELS)
    frame["level"] = pd.Categorical(frame.level, categories=LEVELS, ordered=True)
    # More countries than the rows that are left have.
    frame["country"] = pd.Categorical(frame.country, categories=["AT", "CH", "DE", "LI", "LU"])
    return frame


LISTED = {"code": CODES, "channel": CHANNELS, "level": LEVELS, "country": ["AT", "CH", "DE", "LI", "LU"]}


def write(library, name, columns, rows, model, answers, listed=(), flags=(), refused=None):
    """`listed`: the columns that the detector lists the categories of; `refused`: what the import has to say instead."""
    folder = os.path.join(FOLDER, f"{len(cases)}")
    os.makedirs(folder)
    with open(os.path.join(folder, "model"), "wb") as file:
        file.write(model)
    features = []
    for column in columns:
        values = LISTED.get(column, [])[:: -1 if refused == "order" else 1]
        features.append(f"  - category: {{ of: {column}, values: {json.dumps(values)}, as: {column} }}" if column in listed else f"  - {column}")
    fields = ", ".join(f"{column}: {column}" for column in listed)
    lines = ["detector: parity", "transaction:", "  label: { field: fraud }", "  time: { field: at, format: iso }"]
    lines += ([f"  fields: {{ {fields} }}"] if listed else []) + ["features:"] + features
    with open(os.path.join(folder, "detector.yaml"), "w") as file:
        file.write("\n".join(lines) + "\n")
    shown = rows[columns].astype(object).where(rows[columns].notna(), None)
    if "code" in columns:
        shown["code"] = pd.Series([None if code is None else str(int(code)) for code in shown.code], dtype=object)
    shown.insert(0, "at", "2026-01-01T00:00:00Z")
    shown.to_csv(os.path.join(folder, "rows.csv"), index=False)
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump(np.asarray(answers, float).tolist(), file)
    # Before 2.2 LightGBM saved another text, before 1.0 XGBoost nothing but a binary form.
    if library.startswith("lightgbm") and b"end of trees" not in model:
        refused = "old"
    if library.startswith("xgboost") and not model.startswith(b"{"):
        refused = "binary"
    reason = {"old": "MODEL_UNSUPPORTED", "binary": "MODEL_INVALID", None: None, "order": "DETECTOR_INVALID", "unclear": "DETECTOR_INVALID", "untold": "MODEL_UNSUPPORTED"}[refused]
    cases.append({"library": library, "name": name, "flags": list(flags), "refused": reason, "folder": folder})


def attempt(library, name, work):
    try:
        work()
    except Exception as error:  # An old version lacks much.
        told = str(error).strip().split("\n")[0][:100]
        cases.append({"library": library, "name": name, "cannot": f"{type(error).__name__}: {told}"})


def lightgbm_cases(lgb):
    library = f"lightgbm {VERSIONS['lightgbm']}"
    seen = table(4000)
    label = label_of(seen)
    rows = table(ROWS, unseen=True)
    base = dict(objective="binary", num_leaves=9, learning_rate=0.2, verbose=-1, seed=1, num_threads=1)
    if not VERSIONS["lightgbm"].startswith("2.0"):
        base["min_data_per_group"] = 20
    path = os.path.join(FOLDER, "lightgbm.txt")

    def fit(columns, categories="auto", stop=False, save=None, **more):
        given = as_categories(seen)[columns]
        data = lgb.Dataset(given[:3000], label[:3000], categorical_feature=categories, free_raw_data=False)
        options = {}
        if stop:
            options["valid_sets"] = [lgb.Dataset(given[3000:], label[3000:], reference=data)]
            if hasattr(lgb, "early_stopping"):
                options["callbacks"] = [lgb.early_stopping(5)]
            else:
                options["early_stopping_rounds"] = 5
        booster = lgb.train({**base, **more}, data, 200 if stop else 20, **options)
        booster.save_model(path, **({} if save is None else {"num_iteration": save}))
        answers = lgb.Booster(model_file=path).predict(as_categories(rows)[columns])
        with open(path, "rb") as file:
            return columns, rows, file.read(), answers

    def case(name, columns, listed=(), refused=None, **options):
        attempt(library, name, lambda: write(library, name, *fit(columns, **options), listed=listed, refused=refused))

    numbers = ["amt", "rate"]
    case("numbers with holes", numbers)
    case("constant column", ["amt", "k", "rate"])
    case("stopped early", numbers, stop=True, learning_rate=0.5)
    case("stopped early, all rounds saved", numbers, stop=True, learning_rate=0.5, save=-1)
    case("pruned (min_gain_to_split)", numbers, min_gain_to_split=3)
    case("dart", numbers, boosting="dart")
    case("random forest", numbers, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    case("whole numbers, as a column", numbers + ["code"])
    case("whole numbers, listed", numbers + ["code"], ["code"])
    case("whole numbers, listed otherwise", numbers + ["code"], ["code"], "order")
    case("texts and whole numbers", ["channel", "amt", "code"], ["channel"])
    case("texts and an ordered category", ["level", "amt", "channel"], ["level", "channel"])
    case("constant number, texts listed", ["amt", "k", "channel"], ["channel"])
    case("constant number, texts listed otherwise", ["amt", "k", "channel"], ["channel"], "order")
    case("constant number, whole numbers listed", ["k", "code", "amt"], ["code"])
    case("constant number, whole numbers as a column", ["k", "code", "amt"], refused="unclear")
    case("constant category, texts and whole numbers", ["country", "channel", "amt", "code"], ["channel", "code", "country"])
    case("categorical_feature beside texts", ["given", "amt", "channel"], ["channel"], categories=["given", "channel"])
    case("categorical_feature without texts", ["given", "amt", "channel"], ["channel"], categories=["given"])
    case("categorical_feature, texts listed otherwise", ["given", "amt", "channel"], ["channel"], "order", categories=["given", "channel"])
    case("categorical_feature alone", ["given", "amt"], categories=["given"])
    case("categorical_feature and a constant column", ["given", "k", "amt"], categories=["given"])


def xgboost_cases(xgb):
    library = f"xgboost {VERSIONS['xgboost']}"
    tells = tuple(int(part) for part in VERSIONS["xgboost"].split(".")[:2]) >= (3, 1)
    seen = table(4000)
    label = label_of(seen)
    rows = table(ROWS)
    path = os.path.join(FOLDER, "xgboost.json")
    base = dict(n_estimators=20, max_depth=4, learning_rate=0.3, random_state=1, n_jobs=1)

    def answers_of(classifier, given):
        """As the library's own classifier answers that has read this very file, or, where it can't, that wrote it."""
        try:
            loaded = xgb.XGBClassifier(**({"enable_categorical": True} if "category" in [str(t) for t in given.dtypes] else {}))
            loaded.load_model(path)
            return loaded.predict_proba(given)[:, 1]
        except Exception:
            return classifier.predict_proba(given)[:, 1]

    def fit(columns, stop=False, all_trees=False, numbered=(), **more):
        def given_of(frame):
            given = as_categories(frame)[columns].copy()
            for column in numbered:
                given[column] = pd.Categorical(frame[column], categories=range(6))
            return given

        given = given_of(seen)
        options = dict(base, **more)
        if any(str(kind) == "category" for kind in given.dtypes):
            options.update(enable_categorical=True, tree_method="hist" if tells else "approx")
        fitting = {}
        if stop:
            options.update(n_estimators=200)
            fitting.update(eval_set=[(given[3000:], label[3000:])], verbose=False)
        try:
            classifier = xgb.XGBClassifier(**options, **({"early_stopping_rounds": 5, "eval_metric": "logloss"} if stop else {}))
            classifier.fit(given[:3000], label[:3000], **fitting)
            stopped = not stop or classifier.get_booster().attr("best_iteration") is not None or classifier.best_iteration >= 0
            assert stopped
        except (TypeError, AttributeError, AssertionError):
            classifier = xgb.XGBClassifier(**options)
            classifier.fit(given[:3000], label[:3000], early_stopping_rounds=5, eval_metric="logloss", **fitting)
        classifier.save_model(path)
        asked = given_of(rows)
        if all_trees:
            types = {"enable_categorical": True} if "enable_categorical" in options else {}
            answers = classifier.get_booster().predict(xgb.DMatrix(asked, **types))
        else:
            answers = answers_of(classifier, asked)
        with open(path, "rb") as file:
            return columns, rows, file.read(), answers

    def case(name, columns, listed=(), refused=None, flags=(), **options):
        attempt(library, name, lambda: write(library, name, *fit(columns, **options), listed=listed, refused=refused, flags=flags))

    numbers = ["amt", "rate"]
    untold = None if tells else "untold"
    trust = ["--category-numbers"]
    case("numbers with holes", numbers)
    case("constant column", ["amt", "k", "rate"])
    case("pruned (gamma)", numbers, gamma=3, tree_method="exact")
    case("pruned (gamma, max_depth 8)", numbers, gamma=1, max_depth=8, tree_method="exact")
    case("stopped early", numbers, stop=True)
    case("stopped early, all trees", numbers, stop=True, all_trees=True, flags=["--all-trees"])
    case("stopped early, 3 trees a round", numbers, stop=True, num_parallel_tree=3, subsample=0.6)
    case("stopped early and pruned", numbers, stop=True, gamma=2, tree_method="exact")
    case("dart", numbers, booster="dart", rate_drop=0.3)
    case("dart, stopped early", numbers, stop=True, booster="dart", rate_drop=0.3)
    case("whole numbers, as a column", numbers + ["code"], refused=untold)
    case("whole numbers, listed", numbers + ["code"], ["code"], refused=untold)
    case("whole numbers, listed, on one's word", numbers + ["code"], ["code"], flags=trust)
    case("whole numbers, listed otherwise", numbers + ["code"], ["code"], "order" if tells else "untold")
    case("texts and whole numbers", ["channel", "amt", "code"], ["channel"], refused=untold)
    case("texts listed, one at a time", ["channel", "amt"], ["channel"], refused=untold, max_cat_to_onehot=99)
    case("constant number and category, texts", ["k", "channel", "country", "amt"], ["channel", "country"], refused=untold)
    case("categories that are their own numbers", ["given", "amt"], refused=untold, numbered=["given"])
    case("the same, on one's word", ["given", "amt"], flags=trust, numbered=["given"])


def version_of(name):
    try:
        from importlib.metadata import version

        return version(name)
    except Exception:
        return None


VERSIONS = {name: version_of(name) for name in ("lightgbm", "xgboost")}
os.makedirs(FOLDER)
if VERSIONS["lightgbm"]:
    import lightgbm

    lightgbm_cases(lightgbm)
if VERSIONS["xgboost"]:
    import xgboost

    xgboost_cases(xgboost)
with open(os.path.join(FOLDER, "cases.json"), "w") as file:
    json.dump(cases, file)
