import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { randomForest } from '../../test/random-trees.ts'
import { createRandom } from '../core/random.ts'
import { trainRandomForest } from '../learners/forest/random-forest.ts'
import { averagedLogOdds, createAverage } from './average.ts'
import { outputOf } from './contributions.ts'
import { createExplainer, whyUnexplained } from './explanation.ts'
import { gaussLegendre } from './gauss-legendre.ts'
import type { LearnedModel } from './learned-model.ts'
import { createLinearModel } from './linear.ts'
import { createNeuralNetwork } from './neural-network.ts'
import { createTreeEnsemble } from './trees/tree-ensemble.ts'
import { createNodes, type TreeNodes } from './trees/tree-nodes.ts'

/** What trees answer when only some features of a row are known (EXPVALUE of Lundberg et al.). */
function expectedOf(
  { roots, feature, threshold, left, missingGoesLeft, value, cover }: TreeNodes,
  row: Float64Array,
  isKnown: readonly boolean[],
) {
  const answer = (node: number): number => {
    const split = feature[node]
    if (split < 0) return value[node]
    const x = row[split]
    const isLeft = x <= threshold[node] || (Number.isNaN(x) && missingGoesLeft[node] === 1)
    if (isKnown[split]) return answer(isLeft ? left[node] : left[node] + 1)
    return [left[node], left[node] + 1].reduce((sum, child) => sum + (cover[child] / cover[node]) * answer(child), 0)
  }
  return roots.reduce((sum, root) => sum + answer(root), 0)
}

/** Shapley's definition: the mean over all orders of features of what each adds when it becomes known. */
function shapley(features: number, worth: (isKnown: readonly boolean[]) => number): number[] {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))
  const knownOf = (subset: number) => Array.from({ length: features }, (_, i) => ((subset >> i) & 1) === 1)
  const worths = Array.from({ length: 2 ** features }, (_, subset) => worth(knownOf(subset)))
  return Array.from({ length: features }, (_, j) => {
    let sum = 0
    for (let subset = 0; subset < 2 ** features; subset++) {
      if ((subset >> j) & 1) continue
      const size = knownOf(subset).filter(Boolean).length
      const weight = (factorial(size) * factorial(features - 1 - size)) / factorial(features)
      sum += weight * (worths[subset | (1 << j)] - worths[subset])
    }
    return sum
  })
}

const near = (one: number, other: number, within = 1e-10) =>
  assert.ok(Math.abs(one - other) <= within * Math.max(1, Math.abs(other)), `${one} ${other}`)

/** A tree whose every right child splits again. */
function chain(depth: number): TreeNodes {
  const nodes = createNodes(1, 2 * depth + 1)
  for (let node = 0; node < 2 * depth; node += 2) {
    nodes.feature[node] = 0
    nodes.left[node] = node + 1
  }
  return { ...nodes, cover: nodes.cover.fill(1) }
}

