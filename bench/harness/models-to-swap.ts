import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createPredictor, readBundle } from '../../src/scoring/load-predictor.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import { run } from './child.ts'
import type { Prepared } from './decisions-service.ts'
import { cacheFolder } from './peers.ts'
import { send } from './policy-of-rules.ts'
import { shrikeScript } from './tables.ts'

const trainingRows = 100_000
/** What the detector of each model has beside that of the first one. */
const additions = [
  '',
  '  - sum: { of: amount, by: customer, over: 12d }\n',
  '  - max: { of: amount, by: terminal, over: 3d }\n',
]
/** By their places, the first model being 0: to 2 and to 3 histories have to be made of the log. */
const turns = [1, 0, 2, 1, 3, 0, 1, 0, 1, 0]
export const swaps = turns.length

export interface ModelToSwap {
  readonly path: string
  readonly predictor: Predictor
}

/** The model that is served, one with its features, and two with features that it lacks. */
export async function trainModels({ bundle, traffic }: Prepared, log: (line: string) => void): Promise<ModelToSwap[]> {
  const rows = firstLines(readFileSync(traffic.trainingCsv), trainingRows)
  const csv = `${cacheFolder}swapped-models.csv`
  writeFileSync(csv, rows)
  const paths = [bundle]
  for (const addition of additions) {
    const detector = readFileSync(traffic.detector, 'utf8').replace(/^features:\n/m, `features:\n${addition}`)
    const hash = createHash('sha256').update(detector).update(rows).digest('hex').slice(0, 12)
    const path = `${cacheFolder}swapped-${hash}.safetensors`
    paths.push(path)
    if (existsSync(path)) continue
    log('training a model to swap to, which is kept for the next time')
    const yaml = `${cacheFolder}swapped-${hash}.yaml`
    writeFileSync(yaml, detector)
    // The first one may have learned from the same rows.
    const settings = ['--detector', yaml, '--no-leak-check', '--test-share', '0.1', '--seed', '7', '--out', path]
    await run(process.execPath, [shrikeScript, 'train', csv, ...settings])
  }
  return Promise.all(paths.map(async (path) => ({ path, predictor: createPredictor(await readBundle(path)) })))
}

function firstLines(text: Buffer, count: number): Buffer {
  let end = 0
  for (let line = 0; line <= count && end < text.length; line++) end = text.indexOf(10, end) + 1 || text.length
  return text.subarray(0, end)
}

export async function addModels(origin: string, models: readonly ModelToSwap[]): Promise<void> {
  for (const { path } of models) {
    const body = new Uint8Array(readFileSync(path))
    await send(`${origin}/v1/models`, 'application/octet-stream', body)
  }
}

/** What became of swaps that were made beside a load. */
export interface Swapped {
  /** Of each, from sending it until it decided. */
  readonly tookMs: readonly number[]
  /** Those that had not ended with the load. */
  readonly late: number
}

const modelSchema = z.looseObject({ role: z.string().nullable(), state: z.string() })

/** Makes one model after the other champion, evenly over the time, and each once the one before decides. */
export async function swapAlong(origin: string, models: readonly ModelToSwap[], seconds: number): Promise<Swapped> {
  const startMs = performance.now()
  const tookMs: number[] = []
  let late = 0
  for (const [place, turn] of turns.entries()) {
    const dueMs = startMs + ((place + 0.2) / swaps) * seconds * 1000
    await sleep(Math.max(0, dueMs - performance.now()))
    const sentMs = performance.now()
    const { modelId } = models[turn].predictor
    const url = `${origin}/v1/models/${modelId}`
    await send(`${url}/deploy`, 'application/json', JSON.stringify({ role: 'champion', why: 'The benchmark' }))
    for (;;) {
      const { role, state } = modelSchema.parse(await (await fetch(url)).json())
      if (state === 'failed') throw new Error(`${modelId} could not be deployed`)
      if (role === 'champion' && state === 'idle') break
      await sleep(50)
    }
    const nowMs = performance.now()
    tookMs.push(nowMs - sentMs)
    if (nowMs > startMs + seconds * 1000) late++
  }
  return { tookMs, late }
}
