// Gradient boosting in Shrike, in a process of its own: TRAIN.npy TEST.npy SCORES.npy OPTIONS. Prints one line of JSON.
import { enableCompileCache } from 'node:module'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { trainGradientBoosting } from '../../src/learners/boosting/gradient-boosting.ts'
import { readColumns, writeNpy } from '../harness/npy.ts'

// As `shrike` does in a checkout, for its threads, too.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/shrike', import.meta.url)))
const [trainPath, testPath, scoresPath, given] = process.argv.slice(2)
// How many threads are worth their start is the trainer's own to say.
const { threads: _, ...options } = JSON.parse(given)
const train = readColumns(trainPath)
const columns = train.slice(0, -2)
const labels = Uint8Array.from(train[columns.length])
const features = columns.map((_, i) => `x${i}`)
const start = performance.now()
const { model } = await trainGradientBoosting({ features, columns, labels }, options)
const seconds = (performance.now() - start) / 1000
const test = readColumns(testPath).slice(0, -2)
const row = new Float64Array(test.length)
const scores = test[0].map((_, index) => model.predictProba(row.map((_, input) => test[input][index])))
writeNpy(scoresPath, [scores])
process.stdout.write(`${JSON.stringify({ seconds })}\n`)
