// One step on a large table, in a process of its own: STEP FILE. Prints one line of JSON.

import { readFileSync } from 'node:fs'
import { numberColumn } from '../../src/data/columns.ts'
import { readTable } from '../../src/data/read-table.ts'
import { inMemory, parseDetectorFile } from '../../src/detector/detector.ts'
import { compileFeatures } from '../../src/features/feature-set.ts'
import { trainGradientBoosting } from '../../src/learners/boosting/gradient-boosting.ts'
import { trainRandomForest } from '../../src/learners/forest/random-forest.ts'
import { replayFile } from '../../src/training/replay-file.ts'
import { quietRun } from '../../test/quiet-run.ts'

const [step, file] = process.argv.slice(2)
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
const { signal } = new AbortController()

let start = cpuSeconds()
const { rows, checked } = await take(step)
const result = { rows, checked, cpuSeconds: cpuSeconds() - start, peakMemoryMb: process.resourceUsage().maxRSS / 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)

/** What came of it as one number, so that nothing is left out unseen. */
async function take(step: string): Promise<{ readonly rows: number; readonly checked: number }> {
  if (step === 'replay') return replay()
  const { table } = await readTable(file)
  const columns = table.columns.map(({ name }) => numberColumn(table, name).values)
  const last = columns.length - 1
  const rows = table.rowCount
  if (step === 'read') return { rows, checked: columns[last].reduce((sum, value) => sum + value, 0) }
  const features = table.columns.slice(0, last).map(({ name }) => name)
  const dataset = { features, columns: columns.slice(0, last), labels: Uint8Array.from(columns[last]) }
  // Reading has a figure of its own.
  start = cpuSeconds()
  if (step === 'forest') {
    const { model } = await trainRandomForest(dataset, { nEstimators: 10, seed: 1 }, { signal })
    return { rows, checked: model.nodes.feature.length }
  }
  const { model } = await trainGradientBoosting(dataset, { nEstimators: 30, seed: 1 }, { signal })
  if (step === 'boosting') return { rows, checked: model.nodes.feature.length }
  start = cpuSeconds()
  const row = new Float64Array(last)
  let sum = 0
  for (let at = 0; at < rows; at++) {
    for (let i = 0; i < last; i++) row[i] = columns[i][at]
    sum += model.predictProba(row)
  }
  return { rows, checked: sum }
}

async function replay() {
  const path = new URL('../../detectors/handbook.yaml', import.meta.url)
  const { detector } = parseDetectorFile(readFileSync(path, 'utf8'), 'handbook.yaml')
  const located = { detector, locate: inMemory }
  const features = compileFeatures(located)
  const run = { ...quietRun, nowMs: Date.now, signal }
  const { result } = await replayFile({ located, features, file }, {}, run, async (groups) => {
    let rows = 0
    let checked = 0
    for await (const group of groups) {
      for (const { row } of group) {
        rows++
        for (const value of row) if (!Number.isNaN(value)) checked += value
      }
    }
    return { rows, checked }
  })
  return result
}
