import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'node:test'
import { DecisionService, type DecisionServiceOptions } from '../../src/deciding/decision-service.ts'
import { createDetectorInForce, type DetectorInForce } from '../../src/deciding/detector-in-force.ts'
import type { TakenSnapshot } from '../../src/deciding/keeper.ts'
import { savedParts } from '../../src/deciding/projections.ts'
import { findPrunable } from '../../src/deciding/prunable.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { type Detector, parseDetector } from '../../src/detector/detector.ts'
import { computeRow } from '../../src/features/feature-set.ts'
import { createDecisionMetrics } from '../../src/http/decision-metrics.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import type { Snapshot } from '../../src/log/snapshots.ts'
import type { Predictor } from '../../src/scoring/predictor.ts'
import { SqliteLog, type SqliteLogOptions } from '../../src/stores/sqlite/sqlite-log.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { SqlitePages } from '../../src/stores/sqlite/sqlite-pages.ts'
import { recordingLog } from './fixture.ts'
import { slowLog } from './slow-log.ts'
import { withoutSnapshots } from './without-snapshots.ts'

export const startMs = Date.UTC(2026, 10, 22, 9)
export const dayMs = 86_400_000

/** Transactions of cards at shops, and features whose longest window plus delay is seven days. */
export function cardsDetector(changed: Partial<Detector> = {}, transaction: Partial<Detector['transaction']> = {}) {
  return parseDetector({
    detector: 'cards',
    transaction: {
      id: 'ID',
      time: { field: 'TIME', format: 'epoch-ms' },
      amount: { field: 'AMOUNT', digits: 2 },
      keys: { card: 'CARD', shop: 'SHOP' },
      fields: { note: 'NOTE' },
      label: { field: 'FRAUD', delay: '1d' },
      ...transaction,
    },
    features: [
      'amount',
      { count: { by: 'card', over: ['1h', '1d'] } },
      { sum: { of: 'amount', by: 'card', over: '1d' } },
      { fraudCount: { by: 'card', over: '7d', delay: '0s' } },
      { timeSinceLast: { by: 'shop', over: '6d' } },
    ],
    // However busy the machine is.
    policy: { review: 0.5, decline: 0.9, deadlineMs: 60_000 },
    ...changed,
  })
}

/** Says a thousandth of the amount for each transaction of the last day: simple, and known to the tests. */
export function amountPredictor(modelId = 'amounts@0123456789ab', scale = 1000): Predictor {
  return {
    modelId,
    inputs: ['amount'],
    example: { amount: 1 },
    predict(row) {
      const probability = Math.min(1, Math.max(0, row[0] / scale))
      return { isFraud: probability > 0.5, probability }
    },
  }
}

export interface TestDecisionsOptions extends Partial<Omit<DecisionServiceOptions, 'registry'>> {
  /** Makes the registry of models of the directory and its log; by default there is none. */
  readonly registry?: (path: string, reading: SqliteLogReader) => DecisionServiceOptions['registry']
  readonly inForce?: DetectorInForce
  /** A directory to go on in; a new one by default. */
  readonly directory?: string
  readonly key?: string
  /** Who writes the log, where that is in a database. */
  readonly writer?: SqliteLogOptions['writer']
  /** How long what is looked up takes, each time; by default no longer than the file takes. */
  readonly lookUpMs?: () => number
}

let reopened = 0

/** A service on a real log in a directory of its own. Its clock stands still until it is set. */
export async function openTestDecisions({
  inForce,
  directory,
  key,
  writer,
  lookUpMs,
  registry,
  ...options
}: TestDecisionsOptions = {}) {
  const path = directory ?? (await mkdtemp(join(tmpdir(), 'shrike-live-')))
  const logPath = join(path, 'log.sqlite')
  const clock = { nowMs: startMs }
  const metrics = createMetrics(() => 'test')
  const decisions = createDecisionMetrics(metrics.registry)
  const logger = recordingLog()
  // Tokens of one log are never made twice.
  const prefix = directory === undefined ? 'tok_' : `tok_${++reopened}_`
  let tokens = 0
  const log = await SqliteLog.open({
    ...{ path: logPath, key, writer },
    observer: decisions,
    makeToken: () => `${prefix}${++tokens}`,
  })
  const pages = new SqlitePages(logPath)
  const service = new DecisionService(inForce ?? createDetectorInForce(cardsDetector(), amountPredictor()), {
    ...(lookUpMs === undefined ? { log, persons: log.persons } : slowLog(log, log.persons, lookUpMs)),
    pages,
    observer: decisions,
    hashCardNumber: (digits) => `pan_${digits.length}`,
    cardKeyCheck: 'check',
    logger,
    clock: () => clock.nowMs,
    ...withoutSnapshots,
    registry: registry?.(path, log.reading),
    ...options,
  })
  decisions.watch(
    service,
    { logBytes: () => 1, freeBytes: () => 2, isShort: () => false, oldestMs: () => log.reading.firstTransactionMs() },
    () => log.pending,
    () => clock.nowMs,
  )
  decisions.watchWebhooks({ endpoints: [] })
  let isClosed = false
  return {
    ...{ service, log, clock, say: logger, metrics, path, logPath },
    async close({ keep = false } = {}) {
      if (!isClosed) {
        isClosed = true
        await service.close()
        await pages.close()
      }
      if (!keep) await rm(path, { recursive: true, force: true })
    },
  }
}

