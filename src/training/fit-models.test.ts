import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietRun } from '../../test/quiet-run.ts'
import { createRandom } from '../core/random.ts'
import { everyRow } from '../core/rows.ts'
import { fit } from './fit-models.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { planTraining, usualTraining } from './plan-training.ts'

const count = 1_500
const random = createRandom(4)
const labels = Uint8Array.from({ length: count }, () => Number(random.uniform() < 0.1))
// What tells frauds apart at first does so less and less.
const amounts = Float64Array.from(labels, (label, row) => random.normal() + 3 * label * (1 - row / count))

/** The same rows, the one at each place being that of another. */
function rowsBy(placeOf: (row: number) => number, weightOf: (time: number) => number = () => 1): LabelledRows {
  const places = Uint32Array.from({ length: count }, (_, row) => placeOf(row))
  return {
    source: 'made',
    detector: {
      detector: 'cards',
      transaction: { label: { field: 'fraud' }, time: { field: 'time', format: 'epoch-s' } },
      features: ['V1'],
    },
    fingerprint: '',
    features: ['V1'],
    columns: [Float64Array.from(places, (place) => amounts[place])],
    labels: Uint8Array.from(places, (place) => labels[place]),
    weights: Float64Array.from(places, weightOf),
    times: Float64Array.from(places),
    isoTimes: false,
    badRows: { count: 0, first: [], kinds: new Map() },
  }
}

async function fitEarly(rows: LabelledRows) {
  const asked = { ...usualTraining, learner: 'gradient-boosting', earlyStoppingRounds: 3, threads: 1 } as const
  const plan = { ...planTraining(asked, rows), weightUse: 'both' } as const
  const { trained } = await fit(rows, everyRow(count), plan, plan.members[0], quietRun)
  assert.ok('nodes' in trained.model)
  return trained.model.nodes
}

test('early stopping looks at the rows that are last by time, wherever the file has them', async () => {
  const [ordered, strewn] = [await fitEarly(rowsBy((row) => row)), await fitEarly(rowsBy((row) => (row * 701) % count))]
  assert.deepEqual(strewn.roots, ordered.roots)
  assert.deepEqual(strewn.threshold, ordered.threshold)
})

test('early stopping takes no rows that say nothing', async () => {
  const weighsNothing = rowsBy(
    (row) => row,
    (time) => Number(time < 0.7 * count),
  )
  await assert.rejects(fitEarly(weighsNothing), {
    code: 'DATA_INVALID',
    message: /Early stopping needs at least one row/,
  })
})
