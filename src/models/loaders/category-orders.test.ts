import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSet, isInSet } from '../trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { createNodes } from '../trees/tree-nodes.ts'
import { renumberCategories } from './category-orders.ts'
import { lightgbmOrders } from './lightgbm-categories.ts'

/** A tree that asks each feature once, as a category or, where its name begins with "o_", at a threshold. */
function askingAll(features: readonly string[]): TreeEnsemble {
  const nodes = createNodes(1, 2 * features.length + 1)
  const sets = createSet([0])
  const setAt = nodes.feature.map(() => -1)
  features.forEach((name, i) => {
    const isCategory = !name.startsWith('o_')
    nodes.feature[2 * i] = i
    nodes.left[2 * i] = 2 * i + 1
    nodes.threshold[2 * i] = isCategory ? Number.NaN : 0
    if (isCategory) setAt[2 * i] = 0
  })
  return createTreeEnsemble(features, { ...nodes, categories: { setAt, sets: Int32Array.from(sets) } })
}

const file = (infos: string, lists: string) =>
  ['tree', `feature_infos=${infos}`, 'Tree=0', 'end of trees', `pandas_categorical:${lists}`].join('\n')

function ordersOf(infos: string, lists: string, features: string, declared: Record<string, string[]> = {}) {
  const { told, untold } = lightgbmOrders(file(infos, lists), askingAll(features.split(' ')), (name) => declared[name])
  return { told: Object.fromEntries(told), untold: Object.fromEntries(untold) }
}

test('a LightGBM file tells the order of categories where its lists fit one way only', () => {
  const both = '[["a", "b", "ü"], [5411, 7995]]'
  assert.deepEqual(ordersOf('[-2:3.5] 1:0:2 -1:1:0', both, 'o_amount kind mcc'), {
    told: { kind: ['a', 'b', 'ü'], mcc: ['5411', '7995'] },
    untold: {},
  })
  // Numbers that categorical_feature named, more of them than the list has.
  assert.deepEqual(ordersOf('1:0:7 1:0', '[["a", "b"]]', 'given kind'), { told: { kind: ['a', 'b'] }, untold: {} })
  // An ordered category is split at thresholds.
  assert.deepEqual(ordersOf('[0:9.5] [0:2]', '[["lo", "mid", "hi"]]', 'o_amount o_level').told, {
    o_level: ['lo', 'mid', 'hi'],
  })
  for (const none of ['null', '[]']) assert.deepEqual(ordersOf('1:0', none, 'kind'), { told: {}, untold: {} })
})

test('where its lists fit more than one way, the detector may confirm one of them and deny none', () => {
  const list = ['app', 'atm', 'pos', 'web']
  const texts = JSON.stringify([list])
  const constant = 'none -1:2:0:3:1'
  assert.deepEqual(ordersOf(constant, texts, 'k channel'), { told: {}, untold: { k: [list], channel: [list] } })
  assert.deepEqual(ordersOf(constant, texts, 'k channel', { channel: list }), { told: { channel: list }, untold: {} })
  const otherOrder = { channel: list.toReversed() }
  assert.deepEqual(ordersOf(constant, texts, 'k channel', otherOrder).untold.channel, [list])
  // Two columns of the detector can't both have the one list.
  assert.deepEqual(Object.keys(ordersOf(constant, texts, 'k channel', { k: list, channel: list }).untold), [
    'k',
    'channel',
  ])
  const given = ordersOf('-1:1:0 -1:2:0:3:1 [0:1]', texts, 'given channel o_flag')
  assert.deepEqual([given.told, Object.keys(given.untold)], [{}, ['given', 'channel', 'o_flag']])
})

test('a LightGBM file without a line of lists, or with a damaged one, does not pass for one without categories', () => {
  const model = askingAll(['kind'])
  const without = lightgbmOrders('tree\nfeature_infos=1:0\nend of trees\n', model, () => undefined)
  assert.deepEqual([...without.untold], [['kind', []]])
  assert.throws(() => ordersOf('1:0', '[["a"', 'kind'), /pandas_categorical is damaged/)
  assert.throws(() => ordersOf('1:0', '[["a"]]', 'kind'), /fit none/)
})

test('what is told is what all ways of giving lists to columns agree on', () => {
  const info = fc.constantFrom('none', '[0:1]', '[0:2]', '[0.5:2]', '-1:0:1', '2:1:0', '0:1:2:3')
  const most = (text: string) => (text === 'none' ? -1 : Math.max(...text.replace(/[[\]]/g, '').split(':').map(Number)))
  fc.assert(
    fc.property(
      fc.array(info, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      (infos, sizes) => {
        const lists = sizes.map((size, list) => Array.from({ length: size }, (_, i) => `${list}${i}`))
        const ways: (number | undefined)[][] = []
        const give = (column: number, next: number, way: (number | undefined)[]) => {
          if (column === infos.length) {
            if (next === lists.length) ways.push(way)
            return
          }
          give(column + 1, next, [...way, undefined])
          const fits = next < lists.length && most(infos[column]) < lists[next].length && infos[column] !== '[0.5:2]'
          if (fits) give(column + 1, next + 1, [...way, next])
        }
        give(0, 0, [])
        const names = infos.map((text, i) => (text.startsWith('[') ? `o_${i}` : `c_${i}`))
        const ask = () => ordersOf(infos.join(' '), JSON.stringify(lists), names.join(' '))
        if (ways.length === 0) return assert.throws(ask, /fit none/)
        const { told, untold } = ask()
        names.forEach((name, i) => {
          const given = [...new Set(ways.map((way) => way[i]))]
          const some = given.filter((list) => list !== undefined).sort((a, b) => a - b)
          const isSure = given.length === 1 && some.length === 1
          assert.deepEqual(told[name], isSure ? lists[some[0]] : undefined)
          assert.deepEqual(untold[name], isSure || some.length === 0 ? undefined : some.map((list) => lists[list]))
        })
      },
    ),
  )
})

test('categories with other numbers are in the same sets', () => {
  const nodes = askingAll(['kind', 'other']).nodes
  const { categories } = renumberCategories(nodes, new Map([[0, [5411, 0]]]))
  const { setAt, sets } = categories ?? assert.fail()
  const isIn = (node: number, value: number) => isInSet(sets, setAt[node], value)
  assert.deepEqual(
    [5411, 0, 5410, Number.NaN].map((value) => isIn(0, value)),
    [true, false, false, false],
  )
  assert.deepEqual(
    [0, 5411].map((value) => isIn(2, value)),
    [true, false],
  )
  assert.throws(() => renumberCategories(nodes, new Map([[0, []]])), /category that it does not list/)
})