export type TestDecisions = Awaited<ReturnType<typeof openTestDecisions>>

/** A snapshot of what a service holds, as of the last record of its log. */
export function snapshotNow({ decider }: DecisionService, sequence: number): Snapshot {
  const { state } = decider
  assert(state !== undefined)
  const saved = savedParts(state.projections).map((part) => ({ ...part, chunks: [...part.chunks] }))
  return { fingerprint: '', sequence, hash: '', partsHeld: saved, parts: () => saved }
}

/** As if a snapshot through a record had been taken: what may be let go of then. */
export function takenThrough(
  sequence: number,
  { reading }: SqliteLog,
  inForce: DetectorInForce,
  cutoffMs: number | undefined,
): TakenSnapshot {
  return { sequence, prunable: cutoffMs === undefined ? undefined : findPrunable(reading, inForce, cutoffMs, sequence) }
}

/** The same without one of its parts. */
export function without(snapshot: Snapshot, name: string): Snapshot {
  const others = [...snapshot.parts()].filter((part) => part.name !== name)
  return { ...snapshot, partsHeld: others, parts: () => others }
}

/** A list for a test file's services: what a test adds is closed after it. */
export function closedAfterEach(): TestDecisions[] {
  const open: TestDecisions[] = []
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })
  return open
}

/**
 * Replays a log with each of these detectors and asks that every decision's row is, bit for bit, the one that the detector
 * in force gives.
 *
 * @returns how many decisions there are of each.
 */
export function assertReplayed(logPath: string, detectors: readonly DetectorInForce[]): readonly number[] {
  const reader = new SqliteLogReader(logPath)
  try {
    return detectors.map((inForce) => {
      let count = 0
      const rebuild = new Rebuild(inForce, reader, undefined, {})
      const row = new Float64Array(inForce.features.names.length)
      const isInStep = () =>
        rebuild.step((record, transaction, histories) => {
          computeRow(inForce.features, transaction, histories, row)
          if (record.kind !== 'decision') return
          if (reader.definition(record.definition).model !== (inForce.predictor?.modelId ?? null)) return
          count += 1
          assert.equal(record.row.length, row.length)
          record.row.forEach((value, i) => {
            assert.ok(
              Object.is(value, row[i]),
              `record ${record.sequence}, ${inForce.features.names[i]}: ${value}, ${row[i]}`,
            )
          })
        })
      while (isInStep());
      return count
    })
  } finally {
    reader.close()
  }
}

/** A service whose clock is far ahead, so that a test's transactions may be of any day: the i-th is i steps later. */
export async function openDeciding(open: TestDecisions[], options: TestDecisionsOptions = {}, stepMs = dayMs) {
  const running = await openTestDecisions(options)
  open.push(running)
  running.clock.nowMs = startMs + 1000 * dayMs
  await running.service.resume()
  const decide = (i: number, more: object = {}) =>
    running.service.decide(
      { ID: `t-${i}`, TIME: startMs + i * stepMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...more },
      undefined,
      () => 0,
    )
  const rowOf = (i: number) => {
    const record = running.log.reading.find(`t-${i}`)
    return record?.kind === 'decision' ? [...record.row] : []
  }
  return { ...running, decide, rowOf }
}

/** A detector of cards under a name, which its model bears, too. */
export function namedDetector(
  name: string,
  transaction: Partial<Detector['transaction']>,
  features: Detector['features'],
) {
  return createDetectorInForce(cardsDetector({ features }, transaction), amountPredictor(`${name}@000000000000`))
}
