import { Gauge, type Registry } from 'prom-client'
import type { DecisionObserver } from '../deciding/decision-observer.ts'
import type { DecisionService } from '../deciding/decision-service.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { BucketHistogram } from './bucket-histogram.ts'
import { createTally, scoreBuckets } from './metrics.ts'
import { watchMonitoring, watchWebhooks } from './monitoring-metrics.ts'
import { nameFirst, watchPolicy } from './policy-metrics.ts'

/** What of the data directory is measured when a scrape asks. */
export interface DirectoryFigures {
  /** The size of the log's files together. */
  logBytes(): number
  freeBytes(): number
  /** Whether so little is free that no new work is wanted. */
  isShort(): boolean
  /** When the oldest transaction that is kept took place; undefined where there is none. */
  oldestMs(): number | undefined
}

export interface DecisionMetrics extends DecisionObserver {
  committed(seconds: number, records: number): void
  /** Gives the gauges what they show, once there is something. */
  watch(decisions: DecisionService, directory: DirectoryFigures, pending: () => number, nowMs: () => number): void
  watchWebhooks(webhooks: Pick<Webhooks, 'endpoints'>): void
}

const commitBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const lagBuckets = [0, 60, 3600, 21_600, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 5_184_000, 7_776_000]

/**
 * Counts decisions, labels and commits. Names are a promise: docs/reference/metrics.md lists them, and a test compares.
 */
export function createDecisionMetrics(registry: Registry): DecisionMetrics {
  const counted = countDecisions(registry)
  const observeCommit = new BucketHistogram(registry, {
    name: 'shrike_log_commit_duration_seconds',
    help: 'How long the log took to put one group of records on disk.',
    buckets: commitBuckets,
  }).whole()
  let records = 0
  createTally(registry, 'shrike_log_records_total', 'Records that this process has put on disk.', [], (set) => {
    set({}, records)
  })
  return {
    ...counted,
    committed(seconds, more) {
      records += more
      observeCommit(seconds)
    },
    watch: (decisions, directory, pending, nowMs) => watch(registry, decisions, directory, pending, nowMs),
    watchWebhooks: (webhooks) => watchWebhooks(registry, webhooks),
  }
}

function countDecisions(registry: Registry): DecisionObserver {
  const decided = new Map<string, number>(outcomes.map((outcome) => [outcome, 0]))
  const degraded = new Map<string, number>()
  const tripped = new Map<string, number>()
  const nameOf = nameFirst()
  let duplicates = 0
  let missing = new Float64Array(0)
  let features: readonly string[] = []
  const tally = (name: string, help: string, label: string, counts: () => Iterable<readonly [string, number]>) =>
    createTally(registry, name, help, [label], (set) => {
      for (const [value, count] of counts()) set({ [label]: value }, count)
    })
  const total = (name: string, help: string, count: () => number) =>
    createTally(registry, name, help, [], (set) => set({}, count()))
  tally('shrike_decisions_total', 'New decisions, by outcome.', 'outcome', () => decided)
  tally('shrike_decisions_degraded_total', 'New decisions that are degraded, by reason.', 'reason', () => degraded)
  tally('shrike_fuses_tripped_total', 'How often a fuse of the policy has tripped, by fuse.', 'fuse', () => tripped)
  total('shrike_duplicates_total', 'Transactions that were already decided.', () => duplicates)
  tally(
    'shrike_features_missing_total',
    'Rows of new decisions in which a feature had no value, by feature.',
    'feature',
    () => features.flatMap((name, i) => (missing[i] > 0 ? [[name, missing[i]] as const] : [])),
  )
  const byCanary = new Map<string, number>()
  const shadows = new Map<string, Map<string, number>>()
  tally('shrike_canary_decisions_total', 'New decisions of a canary, by model.', 'model', () => byCanary)
  const rolledBack = new Map<string, number>()
  tally('shrike_canary_rollbacks_total', 'Canaries that their guard took back, by model.', 'model', () => rolledBack)
  const shadowHelp = 'Transactions that a shadow scored, failed to score, or left out for lack of time, by model.'
  createTally(registry, 'shrike_shadow_scores_total', shadowHelp, ['model', 'result'], (set) => {
    for (const [model, results] of shadows) for (const [result, count] of results) set({ model, result }, count)
  })
  const observeScore = new BucketHistogram(registry, {
    name: 'shrike_decision_score',
    help: 'Scores of new decisions: calibrated probabilities of fraud.',
    buckets: scoreBuckets,
  }).whole()
  return {
    decided(decision, row, names) {
      decided.set(decision.outcome, (decided.get(decision.outcome) ?? 0) + 1)
      for (const reason of decision.degraded) degraded.set(reason, (degraded.get(reason) ?? 0) + 1)
      if (decision.score !== null) observeScore(decision.score)
      if (names !== features) {
        features = names
        missing = new Float64Array(names.length)
      }
      for (let i = 0; i < row.length; i++) if (Number.isNaN(row[i])) missing[i] += 1
    },
    decidedByCanary(model) {
      byCanary.set(model, (byCanary.get(model) ?? 0) + 1)
    },
    canaryRolledBack(model) {
      rolledBack.set(model, (rolledBack.get(model) ?? 0) + 1)
    },
    shadowScored(model, result) {
      const results = shadows.get(model) ?? new Map<string, number>()
      shadows.set(model, results.set(result, (results.get(result) ?? 0) + 1))
    },
    duplicate() {
      duplicates += 1
    },
    fusesTripped(fuses) {
      for (const fuse of fuses.map(nameOf)) tripped.set(fuse, (tripped.get(fuse) ?? 0) + 1)
    },
    reviewsOverloaded() {},
    ...countLabels(registry),
  }
}

