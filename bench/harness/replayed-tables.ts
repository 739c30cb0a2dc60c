import { fileURLToPath } from 'node:url'
import { readLabelledRows } from '../../src/training/read-labelled-rows.ts'
import { run } from './child.ts'
import { handbookCsv } from './handbook.ts'
import { quietSession } from './quiet-session.ts'
import { type LabelledColumns, type LearnerParts, makeOnce, shrikeScript, writeParts } from './tables.ts'

const dayMs = 86_400_000

/**
 * The handbook's 15 features: two weeks up to the end of its base fold's training, a week in which labels come in, and the
 * base fold's test week. Undefined where its transactions are not at hand.
 */
export async function handbookParts(): Promise<LearnerParts | undefined> {
  const csv = handbookCsv(false)
  if (csv === undefined) return undefined
  const testFrom = Date.UTC(2018, 7, 8)
  const trainTo = testFrom - 7 * dayMs
  return replayedParts('handbook', csv, {
    train: (time) => time >= trainTo - 14 * dayMs && time < trainTo,
    test: (time) => time >= testFrom && time < testFrom + 7 * dayMs,
  })
}

/** A simulated portfolio with the features of detectors/cards.yaml: 60 days, of which the last 12 judge. */
export async function portfolioParts(smoke: boolean): Promise<LearnerParts> {
  const size = smoke ? ['--customers', '300', '--terminals', '600'] : []
  const csv = await makeOnce(`portfolio${smoke ? '-smoke' : ''}.csv`, (path) =>
    run(process.execPath, [shrikeScript, 'simulate', '--shape', 'portfolio', ...size, '--seed', '1', '--out', path]),
  )
  const testFrom = Date.UTC(2026, 0, 1) + 48 * dayMs
  // Before the first month is over, its windows are not full.
  const trainFrom = Date.UTC(2026, 0, 1) + 20 * dayMs
  return replayedParts('cards', csv, {
    train: (time) => time >= trainFrom && time < testFrom,
    test: (time) => time >= testFrom,
  })
}

async function replayedParts(
  detector: string,
  csv: string,
  holds: Parameters<typeof writeParts>[2],
): Promise<LearnerParts> {
  return writeParts(detector, await readReplayed(`detectors/${detector}.yaml`, csv), holds)
}

/** Features of a detector file of this repository as training has them, by replay; all rows weigh 1. */
export async function readReplayed(detector: string, csv: string): Promise<LabelledColumns> {
  const path = fileURLToPath(new URL(`../../${detector}`, import.meta.url))
  const { columns, labels, times } = await readLabelledRows(csv, { detector: path }, quietSession)
  if (times === undefined) throw new Error(`${path} names no time`)
  return { columns, time: times, label: Float64Array.from(labels), weight: new Float64Array(labels.length).fill(1) }
}
