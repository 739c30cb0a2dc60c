import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietRun } from '../../test/quiet-run.ts'
import { noBadRows } from '../data/bad-rows.ts'
import { inMemory, parseDetector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { lacksPrior } from '../features/priors.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { usualTraining } from './plan-training.ts'
import { learnPrior } from './training-prior.ts'

const risk = { of: 'domain', over: '30d' }
const detectorOf = (features: readonly unknown[]) =>
  parseDetector({
    detector: 'shop',
    transaction: {
      id: 'id',
      time: { field: 'time', format: 'epoch-ms' },
      keys: { domain: 'domain' },
      label: { field: 'fraud', delay: '7d' },
    },
    features,
  })

const hourMs = 3_600_000

/** A transaction each hour; every tenth is fraud, and every second one of the last fifth. */
function rowsOf(count: number, detector: LabelledRows['detector']): LabelledRows {
  const all = Array.from({ length: count }, (_, row) => row)
  const times = Float64Array.from(all, (row) => row * hourMs)
  return {
    source: 'rows',
    detector,
    fingerprint: '',
    features: ['domain_risk_of_30d'],
    columns: [new Float64Array(count)],
    labels: Uint8Array.from(all, (row) => Number(row % (row < 0.8 * count ? 10 : 2) === 0)),
    times,
    knownAt: times.map((time) => time + 7 * 24 * hourMs),
    isoTimes: false,
    badRows: noBadRows,
  }
}

test('riskOf shrinks to the rate of the rows that the training learns from, with four digits', async () => {
  const asked: unknown[] = []
  const located = {
    detector: detectorOf([{ riskOf: risk }, { riskOf: { ...risk, over: '7d', prior: 0.5 } }]),
    locate: inMemory,
  }
  const found = await learnPrior(located, 'file.csv', usualTraining, quietRun, async (own) => {
    asked.push(own.detector.features)
    return rowsOf(1003, own.detector)
  })
  assert.deepEqual(asked, [[{ riskOf: { ...risk, prior: 0 } }, { riskOf: { ...risk, over: '7d', prior: 0.5 } }]])
  // Of the rows before the test those of its last week were not known when it began.
  const known = rowsOf(1003, located.detector).labels.subarray(0, Math.ceil(0.8 * 1003) - 7 * 24 + 1)
  const rate = known.reduce((sum, label) => sum + label, 0) / known.length
  const [{ riskOf: first }, { riskOf: second }] = Object(found?.detector.features)
  assert.ok(Math.abs(first.prior - rate) < 2 / known.length, `${first.prior}, and the rate is ${rate}`)
  assert.equal(first.prior, Number(first.prior.toPrecision(4)))
  assert.equal(second.prior, 0.5, 'one that was given stays')
  assert.ok(found !== undefined && !lacksPrior(found.detector))
  assert.deepEqual(compileDetector(found.detector).names, ['domain_risk_of_30d', 'domain_risk_of_7d'])
})

test('nothing is read where nothing is to be learned, nor from what can be read only once', async () => {
  const read = () => assert.fail('nobody asked for this')
  const known = { detector: detectorOf([{ riskOf: { ...risk, prior: 0.01 } }]), locate: inMemory }
  assert.equal(await learnPrior(known, 'file.csv', usualTraining, quietRun, read), undefined)
  const unknown = { detector: detectorOf([{ riskOf: risk }]), locate: inMemory }
  await assert.rejects(
    learnPrior(unknown, '-', usualTraining, quietRun, read),
    /riskOf needs the training period's rate/,
  )
})