describe('an explanation', () => {
  test('is of trees that are not too deep to be followed, and why there is none is told', () => {
    const [fit, deep] = [1000, 1001].map((depth) => createTreeEnsemble(['x'], chain(depth)))
    assert.equal(createExplainer(fit)?.explain(Float64Array.of(1)).contributions.length, 1)
    assert.equal(createExplainer(deep), undefined)
    assert.equal(whyUnexplained(deep), 'its trees are deeper than 1000')
  })

  test('of trees is the Shapley value, whatever features come twice on a path', () => {
    const value = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: -1, max: 12, noNaN: true }) },
      fc.constant(Number.NaN),
    )
    const pool = [0, 1, 2, 3, 5, 8, 10]
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 7 }),
        fc.array(value, { minLength: 4, maxLength: 4 }),
        (seed, trees, depth, values) => {
          const nodes = randomForest(trees, depth, 4, seed, pool)
          const row = Float64Array.from(values)
          const explainer = createExplainer(
            createTreeEnsemble(['a', 'b', 'c', 'd'], nodes, { kind: 'log-odds', base: -3 }),
          )
          const { base, contributions, scale, error } = explainer?.explain(row) ?? assert.fail()
          assert.deepEqual([scale, error], ['log-odds', 0])
          shapley(row.length, (isKnown) => expectedOf(nodes, row, isKnown)).forEach((expected, i) => {
            near(contributions[i], expected)
          })
          near(base, -3 + expectedOf(nodes, row, [false, false, false, false]))
        },
      ),
      { numRuns: examples(60) },
    )
  })

  test('of deep trees sums to what they answer, to 1e-9', () => {
    const nodes = randomForest(
      20,
      14,
      40,
      5,
      Array.from({ length: 50 }, (_, i) => i / 5),
    )
    const forest = createTreeEnsemble(
      Array.from({ length: 40 }, (_, i) => `f${i}`),
      nodes,
    )
    const explainer = createExplainer(forest) ?? assert.fail()
    const random = createRandom(1)
    for (let i = 0; i < 50; i++) {
      const row = Float64Array.from({ length: 40 }, () => random.uniform() * 10)
      const { base, contributions, scale } = explainer.explain(row)
      assert.equal(scale, 'probability')
      near(
        contributions.reduce((sum, part) => sum + part, base),
        forest.predictProba(row),
        1e-9,
      )
    }
  })

  test('of a linear model is its weights times the standardised inputs', () => {
    const model = createLinearModel(
      ['a', 'b'],
      { mean: Float64Array.of(1, 2), scale: Float64Array.of(2, 4) },
      Float64Array.of(3, -5),
      0.5,
    )
    const explanation = createExplainer(model)?.explain(Float64Array.of(5, Number.NaN))
    assert.deepEqual(explanation, { scale: 'log-odds', base: 0.5, contributions: Float64Array.of(6, -0), error: 0 })
  })

  test('of a network sums to its log-odds, and says how far off it was', () => {
    const random = createRandom(3)
    const draw = (length: number) => Float64Array.from({ length }, () => random.normal())
    const inputs = { mean: draw(5), scale: draw(5).map((value) => Math.abs(value) + 0.5) }
    const layers = [
      { weights: draw(60), biases: draw(12) },
      { weights: draw(72), biases: draw(6) },
      { weights: draw(6), biases: draw(1) },
    ]
    const model = createNeuralNetwork(['a', 'b', 'c', 'd', 'e'], inputs, layers)
    const explainer = createExplainer(model) ?? assert.fail()
    for (let i = 0; i < 20; i++) {
      const row = draw(5).map((value) => 3 * value)
      const { base, contributions, error } = explainer.explain(row)
      const logOdds = contributions.reduce((sum, part) => sum + part, base)
      const probability = model.predictProba(row)
      near(1 / (1 + Math.exp(-logOdds)), probability, 1e-9)
      assert.ok(error < 0.05 * Math.max(1, Math.abs(logOdds - base)), String(error))
    }
  })
})

const features = ['a', 'b', 'c', 'd']

/** One model of each kind that a person can train, all of the same four features. */
function someMembers(seed: number) {
  const random = createRandom(seed)
  const draw = (length: number) => Float64Array.from({ length }, () => random.normal())
  const inputs = { mean: draw(4), scale: Float64Array.of(2, 3, 1, 4) }
  const pool = [0, 1, 2, 3, 5, 8, 10]
  const trees = (of: number) => randomForest(4, 4, 4, seed + of, pool)
  const leaves = trees(1)
  const boosted = { ...leaves, value: leaves.value.map((value) => 6 * (value - 0.5)) }
  const layers = [
    { weights: draw(12), biases: draw(3) },
    { weights: draw(3), biases: draw(1) },
  ]
  return {
    forest: createTreeEnsemble(features, trees(0)),
    boosting: createTreeEnsemble(features, boosted, { kind: 'log-odds', base: -4 * random.uniform() }),
    isolation: createTreeEnsemble(features, trees(2), { kind: 'isolation', usualDepth: 2 }),
    linear: createLinearModel(features, inputs, draw(4), -4 * random.uniform()),
    network: createNeuralNetwork(features, inputs, layers),
  }
}

