import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { oneOf } from '../examples.ts'
import { succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-late-'))
after(() => rmSync(folder, { recursive: true }))

/** A row each ten minutes, of which the last fifth is the test. */
const rows = 2000
const tested = 400
const stepMs = 600_000
/** A label is known after a day, 144 rows: of those before the test, the last 143 came too late. */
const delayRows = 144
const startMs = Date.UTC(2025, 0, 1)

const formats: Readonly<Record<string, (ms: number) => string>> = {
  iso: (ms) => new Date(ms).toISOString(),
  'seconds-since': (ms) => String((ms - startMs) / 1000),
  'hours-since': (ms) => String((ms - startMs) / 3_600_000),
  'epoch-ms': String,
}

describe('a table without histories', () => {
  const labels = ['delay: 1d', 'knownAt: known']
  const all = Object.keys(formats).flatMap((format) => labels.map((label) => [format, label] as const))
  for (const [format, label] of oneOf(3, all)) {
    test(`has a gap of late labels, by ${label} with times as ${format}`, async () => {
      const lines = Array.from({ length: rows }, (_, row) => {
        const ms = startMs + row * stepMs
        const fraud = row % 17 === 0 ? 1 : 0
        return [formats[format](ms), formats[format](ms + delayRows * stepMs), Math.sin(row * 7) + fraud, fraud].join()
      })
      writeFileSync(join(folder, 'flat.csv'), ['time,known,x,fraud', ...lines, ''].join('\n'))
      writeFileSync(
        join(folder, 'flat.yaml'),
        `detector: flat\ntransaction:\n  time: { field: time, format: ${format} }\n  label: { field: fraud, ${label} }\nfeatures:\n  - x\n`,
      )
      const quick = ['--n-estimators', '3', '--no-leak-check', '--no-report', '--force', '--json']
      const args = ['train', 'flat.csv', '--detector', 'flat.yaml', '--out', 'flat.safetensors', ...quick]
      const trained = JSON.parse((await succeedIn(folder, args)).stdout)
      const again = await succeedIn(folder, ['evaluate', 'flat.safetensors', 'flat.csv', '--no-leak-check', '--json'])
      const evaluated = JSON.parse(again.stdout)
      const gap = delayRows - 1
      assert.deepEqual(
        [evaluated.rows, evaluated.labelGapRowsLeftOut, evaluated.trainingRowsLeftOut],
        [tested, gap, rows - tested - gap],
      )
      assert.deepEqual(evaluated.averagePrecision, trained.averagePrecision)
      const said = (row: number) =>
        succeedIn(folder, ['explain', 'flat.safetensors', 'flat.csv', '--row', `${row}`, '--json'])
      const partOf = async (row: number) => JSON.parse((await said(row)).stdout).trainingPart
      const [first, last] = [rows - tested - gap, rows - tested - 1]
      // Times are read before anything is told of them, so one format shows both ends of each part.
      const looked = format === 'iso' ? [first - 1, first, last, last + 1] : [first, last + 1]
      const parts = ['training', 'labelGap', 'labelGap', undefined]
      const expected = format === 'iso' ? parts : parts.filter((_, i) => i % 2 === 1)
      assert.deepEqual(await Promise.all(looked.map(partOf)), expected)
    })
  }
})
