import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { serveCommand } from '../../src/cli/serve.ts'
import { streamCommand } from '../../src/cli/stream.ts'

const words = z.array(z.string())
const composeService = z.object({
  command: words.optional(),
  ports: words.default([]),
  volumes: words.default([]),
  depends_on: z.record(z.string(), z.unknown()).default({}),
})
const compose = z
  .object({ services: z.record(z.string(), composeService), volumes: z.record(z.string(), z.unknown()) })
  .parse(parse(readFileSync('deploy/compose/compose.yaml', 'utf8'), { merge: true }))
const unit = readFileSync('deploy/systemd/shrike.service', 'utf8')
const chart = 'deploy/helm/shrike'

/** Where a program is not on the path, why a test is left out. */
function without(program: string, ...args: readonly string[]): string | false {
  return spawnSync(program, args).error === undefined ? false : `${program} is not here`
}

function unknownFlags([verb, ...args]: readonly string[]): readonly string[] {
  const command = verb === 'stream' ? streamCommand() : serveCommand()
  assert.equal(verb, command.name())
  return command.parseOptions(args).unknown
}

suite('the compose file', () => {
  const { services, volumes } = compose

  test('starts processes with flags that they know, each under the name that others reach it by', () => {
    for (const name of ['shrike-1', 'shrike-2', 'stream']) {
      const { command = [] } = services[name]
      assert.deepEqual(unknownFlags(command), [], name)
      if (name !== 'stream') assert.equal(command[command.indexOf('--advertise') + 1], `http://${name}:8000`)
    }
  })

  test('names services and volumes that there are, and lets nobody in from elsewhere', () => {
    for (const [name, { depends_on, ports, volumes: mounted }] of Object.entries(services)) {
      for (const other of Object.keys(depends_on)) assert(other in services, `${name}: ${other}`)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
      const named = mounted.map((each) => each.split(':')[0]).filter((each) => /^[a-z]/.test(each))
      for (const each of named) assert(each in volumes, `${name}: ${each}`)
    }
  })

  test('has Prometheus ask each process', { skip: without('promtool', '--version') }, () => {
    const path = 'deploy/compose/prometheus.yaml'
    const checked = spawnSync('promtool', ['check', 'config', '--syntax-only', path], { encoding: 'utf8' })
    assert.equal(checked.status, 0, checked.stderr)
    assert.match(readFileSync(path, 'utf8'), /"shrike-1:8000", "shrike-2:8000"/)
  })
})

suite('the unit of systemd', { skip: without('systemd-analyze', '--version') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-unit-'))
  const path = join(folder, 'shrike.service')
  after(() => rmSync(folder, { recursive: true }))
  const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' })

  test('is one, with a command that there is', () => {
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? []
    const [program, ...args] = line.split(' ')
    const given = args
      .filter((word) => word !== '$SHRIKE_FLAGS')
      .map((word) => word.replace(/\$\{SHRIKE_PORT\}/, '8000'))
    assert.deepEqual(unknownFlags(given), [])
    // The program is where the guide installs it, which is not on this machine.
    writeFileSync(path, unit.replace(program, '/bin/true'))
    const { status, stderr } = analyze('verify', path)
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
  })

  test('leaves the service little that it could do', () => {
    const { stdout } = analyze('security', '--offline=true', path)
    const exposure = Number(/exposure level for \S+ ([\d.]+)/.exec(stdout)?.[1])
    assert(exposure <= 1.5, stdout)
  })
})

const helm = process.env.SHRIKE_HELM ?? 'helm'

suite('the Helm chart', () => {
  test('starts the service with flags that it knows', () => {
    const text = readFileSync(join(chart, 'templates/stateful-set.yaml'), 'utf8')
    const known = serveCommand().options.map(({ long }) => long)
    const flags = [...text.matchAll(/^ {12}- (--[a-z-]+)$/gm)].map((match) => match[1])
    assert(flags.includes('--data') && flags.includes('--advertise'))
    for (const flag of flags) assert(known.includes(flag), flag)
  })

  test('is rendered as Kubernetes has it', { skip: without(helm, 'version') }, () => {
    const values = join(mkdtempSync(join(tmpdir(), 'shrike-chart-')), 'values.yaml')
    writeFileSync(values, 'webhooks: "endpoints: []"\nflags: [--retain, 180d]\ncopies: { storageClass: fast }\n')
    for (const more of [[], ['--values', values]]) {
      const args = ['template', 'trial', chart, '--namespace', 'fraud', '--kube-version', '1.34', ...more]
      const rendered = spawnSync(helm, args, { encoding: 'utf8' })
      assert.equal(rendered.status, 0, rendered.stderr)
      const kinds = parseAllDocuments(rendered.stdout).map((each) => String(each.get('kind')))
      const wanted = ['PodDisruptionBudget', 'Service', 'Service', 'StatefulSet']
      assert.deepEqual(kinds.sort(), more.length === 0 ? wanted : ['ConfigMap', ...wanted])
      assert.match(rendered.stdout, /http:\/\/\$\(POD_NAME\)\.trial-processes\.fraud:8000/)
      const validator = process.env.SHRIKE_KUBERNETES_VALIDATE
      if (validator === undefined) continue
      const path = join(values, '..', 'rendered.yaml')
      writeFileSync(path, rendered.stdout)
      const checked = spawnSync(validator, ['--strict', '-k', '1.34', path], { encoding: 'utf8' })
      assert.equal(checked.status, 0, checked.stderr + checked.stdout)
    }
  })
})
