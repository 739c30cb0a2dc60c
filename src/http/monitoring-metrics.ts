import { Gauge, type Registry } from 'prom-client'
import type { DecisionService } from '../deciding/decision-service.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { createTally } from './metrics.ts'

/** Shows alerts, and how far the newest hours are from what was before, as the last look found it. */
export function watchMonitoring(registry: Registry, decisions: DecisionService): void {
  const alerts = () => decisions.decider.state?.projections.alerts
  const firingHelp = 'Alerts that hold now, by kind and severity.'
  createGauges(registry, 'shrike_alerts_firing', firingHelp, ['alert', 'severity'], (set) => {
    const states = alerts()
    if (states === undefined) return
    for (const { kind, severity } of states.definitions) {
      set({ alert: kind, severity }, states.firing.filter(({ alert }) => alert === kind).length)
    }
  })
  const psiHelp = 'Population stability index of a feature, or the score, against training or the weeks before.'
  createGauges(registry, 'shrike_feature_psi', psiHelp, ['feature', 'against'], (set) => {
    for (const { feature, against, psi } of decisions.monitor.newest?.features ?? []) {
      set({ feature: feature ?? 'score', against }, psi.value)
    }
  })
  const sentHelp = 'Alerts to the webhook, by result: sent, or failed and in the dead-letter file.'
  createTally(registry, 'shrike_alert_deliveries_total', sentHelp, ['result'], (set) => {
    const figures = decisions.alerts.sinkFigures
    if (figures === undefined) return
    set({ result: 'sent' }, figures.sent)
    set({ result: 'failed' }, figures.failed)
  })
}

/** Shows how far events have come on their way to each endpoint. */
export function watchWebhooks(registry: Registry, webhooks: Pick<Webhooks, 'endpoints'>): void {
  const sentHelp = 'Events to webhooks, by endpoint and result: delivered, or dead where they were given up.'
  createTally(registry, 'shrike_webhook_events_total', sentHelp, ['endpoint', 'result'], (set) => {
    for (const { name: endpoint, delivered, dead } of webhooks.endpoints) {
      set({ endpoint, result: 'delivered' }, delivered)
      set({ endpoint, result: 'dead' }, dead)
    }
  })
  const failedHelp = 'Tries to send an event to a webhook that failed; most are tried again.'
  createTally(registry, 'shrike_webhook_failures_total', failedHelp, ['endpoint'], (set) => {
    for (const { name: endpoint, failures } of webhooks.endpoints) set({ endpoint }, failures)
  })
  const waitingHelp = 'Events that a webhook has yet to take.'
  createGauges(registry, 'shrike_webhook_waiting_events', waitingHelp, ['endpoint'], (set) => {
    for (const { name: endpoint, waiting } of webhooks.endpoints) set({ endpoint }, waiting)
  })
  const behindHelp = 'Records of the log that were not read for a webhook yet.'
  createGauges(registry, 'shrike_webhook_behind_records', behindHelp, ['endpoint'], (set) => {
    for (const { name: endpoint, behind } of webhooks.endpoints) set({ endpoint }, behind)
  })
}

function createGauges(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (set: (labels: Readonly<Record<string, string>>, value: number) => void) => void,
): void {
  new Gauge({
    ...{ name, help, labelNames: [...labelNames], registers: [registry] },
    collect() {
      this.reset()
      read((labels, value) => this.set(labels, value))
    },
  })
}
