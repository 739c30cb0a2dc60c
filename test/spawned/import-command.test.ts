import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { createRandom } from '../../src/core/random.ts'
import { runIn } from '../run-shrike.ts'

const trees = z.array(
  z.object({ categories_nodes: z.array(z.number()), split_conditions: z.array(z.number().nullable()) }),
)

interface Case {
  readonly name: string
  readonly model: unknown
  readonly rows: (number | null)[][]
  readonly probabilities: number[]
}

const golden: { readonly features: string[]; readonly cases: Case[] } = JSON.parse(
  readFileSync('test/golden/vendor-models.json', 'utf8'),
)
const folder = mkdtempSync(join(tmpdir(), 'shrike-import-'))
const at = (name: string) => join(folder, name)
// To a detector some of the names are kinds of features.
const names = golden.features.map((name) => `x_${name}`)
const codes = Array.from({ length: 24 }, (_, i) => 300 + 7 * i)

function caseOf(name: string): Case {
  return golden.cases.find((each) => each.name === name) ?? assert.fail(name)
}

/** Writes the model, its rows, and a detector with columns for features, or one category in place of a column. */
function prepare(name: string, category?: readonly (number | string)[]): Case {
  const each = caseOf(name)
  const text = typeof each.model === 'string' ? each.model : JSON.stringify(each.model)
  writeFileSync(
    at('model'),
    text
      .replace(golden.features.join(' '), names.join(' '))
      .replace(JSON.stringify(golden.features), JSON.stringify(names)),
  )
  const features = names.map((column) =>
    category !== undefined && column === 'x_hour'
      ? `{ category: { of: kind, values: [${category.join(', ')}], as: x_hour } }`
      : column,
  )
  const transaction = ['  label: { field: fraud }', '  fields: { kind: x_hour }', '  time: { field: at, format: iso }']
  const lines = [
    'detector: vendor',
    'transaction:',
    ...transaction,
    'features:',
    ...features.map((feature) => `  - ${feature}`),
    '',
  ]
  writeFileSync(at('vendor.yaml'), lines.join('\n'))
  const rows = each.rows.map((row) => ['2026-01-01T00:00:00Z', ...row.map((value) => value ?? '')].join())
  writeFileSync(at('rows.csv'), [['at', ...names].join(), ...rows].join('\n'))
  return each
}

const run = (...words: string[]) => runIn(folder, words)
const importIt = (...flags: string[]) =>
  run('import', 'model', '--detector', 'vendor.yaml', '--out', 'm.safetensors', ...flags)

async function succeed(...words: string[]) {
  const ended = await run(...words)
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

/** How far the bundle's probabilities are from those of the library. */
async function distance(expected: readonly number[]): Promise<number> {
  const { stdout } = await succeed('score', 'm.safetensors', 'rows.csv')
  const answers = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]))
  assert.equal(answers.length, expected.length)
  return Math.max(...answers.map((answer, i) => Math.abs(answer - expected[i])))
}

