import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createExplainer } from '../src/models/explanation.ts'
import type { CategoryOrders } from '../src/models/loaders/category-orders.ts'
import { readLightgbm } from '../src/models/loaders/lightgbm.ts'
import { lightgbmOrders } from '../src/models/loaders/lightgbm-categories.ts'
import { settleCategories } from '../src/models/loaders/settle-categories.ts'
import { layOutTrees } from '../src/models/loaders/tree-layout.ts'
import { readXgboost } from '../src/models/loaders/xgboost.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../src/models/trees/tree-ensemble.ts'

interface SklearnTree {
  readonly feature: number[]
  readonly threshold: number[]
  readonly left: number[]
  readonly right: number[]
  readonly cover: number[]
  readonly value: number[]
}

interface Case {
  readonly name: string
  readonly model: unknown
  readonly rows: (number | null)[][]
  readonly probabilities: number[]
  readonly contributions: number[][]
  readonly expected: number
  readonly margins: number[]
  /** What the detector lists. */
  readonly declared?: Readonly<Record<string, string[]>>
}

const path = process.env.SHRIKE_VENDOR_MODELS ?? 'test/golden/vendor-models.json'
const golden: { readonly features: string[]; readonly cases: Case[] } = JSON.parse(readFileSync(path, 'utf8'))
const invalid = (reason: string) => new Error(reason)

function load({ name, model, declared = {} }: Case): TreeEnsemble {
  if (name.startsWith('LightGBM')) {
    const read = readLightgbm(String(model))
    return settle(
      read,
      lightgbmOrders(String(model), read, (input) => declared[input]),
      declared,
    )
  }
  if (name.startsWith('XGBoost')) {
    const { model: read, orders } = readXgboost(model)
    return settle(read, orders, declared)
  }
  const trees = (model as SklearnTree[]).map(({ feature, threshold, left, right, cover, value }) => ({
    nodes: feature.map((split, i) =>
      split < 0
        ? { value: value[i], cover: cover[i] }
        : {
            ...{ feature: split, threshold: threshold[i], missingGoesLeft: false },
            ...{ left: left[i], right: right[i], cover: cover[i] },
          },
    ),
  }))
  return createTreeEnsemble(golden.features, layOutTrees(trees, invalid))
}

function settle(
  model: TreeEnsemble,
  orders: CategoryOrders,
  declared: Readonly<Record<string, string[]>>,
): TreeEnsemble {
  const detector = { nameOf: (input: string) => input, declared, areTrusted: orders.told.size === 0 }
  return settleCategories(model, orders, detector, { note: () => {}, warn: () => {} })
}

for (const each of golden.cases) {
  describe(`a model of ${each.name}`, () => {
    const model = load(each)
    const rows = each.rows.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN))

    test('answers as it does there, to 1e-6, at edges and missing values, too', () => {
      assert.deepEqual(model.features, golden.features)
      assert.equal(model.nodes.categories !== undefined, each.name.includes('categories'))
      rows.forEach((row, i) => {
        const [ours, theirs] = [model.predictProba(row), each.probabilities[i]]
        assert.ok(Math.abs(ours - theirs) <= 1e-6, `${row}: ${ours}, there ${theirs}`)
      })
    })

    test('has the contributions that shap gives it, to 1e-6', () => {
      const explainer = createExplainer(model) ?? assert.fail()
      rows.forEach((row, i) => {
        const { base, contributions } = explainer.explain(row)
        // XGBoost adds up in single precision.
        const within = 1e-6 * Math.max(1, Math.abs(each.margins[i]), ...each.contributions[i].map(Math.abs))
        assert.ok(Math.abs(base - each.expected) <= within, `${base}, there ${each.expected}`)
        contributions.forEach((part, feature) => {
          const theirs = each.contributions[i][feature]
          assert.ok(Math.abs(part - theirs) <= within, `${row}, feature ${feature}: ${part}, there ${theirs}`)
        })
      })
    })
  })
}
