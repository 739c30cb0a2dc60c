import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { readBucket, ShuffledEvents, type StoredEvent } from '../data/shuffled-events.ts'
import { parseDetector } from '../detector/detector.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { partAlone, partsOf } from '../features/parts.ts'
import { Replay } from '../features/replay.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import { type PartTask, partFile } from './part-task.ts'
import { PartWriter } from './part-values.ts'

// A process that divides events by one key, or replays one bucket with that key's histories and writes what its features are.

try {
  await computePart(JSON.parse(process.argv[2]))
} catch (error) {
  if (!(error instanceof FraudError)) throw error
  process.send?.({ code: error.code, message: error.message })
  process.exitCode = 1
} finally {
  process.disconnect?.()
}

async function computePart(task: PartTask): Promise<void> {
  const detector = parseDetector(JSON.parse(await readFile(task.detectorFile, 'utf8')), wholeDetector)
  const parted = partsOf(compileDetector(detector))
  const part = parted.parts.find(({ by }) => by === task.by)
  if (part === undefined) throw new Error(`no feature reads a history by ${task.by}`)
  const { texts, numbers } = parted.whole.layout
  const shape = { texts: texts.length, numbers: numbers.length }
  if ('buckets' in task) {
    const events = await ShuffledEvents.open(task.folder, shape, task.memoryMb)
    await events.divide(part.plan.histories[0].text, task.name, task.buckets)
    return events.close()
  }
  const events = readBucket(task.folder, { ...task, shape })
  const writer = new PartWriter(partFile(task.folder, task), part.at.length)
  await replayPart(partAlone(parted, part), events, writer)
  writer.close()
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