/** Rows whose frauds come of features that speak together. */
function interplay() {
  const random = createRandom(5)
  const columns = Array.from({ length: 6 }, () => Float64Array.from({ length: 4000 }, () => random.normal()))
  const [a, b, c, d, e] = columns
  const labels = Uint8Array.from(a, (_, i) => {
    const logOdds = -5.5 + 1.5 * a[i] + (b[i] > 1 && c[i] > 0 ? 5 : 0) + d[i] * e[i]
    return random.uniform() < 1 / (1 + Math.exp(-logOdds)) ? 1 : 0
  })
  return { columns, labels }
}

describe('an explanation of an average', () => {
  const rowOf = (random: ReturnType<typeof createRandom>) =>
    Float64Array.from(features, () => (random.uniform() < 0.1 ? Number.NaN : 12 * random.uniform() - 1))

  test('is in probability and sums to what it answers, to 1e-9, whatever its members tell in, scaled or not', () => {
    const random = createRandom(11)
    for (let seed = 0; seed < 40; seed++) {
      const { forest, ...others } = someMembers(seed)
      const inner = createAverage<LearnedModel>(features, [forest, others.linear], Float64Array.of(0.5, 0.5))
      const members = [inner, ...Object.values(others)]
      const average = createAverage<LearnedModel>(features, members, Float64Array.of(0.3, 0.25, 0.2, 0.15, 0.1))
      const scaling = { mean: Float64Array.of(1, 2, 3, 4), scale: Float64Array.of(1, 2, 1, 0.5) }
      for (const scaledBy of [undefined, scaling]) {
        const row = rowOf(random)
        const { scale, base, contributions, error } = createExplainer(average, scaledBy)?.explain(row) ?? assert.fail()
        assert.equal(scale, 'probability')
        assert.ok(base >= 0 && base <= 1 && error >= 0 && error < 1, `${base} ${error}`)
        near(
          contributions.reduce((sum, part) => sum + part, base),
          average.predictProba(scaledBy ? row.map((x, i) => (x - scaledBy.mean[i]) / scaledBy.scale[i]) : row),
          1e-9,
        )
      }
    }
  })

  test('of log-odds sums to them, to 1e-9, whatever its members tell in', () => {
    const random = createRandom(12)
    for (let seed = 0; seed < 40; seed++) {
      const { forest, ...others } = someMembers(seed)
      const inner = createAverage<LearnedModel>(features, [forest, others.linear], Float64Array.of(0.5, 0.5))
      const members = [inner, forest, ...Object.values(others)]
      const average = createAverage(features, members, new Float64Array(6).fill(1 / 6), 'log-odds')
      const row = rowOf(random)
      const { scale, base, contributions, error } = createExplainer(average)?.explain(row) ?? assert.fail()
      assert.ok(scale === 'log-odds' && error >= 0)
      const probability = average.predictProba(row)
      near(
        contributions.reduce((sum, part) => sum + part, base),
        Math.log(probability / (1 - probability)),
        1e-9,
      )
      assert.deepEqual(average.predictProbaOfRows(row), Float64Array.of(probability))
    }
  })

  test('of log-odds has of boosting alone its own Shapley values, where nothing is squeezed', () => {
    const { boosting } = someMembers(3)
    const alone = createAverage<LearnedModel>(features, [boosting], Float64Array.of(1), 'log-odds')
    const row = Float64Array.of(1, 5, Number.NaN, 9)
    const [own, carried] = [boosting, alone].map((model) => createExplainer(model)?.explain(row) ?? assert.fail())
    carried.contributions.forEach((part, i) => {
      near(part, own.contributions[i], 0.02)
    })
  })

  test('of log-odds is near the Shapley values of a trained forest, as near as the documents say', async () => {
    const { columns, labels } = interplay()
    const inputs = columns.map((_, i) => `x${i}`)
    const { model } = await trainRandomForest({ features: inputs, columns, labels }, { seed: 3 }, { threads: 1 })
    const explainer = createExplainer(createAverage<LearnedModel>(inputs, [model], Float64Array.of(1), 'log-odds'))
    const { nodes } = model
    const random = createRandom(9)
    const frauds = [...labels.keys()].filter((row) => labels[row] === 1).slice(0, 15)
    const plain = createExplainer(model)
    const errors = [...frauds, ...Array.from({ length: 15 }, (_, i) => i * 100)].map((at) => {
      const row = Float64Array.from(columns, (column) => column[at] + 0.3 * random.normal())
      const worth = (isKnown: readonly boolean[]) => averagedLogOdds(expectedOf(nodes, row, isKnown) / 100)
      const carried = explainer?.explain(row) ?? assert.fail()
      const probability = plain?.explain(row) ?? assert.fail()
      const rate = (outputOf(carried) - carried.base) / (outputOf(probability) - probability.base)
      const expected = shapley(6, worth)
      const largest = (parts: Float64Array) => Math.max(...expected.map((value, i) => Math.abs(value - parts[i])))
      return [largest(carried.contributions), largest(probability.contributions.map((part) => part * rate))]
    })
    const [carried, rescaled] = [0, 1].map((way) => errors.map((error) => error[way]))
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const told = [Math.max(...carried), mean(carried), Math.max(...rescaled), mean(rescaled)]
    assert.deepEqual(
      told.map((figure) => figure.toFixed(2)),
      ['0.42', '0.09', '11.81', '1.47'],
    )
  })

  test('of forests alone is the mean of their Shapley values', () => {
    const { forest } = someMembers(1)
    const { forest: other } = someMembers(2)
    const row = Float64Array.of(1, 5, Number.NaN, 9)
    const both = createAverage<LearnedModel>(features, [forest, other], Float64Array.of(0.25, 0.75))
    const { contributions, error } = createExplainer(both)?.explain(row) ?? assert.fail()
    const worth = (isKnown: readonly boolean[]) =>
      (0.25 * expectedOf(forest.nodes, row, isKnown)) / 4 + (0.75 * expectedOf(other.nodes, row, isKnown)) / 4
    shapley(4, worth).forEach((expected, i) => {
      near(contributions[i], expected)
    })
    assert.equal(error, 0)
  })

  test('is near the Shapley values of the probability, as near as the reference says', () => {
    const random = createRandom(12)
    const sigmoid = (logOdds: number) => 1 / (1 + Math.exp(-logOdds))
    let most = 0
    let sum = 0
    const runs = 500
    for (let seed = 0; seed < runs; seed++) {
      const { boosting, linear } = someMembers(seed)
      const average = createAverage<LearnedModel>(features, [boosting, linear], Float64Array.of(0.5, 0.5))
      const row = rowOf(random)
      const { contributions: parts } = createExplainer(linear)?.explain(row) ?? assert.fail()
      const { combination } = boosting
      const start = combination.kind === 'log-odds' ? combination.base : 0
      const worth = (isKnown: readonly boolean[]) =>
        0.5 * sigmoid(start + expectedOf(boosting.nodes, row, isKnown)) +
        0.5 * sigmoid(linear.intercept + parts.reduce((total, part, i) => total + (isKnown[i] ? part : 0), 0))
      const { contributions } = createExplainer(average)?.explain(row) ?? assert.fail()
      const off = Math.max(...shapley(4, worth).map((expected, i) => Math.abs(expected - contributions[i])))
      most = Math.max(most, off)
      sum += off
    }
    assert.ok(most < 0.15 && sum / runs < 0.04, `${most} at most, ${sum / runs} in the mean`)
  })

  test('is missing where a member that has a say cannot be explained, and why is told', () => {
    const { forest, linear } = someMembers(3)
    const bare = createTreeEnsemble(features, { ...forest.nodes, cover: new Float64Array(forest.nodes.cover.length) })
    const withBare = (weight: number) =>
      createAverage<LearnedModel>(features, [bare, linear], Float64Array.of(weight, 1 - weight))
    assert.equal(createExplainer(withBare(0.1)), undefined)
    assert.match(whyUnexplained(withBare(0.1)) ?? '', /one of its models can't be: the number of rows/)
    assert.equal(createExplainer(withBare(0))?.scale, 'probability')
  })
})

test('quadrature integrates polynomials of twice its points exactly', () => {
  for (let count = 1; count <= 40; count++) {
    const { points, weights } = gaussLegendre(count)
    for (let degree = 0; degree < 2 * count; degree++) {
      near(
        points.reduce((sum, point, i) => sum + weights[i] * point ** degree, 0),
        1 / (degree + 1),
        1e-13,
      )
    }
  }
})
