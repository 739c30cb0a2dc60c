"""Measures the parameters of `shrike simulate --shape creditcard` on the ULB rows and writes them as TypeScript.

    bench/.venv/bin/python bench/peers/fit_creditcard_simulator.py ../shared/data/ulb-creditcard-weighted.csv.gz \
        > src/data/simulate/creditcard-parameters.ts

What is kept are summary statistics, rounded to three or four digits: no row of the data can be told from them.

1. Legitimate rows are thinned so that the whole sample stands for the original (the first 9,999 rows are complete
   there, the later ones one in 6.84).
2. The part of each V that is linear in Amount and in Time is taken off (least squares).
3. Each V is bent by x = s (y + y^3 / 3), with the s that brings the kurtosis of y nearest to a normal one, so that
   tails become short. Amount enters as its normal score.
4. On those 29 numbers a mixture of factor analysers (EM; a few factors and a variance per number) is fitted to each
   class; repeated frauds count once.
5. Bending makes a tail of a wide component longer than the data's. So each number of a component is then scaled until
   it has, when bent, the variance of the rows that the component stands for.
"""

import sys

import numpy as np
import pandas as pd
from scipy.stats import kurtosis, norm, rankdata
from sklearn.cluster import KMeans

INPUTS = [f"V{i}" for i in range(1, 29)]
LEGIT_COMPONENTS, LEGIT_FACTORS = 8, 3
FRAUD_COMPONENTS, FRAUD_FACTORS = 5, 2
LATER_ROW_WEIGHT = 6.84


