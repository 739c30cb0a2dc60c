"""The handbook's protocol in pandas: card precision on small tables, and the folds of the real data with a few figures.

bench/.venv/bin/python test/golden/handbook-protocol.py && npx biome format --write test/golden/handbook-protocol.json
Needs ../shared/data/handbook-transactions.csv.gz beside the checkout. Takes some minutes.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT.parent / "shared/data/handbook-transactions.csv.gz"
if not SOURCE.exists():
    sys.exit(f"{SOURCE} is not at hand")
sys.path.append(str(ROOT / "bench/peers"))
from handbook_features import compute, load  # noqa: E402

START = pd.Timestamp("2018-04-01", tz="UTC")
WEEK = 7


def card_precision(rows, k, orders=1):
    """Mean over the days, and how often each row was alerted: means over random orders of tied cards, and the first's
    standard deviation. Rows have a day, a card, a label and a score."""
    generator = np.random.default_rng(42)
    precisions, alerted = [], pd.Series(0.0, index=rows.index)
    for _ in range(orders):
        found, hits_by_day = set(), []
        for _, day in rows.groupby("day"):
            open_rows = day[~day["card"].isin(found)]
            cards = open_rows.groupby("card")[["score", "label"]].max()
            shuffled = cards.iloc[generator.permutation(len(cards))]
            top = shuffled.sort_values("score", ascending=False, kind="stable").head(k)
            hits = top.index[top["label"] == 1]
            found.update(hits)
            hits_by_day.append(len(hits))
            alerted[open_rows.index[open_rows["card"].isin(top.index)]] += 1 / orders
        precisions.append(float(np.mean(hits_by_day)) / k)
    return float(np.mean(precisions)), float(np.std(precisions) / orders**0.5), alerted.round(6).tolist()


def small_table(seed, size, days, cards, votes, k):
    """Few cards and much fraud, so that cards come again after they were found. Some rows have no card."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "hour": np.sort(rng.choice(days * 24 * 60, size, replace=False)) / 60,
            "card": rng.integers(-1, cards, size),
            "label": (rng.random(size) < 0.3).astype(int),
            "score": rng.integers(0, votes + 1, size) / votes if votes else rng.random(size).round(6),
        }
    )
    grouped = rows.assign(day=(rows["hour"] // 24).astype(int))
    assert grouped["day"].nunique() == days
    # Each row without a card stands for itself.
    grouped.loc[grouped["card"] < 0, "card"] = -2 - grouped.index[grouped["card"] < 0]
    precision, deviation, alerted = card_precision(grouped, k, 500 if votes else 1)
    return {
        "days": days,
        "k": k,
        "hours": rows["hour"].tolist(),
        "cards": rows["card"].tolist(),
        "labels": rows["label"].tolist(),
        "scores": rows["score"].tolist(),
        "precision": precision,
        "precisionDeviation": deviation,
        "alerted": alerted,
    }


small = [
    small_table(1, 120, 5, 12, 0, 3),
    small_table(2, 120, 7, 40, 0, 5),
    small_table(3, 120, 4, 15, 4, 4),
    small_table(4, 60, 3, 60, 3, 50),
]


def fold(rows, start):
    """Training days start to start + 6, test days start + 14 to start + 20, without the customers known by then."""
    day = rows["day"]
    train = rows[(day >= start) & (day < start + WEEK)]
    tests = []
    for k in range(WEEK):
        known = rows.loc[(day >= start) & (day < start + WEEK + k) & (rows["label"] == 1), "card"]
        today = rows[day == start + 2 * WEEK + k]
        tests.append(today[~today["card"].isin(known)])
    return train, pd.concat(tests)


def judge(test, score):
    scored = test.assign(score=score)
    return {
        "rocAuc": float(roc_auc_score(scored["label"], scored["score"])),
        "averagePrecision": float(average_precision_score(scored["label"], scored["score"])),
        "cardPrecision": card_precision(scored, 100)[0],
    }


def mean(figures):
    return {name: float(np.mean([each[name] for each in figures])) for name in figures[0]}


frame = load(SOURCE)
inputs = compute(frame, "numpy")
features = list(inputs.columns)
rows = inputs.assign(day=(frame["TX_DATETIME"] - START).dt.days, card=frame["CUSTOMER_ID"], label=frame["TX_FRAUD"])


def sizes_of(date):
    train, test = fold(rows, (pd.Timestamp(date, tz="UTC") - START).days)
    return {
        "start": date,
        "trainingRows": len(train),
        "trainingFrauds": int(train["label"].sum()),
        "testRows": len(test),
        "testFrauds": int(test["label"].sum()),
        "idSum": int(frame["TRANSACTION_ID"].loc[test.index].sum()),
        # What needs no training: the label itself, which no ranking beats, and the amount.
        "byLabel": judge(test, test["label"])["cardPrecision"],
        "byAmount": judge(test, test["amount"]),
    }


test_folds = ["2018-08-15", "2018-08-08", "2018-08-01", "2018-07-25"]
validation_folds = ["2018-07-11", "2018-07-04", "2018-06-27", "2018-06-20"]


def learn(name, make, seeds):
    figures = []
    for date in test_folds:
        train, test = fold(rows, (pd.Timestamp(date, tz="UTC") - START).days)
        models = [make(seed).fit(train[features], train["label"]) for seed in seeds]
        figures.append(mean([judge(test, model.predict_proba(test[features])[:, 1]) for model in models]))
        print(name, date, figures[-1], file=sys.stderr)
    return {"name": name, "seeds": len(seeds), "folds": figures, "mean": mean(figures)}


def tree(depth):
    return lambda seed: DecisionTreeClassifier(max_depth=depth, random_state=seed)


def forest(depth):
    return lambda seed: RandomForestClassifier(max_depth=depth, random_state=seed, n_jobs=-1)


Path(__file__).with_suffix(".json").write_text(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "pandas": pd.__version__, "numpy": np.__version__},
            "small": small,
            "testFolds": [sizes_of(date) for date in test_folds],
            "validationFolds": [sizes_of(date) for date in validation_folds],
            "learners": [
                learn("decision tree, depth 2", tree(2), [0]),
                learn("decision tree, unlimited", tree(None), range(5)),
                learn("random forest, 100 trees", forest(None), range(5)),
                learn("random forest, 100 trees of depth 20", forest(20), range(5)),
            ],
        }
    )
    + "\n"
)