function countLabels(registry: Registry): Pick<DecisionObserver, 'labelled' | 'labelsRefused'> {
  const labels = { fraud: 0, legitimate: 0 }
  let refused = 0
  let lastLabelMs: number | undefined
  createTally(registry, 'shrike_labels_total', 'New labels, by value.', ['label'], (set) => {
    for (const [label, count] of Object.entries(labels)) set({ label }, count)
  })
  createGauge(
    registry,
    'shrike_last_label_timestamp_seconds',
    'When this process last took in a new label, as Unix time.',
    () => lastLabelMs && lastLabelMs / 1000,
  )
  const refusedHelp = 'Labels refused because too many wait for their transactions.'
  createTally(registry, 'shrike_labels_refused_total', refusedHelp, [], (set) => set({}, refused))
  const observeLag = new BucketHistogram(registry, {
    name: 'shrike_label_lag_seconds',
    help: 'How long after its transaction a label was known.',
    buckets: lagBuckets,
  }).whole()
  return {
    labelsRefused(count) {
      refused += count
    },
    labelled(isFraud, receivedAtMs, lagMs) {
      lastLabelMs = receivedAtMs
      labels[isFraud ? 'fraud' : 'legitimate'] += 1
      if (lagMs !== undefined) observeLag(Math.max(0, lagMs) / 1000)
    },
  }
}

function createGauge(registry: Registry, name: string, help: string, read: () => number | undefined): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const value = read()
      // Left out, and not 0.
      if (value === undefined) this.remove()
      else this.set(value)
    },
  })
}

function watch(
  registry: Registry,
  decisions: DecisionService,
  directory: DirectoryFigures,
  pending: () => number,
  nowMs: () => number,
): void {
  const gauge = (name: string, help: string, read: () => number | undefined) => createGauge(registry, name, help, read)
  const stats = () => decisions.decider.state?.projections.histories.histories.stats()
  const ageSeconds = (sinceMs: number | undefined) => (sinceMs === undefined ? undefined : (nowMs() - sinceMs) / 1000)
  gauge('shrike_ready', 'Whether decisions are being made, here or by the process that leads: 1 or 0.', () =>
    (decisions.isReady || decisions.leader !== undefined) && !directory.isShort() ? 1 : 0,
  )
  gauge('shrike_follows', 'Whether another process decides, and this one passes on what it is asked: 1 or 0.', () =>
    decisions.leader === undefined ? 0 : 1,
  )
  gauge('shrike_policy_approves_everything', 'Whether the policy approves every score: 1 or 0.', () =>
    decisions.warnOfPolicy() === undefined ? 0 : 1,
  )
  gauge('shrike_log_queue_records', 'Records on their way to the disk.', pending)
  gauge('shrike_log_bytes', "Size of the log's files.", () => directory.logBytes())
  gauge('shrike_disk_free_bytes', "Free space on the data directory's file system.", () => directory.freeBytes())
  gauge('shrike_log_oldest_record_age_seconds', 'Age of the oldest transaction that is kept.', () =>
    ageSeconds(directory.oldestMs()),
  )
  gauge('shrike_snapshot_age_seconds', 'Time since this process last took a snapshot.', () =>
    ageSeconds(decisions.snapshotAtMs),
  )
  gauge('shrike_history_coverage_seconds', 'Event time that the log covers.', () => decisions.decider.coverageMs / 1000)
  gauge('shrike_history_wanted_seconds', 'Event time that the longest window and delay cover.', () =>
    Number.isFinite(decisions.decider.spanMs) ? decisions.decider.spanMs / 1000 : 0,
  )
  gauge('shrike_history_keys', 'Keys with a history.', () => stats()?.keys)
  gauge('shrike_history_events', 'Events in histories.', () => stats()?.events)
  gauge('shrike_history_bytes', 'Memory of histories.', () => stats()?.bytes)
  gauge(
    'shrike_history_dropped_keys',
    'Histories that were dropped because memory was short.',
    () => stats()?.droppedForMemory,
  )
  gauge(
    'shrike_labels_pending',
    'Transactions that have a label but have not arrived.',
    () => decisions.decider.state?.projections.pending.transactions,
  )
  const cases = () => decisions.decider.state?.projections.cases
  gauge('shrike_cases_active', 'Cases that are not closed.', () => cases()?.openCount)
  gauge(
    'shrike_cases_left_alone_seconds',
    'How long nothing has happened to the open case that has been left alone for longest; 0 where none is open.',
    () => {
      const sinceMs = cases()?.leftAloneSinceMs
      return sinceMs === undefined ? 0 : Math.max(0, nowMs() - sinceMs) / 1000
    },
  )
  createTally(registry, 'shrike_snapshots_total', 'Snapshots taken by this process, by result.', ['result'], (set) => {
    set({ result: 'ok' }, decisions.snapshots.ok)
    set({ result: 'failed' }, decisions.snapshots.failed)
  })
  gauge('shrike_deployment_progress', 'Share of the log that a model on its way into force has gone through.', () => {
    const { underway } = decisions.deployer ?? {}
    return underway && (underway.of === 0 ? 0 : underway.records / underway.of)
  })
  watchPolicy(registry, decisions, nowMs)
  watchMonitoring(registry, decisions)
}
