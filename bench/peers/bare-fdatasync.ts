// The disk alone: appends 4 KiB to a file in FOLDER and waits for fdatasync, PER_SECOND times a second, until its input
// ends. Prints a line when it begins and, at the end, how many there were and how long they took, in milliseconds.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { describeTimes } from '../harness/quantiles.ts'

const [folder, perSecond] = process.argv.slice(2)
const periodMs = 1000 / Number(perSecond)
const path = `${folder}/bare-fdatasync`
const file = openSync(path, 'w')
const block = Buffer.alloc(4096, 'x')
const times: number[] = []
let isEnding = false
process.stdin.on('end', () => {
  isEnding = true
})
process.stdin.resume()
process.stdout.write('{}\n')

for (let dueMs = performance.now(); !isEnding; dueMs += periodMs) {
  const waitMs = dueMs - performance.now()
  // The disk's own time is asked for, so a late start is not charged to it.
  if (waitMs > 0) await setTimeout(waitMs)
  else dueMs = performance.now()
  const startMs = performance.now()
  writeSync(file, block)
  fdatasyncSync(file)
  times.push(performance.now() - startMs)
}
closeSync(file)
rmSync(path)
process.stdout.write(`${JSON.stringify(describeTimes(times))}\n`)
