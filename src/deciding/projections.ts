import { CasesProjection } from '../cases/cases-projection.ts'
import { policyOf } from '../decisioning/policy.ts'
import { labelRanks } from '../detector/label-precedence.ts'
import type { MemoryHistoriesOptions } from '../features/memory-histories.ts'
import type { Projection, TakeRecord } from '../log/projection.ts'
import type { SnapshotPart } from '../log/snapshots.ts'
import { AlertsProjection } from '../monitoring/alerts-projection.ts'
import { HoursProjection } from '../monitoring/hours-projection.ts'
import { PerformanceProjection } from '../monitoring/performance-projection.ts'
import { CanaryProjection } from './canary-projection.ts'
import { DeploymentProjection } from './deployment-projection.ts'
import type { HistoryMaker, RecordTransactions } from './detector-in-force.ts'
import { HistoryProjection, labelWaitMs } from './history-projection.ts'
import { PendingLabels } from './pending-labels.ts'
import { PolicyProjection } from './policy-projection.ts'
import { namesOf } from './policy-vocabulary.ts'
import { makesNone, planOf, type Remake } from './remake.ts'
import { RuleFiguresProjection } from './rule-figures-projection.ts'
import { StandingLabels } from './standing-labels.ts'

export interface ProjectionOptions extends MemoryHistoriesOptions {
  /** What of them is made, where the rest goes on as it stands. */
  readonly remake?: Remake | undefined
  /** How long records are kept; undefined: for ever. */
  readonly retainMs?: number | undefined
}

export type Projections = ReturnType<typeof createProjections>

/**
 * Every projection of the log, empty. Another one is a file that implements `Projection` and its line here: records as
 * they are appended, rebuilds and snapshots then go through it, and, where it has an `isCarried`, checkpoints, so that
 * it outlives records that are let go of. Each takes a record after those above it, and may read what they made of it.
 * One that a snapshot lacks is made from the log, and those above it with it.
 */
export function createProjections(maker: HistoryMaker, transactions: RecordTransactions, options: ProjectionOptions) {
  const { detector, features } = maker
  const pending = new PendingLabels(labelWaitMs(features))
  const rankOf = labelRanks(detector)
  const labels = new StandingLabels(rankOf, pending)
  const policy = new PolicyProjection(namesOf(maker, options.retainMs), policyOf(detector))
  const deployments = new DeploymentProjection()
  return {
    // It reads nothing that others make, and no other is made from the log again where a snapshot lacks it.
    hours: new HoursProjection(),
    deployments,
    pending,
    labels,
    canary: new CanaryProjection(deployments, labels),
    histories: new HistoryProjection(
      features,
      transactions,
      pending,
      rankOf,
      options,
      planOf(features, options.remake),
    ),
    policy,
    rules: new RuleFiguresProjection(policy, labels, pending),
    alerts: new AlertsProjection(),
    performance: new PerformanceProjection(labels, pending),
    cases: new CasesProjection({
      definitionOf: transactions.definition,
      secret: () => policy.secret,
      released: () => pending.released,
    }),
  }
}

/** The projections in the order in which they take a record. */
export function listOf(projections: Projections): readonly Projection[] {
  return Object.values(projections)
}

/** Those of them that are made where the rest goes on as it stands. */
export function remadeOf({ pending, histories }: Projections, remake: Remake): readonly Projection[] {
  return makesNone(remake) ? [] : [pending, histories]
}

/** Gives each record to every projection. */
export function takeInto(projections: Projections): TakeRecord {
  const all = listOf(projections)
  return (record, sequence, about) => {
    for (const each of all) each.take(record, sequence, about)
  }
}

/** As a snapshot holds them. */
export function savedParts(projections: Projections): readonly SnapshotPart[] {
  return listOf(projections).map((each) => ({ name: each.name, version: each.version, chunks: each.save() }))
}
