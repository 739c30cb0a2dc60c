"""ONNX files as skl2onnx converts scikit-learn's models, some changed by hand, and what onnxruntime answers.

bench/.venv/bin/python test/golden/onnx-models.py [ROWS] > test/golden/onnx-models.json && npx biome format --write test/golden/onnx-models.json
100 rows are kept in the repository; SHRIKE_ONNX_MODELS=FILE makes the test read another file, of 10,000 say.
"""

import base64
import json
import sys
import warnings

import numpy as np
import onnx
import onnx.helper
import onnxruntime
import skl2onnx
import sklearn
from onnx import TensorProto
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
WIDTH = 4
rng = np.random.default_rng(7)

# skl2onnx 1.20 hands Booleans over, which onnx 1.23 refuses.
make_attribute = onnx.helper.make_attribute
onnx.helper.make_attribute = lambda key, value, *rest, **more: make_attribute(
    key, [int(v) for v in value] if key == "nodes_missing_value_tracks_true" else value, *rest, **more
)


def table(rows):
    x = np.column_stack(
        [rng.lognormal(3, 1, rows), rng.integers(0, 24, rows), rng.poisson(3, rows), rng.beta(0.3, 4, rows)]
    )
    return x.round(6).astype(float)


train = table(4000)
label = (rng.random(4000) < 1 / (1 + np.exp(4.5 - 0.03 * train[:, 0] - 8 * train[:, 3] - 0.2 * train[:, 2]))).astype(int)
holes = train.copy()
holes[rng.random(holes.shape) < 0.1] = np.nan


def attributes(model, operator):
    found = [n for n in model.graph.node if n.op_type == operator]
    return {a.name: a for a in found[0].attribute} if found else {}


def thresholds_of(model):
    """By input, what a scaler in front makes of it undone."""
    trees = attributes(model, "TreeEnsembleClassifier") or attributes(model, "TreeEnsembleRegressor")
    scaler = attributes(model, "Scaler")
    if not trees:
        return [np.array([]) for _ in range(WIDTH)]
    features, values = np.array(trees["nodes_featureids"].ints), np.array(trees["nodes_values"].floats)
    splits = np.array([m != b"LEAF" for m in trees["nodes_modes"].strings])
    at = [values[splits & (features == f)] for f in range(WIDTH)]
    if scaler:
        at = [t / scaler["scale"].floats[f] + scaler["offset"].floats[f] for f, t in enumerate(at)]
    return at


def beside(at):
    """A threshold in single precision, its neighbours there, and what a double between them is rounded to."""
    with np.errstate(all="ignore"):
        exact = np.float32(at)
        up, down = (np.nextafter(exact, np.float32(to)) for to in (np.inf, -np.inf))
        middles = [(float(exact) + float(other)) / 2 for other in (up, down)]
    near = [float(exact), float(up), float(down), *middles]
    near += [np.nextafter(m, to) for m in middles for to in (np.inf, -np.inf)]
    return float(rng.choice(near + [np.nan, -at, 0.0, 1e30, -1e30, 3.5e38, -3.5e38]))


