/**
 * A data directory, bundles and what they lead to, as an older Shrike makes them. The clock of that Shrike is in them, so
 * every run makes others: they are made once for a version, and kept.
 *
 * node test/golden/older-version/make.ts CHECKOUT_OF_THE_OLDER_VERSION
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { cardKey } from './card-key.ts'

type Row = Readonly<Record<string, string>>

const shrike = resolve(process.argv[2], 'bin/shrike.js')
const kept = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'shrike-older-'))
const at = (name: string) => join(folder, name)
const env = { ...process.env, SHRIKE_CARD_KEY: cardKey, NO_COLOR: '1' }

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [shrike, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`shrike ${args.join(' ')}: ${stderr}`)
  return stdout
}

function keep(name: string, bytes: string | Uint8Array): void {
  const path = join(kept, `${name}.gz`)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, gzipSync(bytes, { level: 9 }))
}

function keepDirectory(name: string): void {
  const path = at(name)
  keep(`${name}/log.sqlite`, readFileSync(join(path, 'log.sqlite')))
  for (const file of readdirSync(join(path, 'snapshots'))) {
    keep(`${name}/snapshots/${file}`, readFileSync(join(path, 'snapshots', file)))
  }
}

class Service {
  readonly child: ChildProcess
  readonly url: string

  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
  }

  static async start(...args: readonly string[]): Promise<Service> {
    const child = spawn(process.execPath, [shrike, 'serve', ...args, '--port', '0', '--log-level', 'warn'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    process.on('exit', () => child.kill())
    let said = ''
    for await (const chunk of child.stdout) {
      said += chunk
      const url = / on (http\S+)\n/.exec(said)?.[1]
      if (url === undefined) continue
      const service = new Service(child, url)
      while (!(await fetch(`${url}/readyz`)).ok) await sleep(20)
      return service
    }
    throw new Error(`The service ended: ${said}`)
  }

  async ask(method: string, path: string, content?: unknown): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${this.url}${path}`, { method, headers, body: JSON.stringify(content) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    return JSON.parse(text)
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.on('close', done))
    this.child.kill('SIGTERM')
    await ended
  }
}

/** A made-up number that looks like a card's, since hashes of card numbers belong to the format. */
function cardNumber(id: string): string {
  const digits = `40000000${id.replace(/\D/g, '').padStart(7, '0')}`
  const sum = [...digits].reduce((total, digit, i) => {
    const value = i % 2 === 0 ? Number(digit) * 2 : Number(digit)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

function readCsv(path: string): readonly Row[] {
  const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]))
  })
}

function writeCsv(path: string, rows: readonly Row[]): void {
  const names = Object.keys(rows[0])
  writeFileSync(
    path,
    `${[names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.join(',')).join('\n')}\n`,
  )
}

const outcomeColumns = new Set(['is_fraud', 'label_known_at', 'scenario', 'card_id'])
const numbers = new Set(['amount', 'latitude', 'longitude'])

function bodyOf(row: Row): Record<string, unknown> {
  const given = Object.entries(row).filter(([name]) => !outcomeColumns.has(name))
  return Object.fromEntries(
    given.map(([name, text]) => [name, text === '' ? null : numbers.has(name) ? Number(text) : text]),
  )
}

/** Every fifteenth transaction is called a fraud within two days, so that rates have something to count. */
function portfolio(): readonly Row[] {
  run(
    'simulate',
    '--shape',
    'portfolio',
    '--customers',
    '8',
    '--terminals',
    '8',
    '--days',
    '40',
    '--seed',
    '5',
    '--out',
    'few.csv',
  )
  return readCsv(at('few.csv')).map((row, i) => {
    const knownAt = new Date(Date.parse(row.time) + 172_800_000).toISOString()
    const label = i % 15 === 0 ? { is_fraud: '1', label_known_at: knownAt } : {}
    return { ...row, card_number: cardNumber(row.card_id), ...label }
  })
}

function trainBundles(): void {
  const size = ['--customers', '200', '--terminals', '100', '--days', '40', '--seed', '6']
  run('simulate', '--shape', 'portfolio', ...size, '--out', 'many.csv')
  const rows = readCsv(at('many.csv')).map((row) => ({ ...row, card_number: cardNumber(row.card_id) }))
  writeCsv(at('many.csv'), rows)
  const yaml = readFileSync(join(kept, 'detector.yaml'), 'utf8')
  const detectors = {
    // The same histories; the second has fewer features, the third another policy.
    first: yaml.replace('  - signedLog\n', ''),
    second: yaml,
    third: yaml.replace('review: 0.1', 'review: 0.05'),
  }
  for (const [name, text] of Object.entries(detectors)) {
    writeFileSync(at(`${name}.yaml`), text)
    run('train', 'many.csv', '--detector', `${name}.yaml`, '--no-leak-check', '--out', `${name}.safetensors`)
  }
}