describe('shrike import takes a model as its library does', () => {
  test('up to the round that early stopping found best, or all trees when asked', async () => {
    const { probabilities } = prepare('XGBoost stopped early, several trees a round')
    const told = await importIt('--json')
    assert.equal(told.code, 0, told.stderr)
    const { trees, treesInFile } = JSON.parse(told.stdout)
    assert.ok(trees < treesInFile && trees % 3 === 0)
    assert.match(told.stderr, new RegExp(`first ${trees} of ${treesInFile} trees best.*--all-trees`))
    assert.ok((await distance(probabilities)) < 1e-6)
    const all = await importIt('--json', '--all-trees')
    assert.equal(JSON.parse(all.stdout).trees, treesInFile)
    assert.doesNotMatch(all.stderr, /Early stopping/)
    assert.ok((await distance(probabilities)) > 1e-3)
  })

  test('calibrated and measured on rows that it has not seen', async () => {
    const { rows, probabilities } = prepare('XGBoost stopped early, several trees a round')
    // Fraud a fifth as often as the model says. The rows before June are those that it learned: all fraud, and not to be looked at.
    const random = createRandom(3)
    const later = Array.from({ length: 4000 }, (_, i) => {
      const row = i % rows.length
      const day = String(1 + Math.floor(i / 160)).padStart(2, '0')
      return [
        `2026-06-${day}T00:00:00Z`,
        ...rows[row].map((value) => value ?? ''),
        Number(random.uniform() < probabilities[row] / 5),
      ]
    })
    const earlier = rows.map((row) => ['2026-01-01T00:00:00Z', ...row.map((value) => value ?? ''), 1])
    writeFileSync(
      at('labelled.csv'),
      [['at', ...names, 'fraud'], ...earlier, ...later].map((row) => row.join()).join('\n'),
    )
    const { code, stdout, stderr } = await importIt(
      '--rows',
      'labelled.csv',
      '--rows-from',
      '2026-06-01T00:00:00Z',
      '--json',
    )
    assert.equal(code, 0, stderr)
    const { calibrationRatio, threshold, confusion } = JSON.parse(stdout)
    assert.ok(Math.abs(calibrationRatio - 1) < 0.15, String(calibrationRatio))
    assert.notEqual(threshold, 0.5)
    assert.equal(confusion.tn + confusion.fp + confusion.fn + confusion.tp, 2080)
    const { code: refused, stderr: why } = await importIt('--rows-from', '2026-06-01T00:00:00Z')
    assert.deepEqual([refused, /OPTION_INVALID: --rows-from says which of the --rows/.test(why)], [2, true])
  })

  test('as a job, to the same bundle', async () => {
    prepare('XGBoost stopped early, several trees a round')
    for (const allTrees of [false, true]) {
      const name = allTrees ? 'all' : 'best'
      const request = { kind: 'import', name, file: 'model', detector: 'vendor.yaml', threshold: 0.3, allTrees }
      writeFileSync(at('request.json'), JSON.stringify(request))
      const { result } = JSON.parse((await succeed('job', 'start', 'request.json', '--json')).stdout)
      const direct = await importIt('--json', '--threshold', '0.3', ...(allTrees ? ['--all-trees'] : []))
      assert.equal(result.bundle, JSON.parse(direct.stdout).bundle)
      assert.ok(readFileSync(at(result.out)).equals(readFileSync(at('m.safetensors'))))
    }
  })

  for (const library of ['LightGBM', 'XGBoost']) {
    test(`with whole numbers for categories, as a column or listed by the detector: ${library}`, async () => {
      const name = `${library} with categories that are whole numbers`
      for (const category of [undefined, codes]) {
        const { probabilities } = prepare(name, category)
        const { code, stderr } = await importIt()
        assert.equal(code, 0, stderr)
        assert.ok((await distance(probabilities)) < 1e-6)
      }
      prepare(name, codes.toReversed())
      const { code, stderr } = await importIt()
      assert.deepEqual([code, stderr.match(/DETECTOR_INVALID.*300, 307.*461/)?.length], [1, 1], stderr)
    })
  }

  test('with a constant column: its order of categories confirmed, another or none refused', async () => {
    const name = 'LightGBM with categories and a constant column'
    for (const [category, reason] of [
      [codes.toReversed(), /DETECTOR_INVALID.*300, 307.*not tell.*x_hour, where the detector lists 461/],
      [undefined, /DETECTOR_INVALID.*300, 307.*not tell.*x_hour/],
    ] as const) {
      prepare(name, category)
      const { code, stderr } = await importIt('--out', 'none.safetensors')
      assert.deepEqual([code, reason.test(stderr), existsSync(at('none.safetensors'))], [1, true, false], stderr)
    }
    // Numbers of one's own do not excuse the wrong order.
    prepare(name, codes.toReversed())
    assert.equal((await importIt('--category-numbers')).code, 1)
    const { rows, probabilities } = prepare(name, codes)
    const coded = rows.map((row) =>
      ['2026-01-01T00:00:00Z', row[0], row[1] === null ? '' : codes[row[1]], row[2], row[3]].join(),
    )
    writeFileSync(at('rows.csv'), [['at', ...names].join(), ...coded].join('\n'))
    const { code, stderr } = await importIt()
    assert.equal(code, 0, stderr)
    assert.ok((await distance(probabilities)) < 1e-6)
  })

  test('with NaN for what a split on categories has no use for, as XGBoost 1 and 2 write it', async () => {
    const { model, probabilities } = prepare('XGBoost with categories')
    const old = z
      .object({ learner: z.object({ gradient_booster: z.object({ model: z.object({ trees }) }) }) })
      .parse(model)
    for (const tree of old.learner.gradient_booster.model.trees) {
      for (const node of tree.categories_nodes) tree.split_conditions[node] = null
    }
    const text = readFileSync(at('model'), 'utf8')
    const conditions = old.learner.gradient_booster.model.trees.map((tree) => JSON.stringify(tree.split_conditions))
    let next = 0
    const written = text.replace(/"split_conditions":\[[^\]]*\]/g, () => `"split_conditions":${conditions[next++]}`)
    writeFileSync(
      at('model'),
      written.replaceAll('null', 'NaN').replace('"attributes":{', '"attributes":{"note":"NaN, \\"NaN\\""'),
    )
    const { code, stderr } = await importIt('--category-numbers')
    assert.equal(code, 0, stderr)
    assert.ok((await distance(probabilities)) < 1e-6)
  })

  test('with the numbers of categories that no file tells, once someone says so', async () => {
    const { probabilities } = prepare('XGBoost with categories')
    const refused = await importIt()
    assert.deepEqual(
      [refused.code, /MODEL_UNSUPPORTED.*categories of x_hour.*--category-numbers/.test(refused.stderr)],
      [1, true],
    )
    const taken = await importIt('--category-numbers')
    assert.match(taken.stderr, /order of the categories of x_hour: its numbers are used as they are/)
    assert.ok((await distance(probabilities)) < 1e-6)
  })
})

test('shrike import says what a file is that no model can be read from', async () => {
  prepare('XGBoost')
  for (const [bytes, reason] of [
    [Buffer.from([0x80, 4, 0x95]), /a pickle.*save_model/],
    [Buffer.from('{L\0\0\0\0\0\0\0\x07learner'), /XGBoost's binary form.*model\.json/],
    [Buffer.from('binf\0\0'), /XGBoost's binary form.*model\.json/],
  ] as const) {
    writeFileSync(at('model'), bytes)
    const { code, stderr } = await importIt()
    assert.deepEqual([code, reason.test(stderr)], [1, true], stderr)
  }
})
