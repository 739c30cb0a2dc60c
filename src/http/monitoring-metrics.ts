import { Gauge, type Registry } from 'prom-client'
import type { DecisionService } from '../deciding/decision-service.ts'
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