/** What the old version served of its bundles, for rows that none of them learned from. */
function keepBundles(): unknown {
  run('simulate', '--rows', '3000', '--frauds', '90', '--seed', '3', '--out', 'flat.csv')
  run('simulate', '--rows', '40', '--frauds', '10', '--seed', '9', '--out', 'later.csv')
  const learners = {
    'decision-tree': ['--max-depth', '5'],
    'random-forest': ['--n-estimators', '10', '--max-depth', '6', '--preset', 'recipe'],
    'gradient-boosting': ['--n-estimators', '20', '--max-leaves', '15'],
    'logistic-regression': [],
    'neural-network': ['--hidden', '16', '--epochs', '5'],
    'isolation-forest': ['--n-estimators', '10', '--sample-size', '64'],
    average: [
      '--learner',
      'gradient-boosting',
      '--n-estimators',
      '10',
      '--max-leaves',
      '7',
      '--average',
      'logistic-regression',
    ],
  }
  const trained = Object.entries(learners).map(([name, options]) => {
    const learner = name === 'average' ? [] : ['--learner', name]
    run('train', 'flat.csv', ...learner, ...options, '--no-leak-check', '--out', `${name}.safetensors`)
    return keepBundle(name, 'later.csv')
  })
  return Object.fromEntries([...trained, ...importBundles()])
}

function keepBundle(name: string, rows: string): readonly [string, unknown] {
  keep(`bundles/${name}.safetensors`, readFileSync(at(`${name}.safetensors`)))
  return [name, { rows: readFileSync(at(rows), 'utf8'), served: run('score', `${name}.safetensors`, rows) }]
}

interface ForeignCase {
  readonly name: string
  readonly model: unknown
  readonly rows: readonly (readonly (number | null)[])[]
}

/** Models of other libraries, of those that the repository keeps for its other tests. */
function importBundles(): readonly (readonly [string, unknown])[] {
  const casesOf = (file: string): readonly ForeignCase[] =>
    JSON.parse(readFileSync(join(kept, `../${file}-models.json`), 'utf8')).cases
  const importAs = (
    name: string,
    model: string,
    bytes: string | Uint8Array,
    columns: string,
    { rows }: ForeignCase,
  ) => {
    writeFileSync(at(model), bytes)
    const features = columns.split(',').map((column) => `{ column: ${column} }`)
    const label = 'transaction: { label: { field: fraud } }'
    writeFileSync(at('imported.yaml'), `detector: imported\n${label}\nfeatures: [${features.join(', ')}]\n`)
    const lines = rows.slice(0, 40).map((row) => row.map((value) => value ?? '').join(','))
    writeFileSync(at(`${name}.csv`), `${[columns, ...lines].join('\n')}\n`)
    run('import', model, '--detector', 'imported.yaml', '--out', `${name}.safetensors`)
    return keepBundle(name, `${name}.csv`)
  }
  const caseOf = (file: string, name: string) => casesOf(file).find((each) => each.name === name) ?? fail(name)
  const vendor = 'amount,hour,count_7d,rate'
  const [lightgbm, xgboost] = ['LightGBM', 'XGBoost'].map((name) => caseOf('vendor', name))
  const [forest, graph] = ['RandomForestClassifier', 'LogisticRegression'].map((name) => caseOf('onnx', name))
  return [
    importAs('lightgbm', 'model.txt', String(lightgbm.model), vendor, lightgbm),
    importAs('xgboost', 'model.json', JSON.stringify(xgboost.model), vendor, xgboost),
    importAs('onnx-forest', 'forest.onnx', Buffer.from(String(forest.model), 'base64'), 'A,B,C,D', forest),
    importAs('onnx-graph', 'graph.onnx', Buffer.from(String(graph.model), 'base64'), 'A,B,C,D', graph),
  ]
}

function fail(name: string): never {
  throw new Error(`There is no case ${name}`)
}

/** Decides transactions one after the other, and keeps what was answered and what each looked like to the model. */
async function decide(service: Service, rows: readonly Row[]): Promise<readonly unknown[]> {
  const decided: unknown[] = []
  for (const row of rows) {
    const body = bodyOf(row)
    const answer = await service.ask('POST', '/v1/decisions', body)
    const { features } = await service.ask('GET', `/v1/decisions/${row.transaction_id}`)
    decided.push({ body, answer, features })
  }
  return decided
}