def unbend(x: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """The y of x = scale (y + y^3 / 3), by Cardano's formula: one real root."""
    half = 1.5 * x / scale
    return np.cbrt(half + np.sqrt(half**2 + 1)) + np.cbrt(half - np.sqrt(half**2 + 1))


def bend_scale(x: np.ndarray) -> float:
    """The s whose y is nearest to a normal one in kurtosis, among those that keep |y| below 8."""
    candidates = [s for s in np.geomspace(0.02, 20, 80) if np.abs(unbend(x, s)).max() < 8]
    return min(candidates, key=lambda s: abs(kurtosis(unbend(x, s))))


def normal_scores(amounts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    ties_broken = amounts + random.uniform(0, 0.001, len(amounts))
    return norm.ppf((rankdata(ties_broken) - 0.5) / len(amounts))


def factorise(covariance: np.ndarray, factors: int) -> tuple[np.ndarray, np.ndarray]:
    """Loadings and variances of a factor model of a covariance (iterated principal factors)."""
    variances = np.diag(covariance) / 2
    for _ in range(8):
        scale = np.sqrt(variances)
        values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        strength = np.sqrt(np.maximum(values[-factors:] - 1, 0))
        loadings = scale[:, None] * vectors[:, -factors:] * strength
        variances = np.maximum(np.diag(covariance) - (loadings**2).sum(1), 0.03 * np.diag(covariance))
    return loadings, variances


def fit_mixture(rows: np.ndarray, count: int, factors: int, prior_rows: float) -> tuple[list[dict], np.ndarray]:
    """A mixture of factor analysers; prior_rows rows of the overall variance steady each small component."""
    prior = prior_rows * 0.3 * np.diag(rows.var(0))
    start = KMeans(count, n_init=5, random_state=1).fit_predict(rows / rows.std(0))
    shares = np.eye(count)[start]
    for _ in range(80):
        components = []
        log_density = np.empty((len(rows), count))
        for k, share in enumerate(shares.T):
            mean = share @ rows / share.sum()
            spread = (rows - mean) * share[:, None]
            loadings, variances = factorise((spread.T @ (rows - mean) + prior) / (share.sum() + prior_rows), factors)
            variances = np.maximum(variances, 0.02 * rows.var(0))
            root = np.linalg.cholesky(loadings @ loadings.T + np.diag(variances))
            distance = (np.linalg.solve(root, (rows - mean).T) ** 2).sum(0)
            log_density[:, k] = np.log(share.mean()) - np.log(np.diag(root)).sum() - distance / 2
            deviation = np.sqrt(variances)
            components.append({"share": share.mean(), "mean": mean, "loadings": loadings, "deviation": deviation})
        shares = np.exp(log_density - log_density.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
    return components, shares


def match_bent_variance(rows: np.ndarray, components: list[dict], shares: np.ndarray) -> None:
    """Scales loadings and deviations of V1..V28 in place."""
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(40)
    node_weights = node_weights / node_weights.sum()

    def bent_variance(mean: float, deviation: float) -> float:
        y = mean + deviation * nodes
        x = y + y**3 / 3
        return node_weights @ (x - node_weights @ x) ** 2

    bent = rows + rows**3 / 3
    for component, share in zip(components, shares.T):
        weights = share / share.sum()
        wanted = weights @ (bent - weights @ bent) ** 2
        for i in range(len(INPUTS)):
            now = np.hypot(np.linalg.norm(component["loadings"][i]), component["deviation"][i])
            low, high = 0.0, 2 * now
            for _ in range(40):
                middle = (low + high) / 2
                low, high = (middle, high) if bent_variance(component["mean"][i], middle) < wanted[i] else (low, middle)
            component["loadings"][i] *= low / now
            component["deviation"][i] *= low / now


def amount_knots(amounts: np.ndarray, components: list[dict], random: np.random.Generator) -> list[tuple[float, float]]:
    """(z, amount) pairs: an amount that is often paid is a flat stretch, all else a quantile."""
    shares = np.array([c["share"] for c in components])
    drawn = random.choice(len(components), 1_000_000, p=shares / shares.sum())
    means = np.array([c["mean"][28] for c in components])
    deviations = np.array([np.hypot(np.linalg.norm(c["loadings"][28]), c["deviation"][28]) for c in components])
    z = np.sort(means[drawn] + deviations[drawn] * random.normal(size=len(drawn)))

    ordered = np.sort(amounts)
    frequent, counts = np.unique(ordered, return_counts=True)
    least = max(0.0045, 10 / len(ordered))
    flats = [a for a, c in zip(frequent, counts) if c / len(ordered) > (least if a < 5 else 0.05)]
    levels = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95]
    levels += [0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9997, 0.9999]
    pairs = [(p, float(np.quantile(ordered, p))) for p in levels if p * len(ordered) < len(ordered) - 3]
    pairs = [(p, a) for p, a in pairs if a not in flats]
    for amount in flats:
        pairs.append((np.searchsorted(ordered, amount, "left") / len(ordered), amount))
        pairs.append((np.searchsorted(ordered, amount, "right") / len(ordered), amount))
    pairs.append((1 - 1e-6, float(ordered[-1])))
    # Quantiles interpolate and flats do not, so near a flat the two orders can differ by a cent or two.
    at = [float(np.quantile(z, p)) for p in sorted(p for p, _ in pairs)]
    return list(zip(at, sorted(amount for _, amount in pairs)))


def number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def array(values) -> str:
    return "[" + ", ".join(number(v) for v in values) + "]"


def write_mixture(name: str, comment: str, components: list[dict]) -> None:
    kind = "(MixtureComponent & { readonly firstHalf: number })" if "early" in components[0] else "MixtureComponent"
    print(f"\n/** {comment} */\nexport const {name}: readonly {kind}[] = [")
    for c in sorted(components, key=lambda c: -c["share"]):
        print(f"  {{ share: {number(c['share'])},")
        if "early" in c:
            print(f"    firstHalf: {number(c['early'])},")
        print(f"    mean: {array(c['mean'])},")
        print(f"    loadings: [{', '.join(map(array, c['loadings'].T))}],")
        print(f"    deviation: {array(c['deviation'])} }},")
    print("]")


def write_numbers(name: str, comment: str, values) -> None:
    print(f"\n/** {comment} */\nexport const {name}: readonly number[] = {array(values)}")


def main(path: str) -> None:
    random = np.random.default_rng(0)
    table = pd.read_csv(path)
    hour = table["Time"] // 3600
    hourly = table[table["Class"] == 0].groupby(hour)["weight"].sum()
    legit = table[table["Class"] == 0]
    legit = legit[(legit["weight"] > 1) | (random.uniform(size=len(legit)) < 1 / LATER_ROW_WEIGHT)]
    frauds = table[table["Class"] == 1].drop_duplicates()

    centre = legit["Amount"].mean()
    causes = np.c_[np.ones(len(legit)), legit["Amount"] - centre, legit["Time"] / 86400 - 1]
    _, per_amount, per_day = np.linalg.lstsq(causes, legit[INPUTS].to_numpy(), rcond=None)[0]

    def stripped(rows: pd.DataFrame) -> np.ndarray:
        moved = np.outer(rows["Amount"] - centre, per_amount) + np.outer(rows["Time"] / 86400 - 1, per_day)
        return rows[INPUTS].to_numpy() - moved

    scales = np.array([bend_scale(column) for column in stripped(legit).T])
    classes = [(r, normal_scores(r["Amount"].to_numpy(), random)) for r in (legit, frauds)]
    scored = [np.c_[unbend(stripped(rows), scales), scores] for rows, scores in classes]
    legit_mixture, legit_shares = fit_mixture(scored[0], LEGIT_COMPONENTS, LEGIT_FACTORS, 0)
    fraud_mixture, fraud_shares = fit_mixture(scored[1], FRAUD_COMPONENTS, FRAUD_FACTORS, 1)
    match_bent_variance(scored[0], legit_mixture, legit_shares)
    match_bent_variance(scored[1], fraud_mixture, fraud_shares)
    # The rows end 7.7 hours before the original does: 75 of its 211 frauds of the second day are missing.
    is_first_day = (frauds["Time"] < 86400).to_numpy()
    for component, share in zip(fraud_mixture, fraud_shares.T):
        early, late = share[is_first_day].sum(), share[~is_first_day].sum() * 211 / 136
        component["early"] = early / (early + late)
        component["share"] = (early + late) / (len(frauds) + 75)

    print("// Written by bench/peers/fit_creditcard_simulator.py from the ULB rows; its head says how.")
    print("// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: measured, and near a constant by chance.")
    print("import type { MixtureComponent } from './mixture.ts'")
    hours = [hourly[h] for h in range(40)] + [0.9 * hourly[h] for h in range(16, 24)]
    hours = np.array(hours) / sum(hours) * 1000
    about_hours = "Rows per hour over two days; the last eight are 0.9 of the same hours a day before."
    write_numbers("hourlyTraffic", about_hours, hours)
    write_numbers("bendScale", "The s of x = s (y + y^3 / 3), per V.", scales)
    write_numbers("perAmount", "How much a V grows per unit of Amount.", per_amount)
    print(f"\n/** The mean Amount that perAmount starts from. */\nexport const amountCentre = {number(centre)}")
    write_numbers("perDay", "How much a V grows from one day to the next.", per_day)
    for name, rows, mixture in (("legit", legit, legit_mixture), ("fraud", frauds, fraud_mixture)):
        knots = amount_knots(rows["Amount"].to_numpy(), mixture, random)
        print("\n/** Amount as a function of its score z: pairs of z and Amount. */")
        print(f"export const {name}Amounts: readonly (readonly [number, number])[] = [")
        print("".join(f"  [{z:.3f}, {a:.4g}],\n" for z, a in knots) + "]")
    write_mixture("legitMixture", "Legitimate rows: y of V1..V28, then z of Amount.", legit_mixture)
    write_mixture("fraudMixture", "Frauds, a component per way of working: y of V1..V28, then z of Amount.", fraud_mixture)


if __name__ == "__main__":
    main(sys.argv[1])
