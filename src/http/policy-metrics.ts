import { Gauge, type Registry } from 'prom-client'
import type { DecisionService } from '../deciding/decision-service.ts'
import type { Reviews } from '../deciding/review-load.ts'
import { createTally } from './metrics.ts'

/** Rules and fuses that have a label of their own, those that came first; more are `other`, so that a scrape stays small. */
const mostNamed = 1000

/**
 * Shows what the policy's rules did. All but `unknown` is counted from the log, so it goes on over restarts. Names are a
 * promise: docs/reference/metrics.md lists them, and a test compares.
 */
export function watchPolicy(registry: Registry, decisions: DecisionService, nowMs: () => number): void {
  const projections = () => decisions.decider.state?.projections
  const figures = () => [...(projections()?.rules.all() ?? [])]
  const firedHelp = 'How often a rule applied, by rule, state (live or shadow) and outcome.'
  createTally(registry, 'shrike_rule_fired_total', firedHelp, ['rule', 'state', 'outcome'], (add) => {
    const nameOf = nameFirst()
    for (const { id, outcome, fired, shadow } of figures()) {
      const rule = nameOf(id)
      if (fired > 0) add({ rule, state: 'live', outcome }, fired)
      if (shadow > 0) add({ rule, state: 'shadow', outcome }, shadow)
    }
  })
  const heldHelp = 'How often a rule applied and was held back, by rule and what held it: share, snooze or fuse.'
  createTally(registry, 'shrike_rule_held_total', heldHelp, ['rule', 'by'], (add) => {
    const nameOf = nameFirst()
    for (const { id, undrawn, snoozed, fused } of figures()) {
      const rule = nameOf(id)
      for (const [by, count] of Object.entries({ share: undrawn, snooze: snoozed, fuse: fused })) {
        if (count > 0) add({ rule, by }, count)
      }
    }
  })
  const unknownHelp = 'How often a rule could not be told for want of a value, by rule.'
  createTally(registry, 'shrike_rule_unknown_total', unknownHelp, ['rule'], (add) => {
    const nameOf = nameFirst()
    for (const { id } of figures()) nameOf(id)
    for (const [id, count] of projections()?.policy.inForce.unknowns.counts ?? []) add({ rule: nameOf(id) }, count)
  })
  const decidedHelp = 'Decisions of a policy that somebody has changed, by what gave the outcome.'
  createTally(registry, 'shrike_decisions_by_policy_total', decidedHelp, ['by'], (add) => {
    for (const [by, count] of projections()?.rules.decidedBy ?? []) add({ by }, count)
  })
  new Gauge({
    name: 'shrike_policy_version',
    help: 'The version of the policy in force.',
    registers: [registry],
    collect() {
      const version = projections()?.policy.inForce.version
      // Left out, and not 0.
      if (version === undefined) this.remove()
      else this.set(version)
    },
  })
  new Gauge({
    name: 'shrike_policy_features',
    help: "Features of the policy beside the model's, by state: those that are filling or failed are unknown to rules.",
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset()
      if (!decisions.isReady) return
      for (const state of ['computed', 'filling', 'failed']) {
        this.set({ state }, decisions.policyFeatures.filter((feature) => feature.state === state).length)
      }
    },
  })
  watchReviews(registry, () => projections()?.policy.reviewsAt(nowMs()))
  new Gauge({
    name: 'shrike_fuse_tripped',
    help: 'Fuses of the policy that have tripped and hold now, by fuse.',
    labelNames: ['fuse'],
    registers: [registry],
    collect() {
      this.reset()
      const nameOf = nameFirst()
      for (const fuse of projections()?.policy.inForce.trippedAt(nowMs()) ?? []) this.inc({ fuse: nameOf(fuse) })
    },
  })
}

function watchReviews(registry: Registry, reviews: () => Reviews | undefined): void {
  const gauge = (name: string, help: string, figure: (of: Reviews) => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const now = reviews()
        const value = now && figure(now)
        // Left out, and not 0.
        if (value === undefined) this.remove()
        else this.set(value)
      },
    })
  gauge('shrike_reviews_last_24h', 'Decisions of the last 24 hours that ask for a review.', ({ last24h }) => last24h)
  const capacityHelp = 'Reviews that people can do a day, as the costs of the policy say; left out where they do not.'
  gauge('shrike_review_capacity_per_day', capacityHelp, ({ perDay }) => perDay)
}

/** Names the first ones by their ids, and those after them together. */
export function nameFirst(): (id: string) => string {
  const named = new Set<string>()
  return (id) => {
    if (named.size < mostNamed) named.add(id)
    return named.has(id) ? id : 'other'
  }
}
