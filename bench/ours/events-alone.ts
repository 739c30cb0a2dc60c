// A service of events alone, to which decisions come PER_SECOND times a second: so that what readers cost is not lost in
// what decisions cost. Prints its port; then, for each line of its input, the processor time of the next SECONDS, in
// seconds.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { recordEvents } from '../../src/deciding/record-events.ts'
import { eventTypes } from '../../src/events/event.ts'
import { EventHub } from '../../src/events/event-hub.ts'
import { EventReaders } from '../../src/http/event-readers.ts'
import type { DecisionRecord, Definition } from '../../src/log/log-record.ts'
import { cardsDetector } from '../../test/service/decisions-fixture.ts'

const [perSecond, seconds] = process.argv.slice(2).map(Number)
const definition: Definition = {
  format: 2,
  detector: cardsDetector(),
  model: 'cards@0123456789ab',
  policy: { version: 1, review: 0.5, decline: 0.9, whenUnavailable: 'review', deadlineMs: 100 },
  columns: ['AMOUNT', 'CARD', 'SHOP', 'NOTE'],
  features: [],
  runtime: 'bench',
}
const log = { pending: 0, nextSequence: 1 }
const hub = new EventHub({
  log,
  epoch: 'bench',
  onFault: (error) => {
    throw error
  },
})
const take = recordEvents(hub, { reading: { definition: () => definition }, cases: () => undefined })
const readers = new EventReaders({ hub, isDraining: () => false, nowMs: () => performance.now() })
const types = new Set(eventTypes)
const server = createServer((_request, answer) => {
  answer.writeHead(200, { 'content-type': 'text/event-stream' })
  readers.add(answer, { types, place: undefined, mayStill: () => true })
}).listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : 0}\n`)
})

let told = 0
const startMs = performance.now()
setInterval(() => {
  for (const due = ((performance.now() - startMs) * perSecond) / 1000; told < due; told++) {
    take(decision(told), log.nextSequence++)
  }
}, 20)

function decision(i: number): DecisionRecord {
  const timestampMs = 1_795_800_000_000 + i
  const fields = [12.5, `card_${i % 1000}`, `shop_${i % 100}`, undefined]
  const shared = { kind: 'decision', outcome: 'approve', score: 0.0123, definition: 1, degraded: [] } as const
  return { ...shared, id: `transaction-${i}`, timestampMs, decidedAtMs: timestampMs, fields, row: new Float64Array(0) }
}

for await (const _ of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage()
  await sleep(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${(user + system) / 1e6}\n`)
}
process.exit(0)