def with_edges(x, thresholds):
    x = x.copy()
    for row in range(len(x) // 3, len(x)):
        for feature in rng.choice(WIDTH, rng.integers(1, 3), replace=False):
            x[row, feature] = beside(rng.choice(thresholds[feature]) if len(thresholds[feature]) else 0.0)
    return x


def tensor_of(model):
    """Its probabilities as a tensor: that which ZipMap packs, or the output."""
    for node in model.graph.node:
        if node.op_type == "ZipMap":
            return node.input[0]
    return next(o.name for o in model.graph.output if o.type.tensor_type.elem_type == TensorProto.FLOAT)


def answers(model, rows):
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    name = tensor_of(model)
    del asked.graph.output[:]
    asked.graph.output.append(onnx.helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(asked.SerializeToString())
    with np.errstate(over="ignore"):
        values = session.run([name], {session.get_inputs()[0].name: rows.astype(np.float32)})[0]
    return values.reshape(len(rows), -1)[:, -1]


def case(name, kind, model):
    rows = with_edges(table(ROWS), thresholds_of(model)) if kind == "trees" else table(ROWS)
    return {
        "name": name,
        "kind": kind,
        "model": base64.b64encode(model.SerializeToString()).decode(),
        "rows": [[None if np.isnan(v) else float(v) for v in row] for row in rows],
        "probabilities": np.round(answers(model, rows).astype(float), 9).tolist(),
    }


def convert(model, data=train, **more):
    model.fit(data, label)
    return skl2onnx.to_onnx(model, train[:1].astype(np.float32), **more)


def changed(model, **attributes):
    """The same trees with other attributes."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    node = next(n for n in copy.graph.node if n.op_type.startswith("TreeEnsemble"))
    kept = [a for a in node.attribute if a.name not in attributes]
    del node.attribute[:]
    node.attribute.extend(kept + [onnx.helper.make_attribute(k, v) for k, v in attributes.items() if v is not None])
    return copy


def of_all_modes(model):
    """Each split asks in another way, and sends missing values to another side."""
    modes = [m.decode() for m in attributes(model, "TreeEnsembleClassifier")["nodes_modes"].strings]
    asked = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"]
    return changed(
        model,
        nodes_modes=[m if m == "LEAF" else asked[i % 4] for i, m in enumerate(modes)],
        nodes_missing_value_tracks_true=rng.integers(0, 2, len(modes)).tolist(),
    )


def with_both_classes(model, weights, **more):
    """Each leaf with a weight for either class."""
    old = attributes(model, "TreeEnsembleClassifier")
    ids = {k: np.repeat(old[k].ints, 2).tolist() for k in ("class_treeids", "class_nodeids")}
    both = [w for value in old["class_weights"].floats for w in weights(value)]
    count = len(both) // 2
    return changed(model, **ids, class_ids=[0, 1] * count, class_weights=both, base_values=None, **more)


trees = dict(random_state=1)
forest = convert(RandomForestClassifier(9, max_depth=5, **trees))
boosted = convert(HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=9, **trees), holes)
regressor = RandomForestRegressor(7, max_depth=4, **trees)
regressor.fit(train, label)
regressor = skl2onnx.to_onnx(regressor, train[:1].astype(np.float32), target_opset={"": 17, "ai.onnx.ml": 1})
fork = attributes(forest, "TreeEnsembleClassifier")["nodes_modes"].strings
network = convert(make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=60, **trees)))
pure = make_pipeline(MinMaxScaler(), RandomForestClassifier(10, **trees)).fit(train[:99], train[:99, 0] > 20)
pure = skl2onnx.to_onnx(pure, train[:1].astype(np.float32))

cases = [
    case("RandomForestClassifier", "trees", forest),
    case("ExtraTreesClassifier", "trees", convert(ExtraTreesClassifier(9, max_depth=5, **trees))),
    case("DecisionTreeClassifier", "trees", convert(DecisionTreeClassifier(max_depth=6, **trees))),
    case("GradientBoostingClassifier", "trees", convert(GradientBoostingClassifier(n_estimators=12, **trees))),
    case("HistGradientBoostingClassifier", "trees", boosted),
    case("StandardScaler and a forest", "trees", convert(make_pipeline(StandardScaler(), RandomForestClassifier(5, max_depth=5, **trees)))),
    case("RobustScaler and boosting", "trees", convert(make_pipeline(RobustScaler(), GradientBoostingClassifier(n_estimators=8, **trees)))),
    case("a forest without ZipMap", "trees", convert(RandomForestClassifier(3, max_depth=4, **trees), options={"zipmap": False})),
    case("splits of all modes", "trees", of_all_modes(boosted)),
    case("weights for both classes", "trees", with_both_classes(forest, lambda w: (1 / 9 - w, w))),
    case("a softmax", "trees", with_both_classes(boosted, lambda w: (0.3 * w, w), post_transform="SOFTMAX")),
    case("the mean of a regressor", "trees", regressor),
    case("a regressor that averages", "trees", changed(regressor, aggregate_function="AVERAGE")),
    case("LogisticRegression", "graph", convert(make_pipeline(StandardScaler(), LogisticRegression()))),
    case("MLPClassifier", "graph", network),
    case("splits by equality", "graph", changed(forest, nodes_modes=[m if m == b"LEAF" else b"BRANCH_EQ" for m in fork])),
    case("a forest whose float32 sums pass 0 and 1", "graph", pure),
]

three = RandomForestClassifier(2, max_depth=2, **trees).fit(train, np.arange(4000) % 3)
columns = [(f"x{i}", skl2onnx.common.data_types.FloatTensorType([None, 1])) for i in range(WIDTH)]
apart = RandomForestClassifier(2, max_depth=2, **trees).fit(train, label)
named = RandomForestClassifier(2, max_depth=2, **trees).fit(train, np.where(label == 1, "fraud", "legitimate"))
scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, label)
good = RandomForestClassifier(2, max_depth=2, **trees).fit(train, np.zeros(4000, int))
raw = changed(boosted, post_transform="NONE")
refused = [
    {"reason": "more than two classes", "model": skl2onnx.to_onnx(three, train[:1].astype(np.float32))},
    {"reason": "4 inputs", "model": skl2onnx.convert_sklearn(scaled, initial_types=columns)},
    {"reason": "its classes are fraud and legitimate", "model": skl2onnx.to_onnx(named, train[:1].astype(np.float32))},
    {"reason": "it has one class", "model": skl2onnx.to_onnx(good, train[:1].astype(np.float32))},
    {"reason": "float32", "model": skl2onnx.to_onnx(apart, train[:1])},
]
refused = [{**each, "model": base64.b64encode(each["model"].SerializeToString()).decode()} for each in refused]
no_probability = base64.b64encode(raw.SerializeToString()).decode()
versions = {p.__name__: p.__version__ for p in (onnx, skl2onnx, onnxruntime, sklearn)}
print(json.dumps({"versions": versions, "width": WIDTH, "cases": cases, "refused": refused, "noProbability": no_probability}))
