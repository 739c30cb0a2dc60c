import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { type FoundRepeats, readBucket, ShuffledEvents, type StoredEvent } from '../data/shuffled-events.ts'
import { unwritable } from '../data/write-file.ts'
import { parseDetector } from '../detector/detector.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { type FeaturePart, type PartedFeatures, partAlone, partsOf } from '../features/parts.ts'
import { Replay } from '../features/replay.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import { type PartTask, partFile } from './part-task.ts'
import { PartWriter } from './part-values.ts'

// A process of a shuffle: it finds repeated ids, puts events into order, divides them by one key, or replays one bucket with
// that key's histories and writes what its features are.

const task: PartTask = JSON.parse(process.argv[2])
try {
  const result = await carryOut(task)
  if (result !== undefined) process.send?.({ result })
} catch (cause) {
  const error = unwritable(cause, task.folder)
  if (!(error instanceof FraudError)) throw error
  process.send?.({ refusal: { code: error.code, message: error.message } })
  process.exitCode = 1
} finally {
  process.disconnect?.()
}

async function carryOut(task: PartTask): Promise<FoundRepeats | undefined> {
  const detector = parseDetector(JSON.parse(await readFile(task.detectorFile, 'utf8')), wholeDetector)
  const parted = partsOf(compileDetector(detector))
  const { texts, numbers } = parted.whole.layout
  const shape = { texts: texts.length, numbers: numbers.length }
  if (task.stage === 'replay') {
    const part = partOf(parted, task.by)
    const writer = new PartWriter(partFile(task.folder, task), part.at.length)
    await replayPart(partAlone(parted, part), readBucket(task.folder, { ...task, shape }), writer)
    writer.close()
    return undefined
  }
  const events = await ShuffledEvents.open(task.folder, shape, task.memoryMb)
  try {
    if (task.stage === 'find repeats') return await events.leaveOutRepeats(task.mostExamples)
    if (task.stage === 'order') await events.order(task.texts, task.buckets)
    else await events.divide(partOf(parted, task.by).plan.histories[0].text, task.name, task.buckets)
    return undefined
  } finally {
    events.close()
  }
}

function partOf({ parts }: PartedFeatures, key: string): FeaturePart {
  const found = parts.find(({ by }) => by === key)
  if (found === undefined) throw new Error(`no feature reads a history by ${key}`)
  return found
}

async function replayPart(
  features: FeatureSet,
  groups: AsyncIterable<readonly StoredEvent[]>,
  writer: PartWriter,
): Promise<void> {
  const replay = new Replay(features, new MemoryHistories(features.plan))
  for await (const group of groups) {
    for (const event of group) {
      writer.add(event.row, replay.next(event))
      if (event.label === 1) replay.label(event, { isFraud: true, knownAtMs: event.knownAtMs })
    }
  }
}
