import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { expectedCost } from '../../src/decisioning/costs.ts'
import { outcomeByThresholds } from '../../src/decisioning/thresholds.ts'
import { readRows } from '../csv-rows.ts'
import { runIn, succeedIn } from '../run-shrike.ts'
import { simulateTerminals, trainQuickly } from '../terminal-portfolio.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-optimise-'))
const policy = `
thresholds: { review: 0.2, decline: 0.8 }
costs:
  missedFraud: { share: 1, fixed: 20 }
  wrongDecline: { share: 0.05, fixed: 15 }
  review: { cost: 1, finds: 0.9, perDay: 10 }
`

before(async () => {
  writeFileSync(join(folder, 'policy.yaml'), policy)
  await simulateTerminals(folder)
  await succeedIn(folder, trainQuickly)
})
after(() => rmSync(folder, { recursive: true }))

const optimise = ['policy', 'optimise', 'm.safetensors', 'cards.csv', '--policy', 'policy.yaml']

test('what is found costs what the scored rows say, and no policy of a fine grid costs a hundredth less', async () => {
  const { stdout } = await succeedIn(folder, [...optimise, '--out', 'new.yaml', '--json'])
  const found = JSON.parse(stdout)
  const written = parse(readFileSync(join(folder, 'new.yaml'), 'utf8'))
  assert.deepEqual(written.thresholds, found.byThresholds.segments['everything else'])
  assert.equal(written.costs.capacityPrice, found.byCosts.capacityPrice)

  await succeedIn(folder, ['score', 'm.safetensors', 'cards.csv', '--out', 'scores.csv'])
  const amounts = readRows(join(folder, 'cards.csv')).map(
    ({ transaction_id, amount }) => [transaction_id, Number(amount)] as const,
  )
  const amountOf = new Map(amounts)
  const scored = readRows(join(folder, 'scores.csv'))
    .slice(-found.rows)
    .map(({ id, probability }) => ({ probability: Number(probability), amount: amountOf.get(id) ?? Number.NaN }))
  const { costs } = parse(policy)
  const measure = (thresholds: object) => {
    const outcomes = scored.map(({ probability }) => outcomeByThresholds(thresholds, probability))
    const cost = scored.reduce((sum, row, i) => sum + expectedCost(costs, outcomes[i], row.probability, row.amount), 0)
    return { cost: cost / found.days, reviews: outcomes.filter((outcome) => outcome === 'review').length / found.days }
  }
  const { cost, reviews } = measure(written.thresholds)
  assert.ok(Math.abs(cost - found.byThresholds.expected) < 1e-6 * cost)
  assert.ok(reviews <= 10 && Math.abs(reviews - found.byThresholds.outcomes.review) < 1e-9)
  const grid = Array.from({ length: 60 }, (_, i) => 0.9 ** i)
  for (const decline of [...grid, 2]) {
    for (const review of grid.filter((each) => each <= decline)) {
      const other = measure({ review, decline })
      if (other.reviews <= 10) assert.ok(other.cost >= 0.99 * cost, `review from ${review}, decline from ${decline}`)
    }
  }
})

test('a policy is updated where it is, with its comments, and kept under a numbered name', async () => {
  const segments = `segments: # by size
  - { name: large, when: amount > 100.0, thresholds: { review: 0.1 } } # few
`
  const before = `# Ours.\nthresholds: { review: 0.2, decline: 0.8 } # since March\n${segments}${policy.slice(policy.indexOf('costs'))}note: kept\n`
  writeFileSync(join(folder, 'own.yaml'), before)
  const inPlace = [...optimise.slice(0, -1), 'own.yaml', '--out', 'own.yaml', '--reviews-per-day', '4', '--json']
  const found = JSON.parse((await succeedIn(folder, inPlace)).stdout)
  assert.equal(readFileSync(join(folder, 'own-1.yaml'), 'utf8'), before)
  const text = readFileSync(join(folder, 'own.yaml'), 'utf8')
  for (const comment of ['# Ours.', '# since March', '# by size', '# few']) assert.ok(text.includes(comment), comment)
  assert.ok(!text.includes('whenUnavailable'), 'what was left out stays so')
  const { thresholds, segments: own, costs, note } = parse(text)
  assert.deepEqual({ ...found.policy, thresholds, segments: own, costs, note }, found.policy)
  assert.deepEqual(
    [own[0].thresholds, thresholds],
    ['large', 'everything else'].map((name) => found.byThresholds.segments[name]),
  )
  assert.equal(costs.review.perDay, 4)
  await succeedIn(folder, [...inPlace, '--force'])
  assert.throws(() => readFileSync(join(folder, 'own-2.yaml')))
})

test('a job finds the same and leaves the policy in a folder of its own', async () => {
  const { stdout } = await succeedIn(folder, [...optimise, '--reviews-per-day', '4', '--json'])
  const request = { kind: 'optimisation', name: 'cheaper', bundle: 'm.safetensors', file: 'cards.csv' }
  const asked = { ...request, policy: parse(policy), reviewsPerDay: 4 }
  writeFileSync(join(folder, 'request.json'), JSON.stringify(asked))
  const ended = await succeedIn(folder, ['job', 'start', 'request.json', '--json'])
  const { state, result } = JSON.parse(ended.stdout)
  const { out, ...found } = result
  assert.equal(state, 'done')
  assert.deepEqual(found, JSON.parse(stdout))
  assert.deepEqual(parse(readFileSync(join(folder, out), 'utf8')), found.policy)

  writeFileSync(join(folder, 'request.json'), JSON.stringify({ ...asked, policy: { thresholds: { review: 2 } } }))
  const refused = await runIn(folder, ['job', 'start', 'request.json'])
  assert.match(refused.stderr, /INPUT_INVALID.*policy\.thresholds\.review/)
})

test('a policy that cannot be read, has no costs or a segment of unknown names is refused by its place', async () => {
  const refusals = [
    ['thresholds: { review: 2 }', /policy-bad\.yaml:1: thresholds\.review/],
    ['thresholds: { review: 0.2 }', /no costs/],
    [`${policy}segments: [{ name: far, when: distance > 3.0, thresholds: {} }]`, /segment far.*distance/],
  ] as const
  for (const [text, reason] of refusals) {
    writeFileSync(join(folder, 'policy-bad.yaml'), text)
    const { stderr } = await runIn(folder, [...optimise.slice(0, -1), 'policy-bad.yaml'])
    assert.match(stderr, reason)
  }
})
