import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { Counter, Gauge, Histogram } from 'prom-client'
import { parse } from 'yaml'
import { createStreamMetrics } from '../../src/http/stream-metrics.ts'
import { openTestDecisions } from '../service/decisions-fixture.ts'

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

const rulesPath = 'deploy/prometheus/shrike.rules.yaml'
const rules: Rules = parse(readFileSync(rulesPath, 'utf8'))
const dashboard: Dashboard = JSON.parse(readFileSync('deploy/grafana/shrike.json', 'utf8'))
const ofRules = rules.groups.flatMap((group) => group.rules.map(({ alert, expr }) => ({ name: alert, expr })))
const ofPanels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ name: title, expr })))

/** The series of `/metrics` with their labels, as the service registers them. */
async function knownSeries(): Promise<ReadonlyMap<string, readonly string[]>> {
  const running = await openTestDecisions()
  const { registry } = running.metrics
  createStreamMetrics(registry, { counts: [], lags: () => [], waitsFor: undefined })
  const series = new Map<string, readonly string[]>()
  for (const metric of registry.getMetricsAsArray()) {
    const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: readonly string[] }
    const single = registry.getSingleMetric(name)
    const isHistogram = single instanceof Histogram
    assert.ok(isHistogram || single instanceof Counter || single instanceof Gauge, name)
    for (const end of isHistogram ? ['_bucket', '_sum', '_count'] : ['']) {
      series.set(`${name}${end}`, isHistogram ? [...labelNames, 'le'] : labelNames)
    }
  }
  await running.close()
  return series
}

describe('what is shipped for Prometheus and Grafana', () => {
  test('asks for series and labels that /metrics has', async () => {
    const series = await knownSeries()
    assert.ok(ofRules.length >= 10 && ofPanels.length >= 15 && series.size > 60)
    for (const { name, expr } of [...ofRules, ...ofPanels]) {
      const asked = [...expr.matchAll(/\b(shrike_\w+)(?:\{([^}]*)\})?/g)]
      assert.ok(asked.length > 0 || /\bup\b/.test(expr), name)
      for (const [, metric, selectors = ''] of asked) {
        const labels = series.get(metric)
        assert.ok(labels !== undefined, `${name}: ${metric}`)
        for (const [, label] of selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
          assert.ok(labels.includes(label), `${name}: ${metric} has no label ${label}`)
        }
      }
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names.split(/\s*,\s*/))
      const of = asked.flatMap(([, metric]) => series.get(metric) ?? [])
      for (const label of grouped) assert.ok(of.includes(label), `${name}: no label ${label}`)
    }
  })

  const promtool = spawnSync('promtool', ['--version']).error === undefined
  test('is what promtool accepts', {
    skip: promtool ? false : 'promtool is not installed (Debian: prometheus)',
  }, () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', rulesPath], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    // Of queries of panels rules are made, since that is what it checks.
    const made = ofPanels.map(({ expr }, i) => ({
      record: `panel:number_${i}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    const path = join(mkdtempSync(join(tmpdir(), 'shrike-panels-')), 'rules.yaml')
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'panels', rules: made }] }))
    const panels = spawnSync('promtool', ['check', 'rules', '--lint=none', path], { encoding: 'utf8' })
    rmSync(dirname(path), { recursive: true })
    assert.equal(panels.status, 0, panels.stdout + panels.stderr)
  })

  test('names each alert and panel once', () => {
    assert.equal(new Set(ofRules.map(({ name }) => name)).size, ofRules.length)
    assert.equal(new Set(dashboard.panels.map(({ title }) => title)).size, dashboard.panels.length)
  })
})