const label = (row: Row, isFraud: boolean, knownAt: string) => ({
  transactionId: row.transaction_id,
  isFraud,
  knownAt,
  source: 'chargeback',
})

async function fillLog(past: readonly Row[], live: readonly Row[]): Promise<readonly unknown[]> {
  writeCsv(at('past.csv'), past)
  const data = ['--data', 'log']
  run('replay', 'past.csv', '--as', 'history', '--bundle', 'first.safetensors', ...data)
  const first = await Service.start('first.safetensors', ...data)
  await decide(first, live.slice(0, 30))
  await first.ask('POST', '/v1/labels', [label(live[3], true, live[29].time), label(live[4], false, live[29].time)])
  await first.stop()
  run('erase', '--key', `customer=${live[6].customer_id}`, ...data)
  const second = await Service.start('second.safetensors', ...data)
  const decided = await decide(second, live.slice(30, 60))
  // One of a transaction that comes later, and one that corrects another.
  await second.ask('POST', '/v1/labels', [label(live[70], true, live[59].time), label(live[3], false, live[59].time)])
  await second.stop()
  run('snapshot', ...data)
  const third = await Service.start('third.safetensors', ...data)
  const after = await decide(third, live.slice(60, 80))
  await third.stop()
  return [...decided, ...after]
}

/** Deletes what is older than the windows and labels need, as the old version does after snapshots. */
async function prune(live: readonly Row[]): Promise<void> {
  const flags = ['--data', 'pruned', '--retain', '30d', '--snapshot-every', '6']
  const service = await Service.start('third.safetensors', ...flags)
  for (const row of live) {
    await decide(service, [row])
    await sleep(300)
  }
  // Deleting goes on for a while. What an end of the service leaves of it the old version still saw, and wrongly so.
  while (oldestRecord('pruned') < firstOfChain('pruned')) await sleep(200)
  await service.stop()
  if (oldestRecord('pruned') < firstOfChain('pruned'))
    throw new Error('The service ended while it deleted: run it again')
}

function oldestRecord(data: string): number {
  const database = new DatabaseSync(join(at(data), 'log.sqlite'), { readOnly: true })
  const found = database.prepare('SELECT min(sequence) AS oldest FROM records').get()
  database.close()
  return Number(found?.oldest)
}

function firstOfChain(data: string): number {
  return JSON.parse(run('log', 'verify', '--data', data, '--json')).first
}

/** Goes on on a copy, which is thrown away: what today's code has to answer, too. */
async function goOn(name: string, live: readonly Row[]): Promise<readonly unknown[]> {
  cpSync(at(name), at(`${name}-copy`), { recursive: true })
  const service = await Service.start('third.safetensors', '--data', `${name}-copy`)
  const decided = await decide(service, live)
  await service.stop()
  return decided
}

for (const name of ['bundles', 'log', 'pruned']) rmSync(join(kept, name), { recursive: true, force: true })
const rows = portfolio()
const start = rows.length - 150
const live = rows.slice(start)
trainBundles()
const bundles = keepBundles()
const decided = await fillLog(rows.slice(start - 250, start), live)
cpSync(at('log'), at('pruned'), { recursive: true })
await prune(live.slice(80, 110))
const figures = {
  bundles,
  log: {
    head: run('log', 'head', '--data', 'log').trim(),
    verified: run('log', 'verify', '--data', 'log'),
    rows: run('features', '--from-log', '--data', 'log'),
    rowsOfFirst: run('features', '--from-log', '--data', 'log', '--detector', 'first.yaml'),
    exported: run('log', 'export', '--data', 'log'),
    decided,
    continued: await goOn('log', live.slice(80, 100)),
  },
  pruned: {
    head: run('log', 'head', '--data', 'pruned').trim(),
    verified: run('log', 'verify', '--data', 'pruned'),
    rows: run('features', '--from-log', '--data', 'pruned'),
    continued: await goOn('pruned', live.slice(110, 130)),
  },
}
const key = run('keys', 'create', '--role', 'score', '--name', 'checkout', '--data', 'log').trim()
keepDirectory('log')
keepDirectory('pruned')
keep('log/keys.json', readFileSync(join(at('log'), 'keys.json')))
keep('bundles/third.safetensors', readFileSync(at('third.safetensors')))
keep('figures.json', JSON.stringify({ key, ...figures }))
rmSync(folder, { recursive: true })
