import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readRows } from '../csv-rows.ts'
import { cardKey } from '../golden/older-version/card-key.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound } from './log-checks.ts'
import { firstAnswer, runShrike, ServiceProcess, succeed, temporaryFolder } from './service.ts'

interface Reason {
  readonly code: string
  readonly contribution?: number
}

interface Decided {
  readonly body: Readonly<Record<string, unknown>>
  readonly answer: unknown
  readonly features: Readonly<Record<string, number | null>>
}

interface Directory {
  readonly head: string
  readonly rows: string
  readonly continued: readonly Decided[]
}

interface Figures {
  readonly key: string
  readonly bundles: Readonly<Record<string, { readonly rows: string; readonly served: string }>>
  readonly log: Directory & {
    readonly rowsOfFirst: string
    readonly exported: string
    readonly decided: readonly Decided[]
  }
  readonly pruned: Directory
}

const golden = join(import.meta.dirname, '../golden/older-version')
const unpack = (name: string) => gunzipSync(readFileSync(join(golden, `${name}.gz`)))
const figures: Figures = JSON.parse(unpack('figures.json').toString('utf8'))
process.env.SHRIKE_CARD_KEY = cardKey

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

function restore(name: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, unpack(name), { mode: 0o600 })
}

/** A copy of a data directory of the older version's, without its keys. */
function restoreDirectory(name: 'log' | 'pruned', as: string): string {
  const data = at(as)
  restore(`${name}/log.sqlite`, join(data, 'log.sqlite'))
  for (const file of readdirSync(join(golden, name, 'snapshots'))) {
    const snapshot = `snapshots/${file.replace(/\.gz$/, '')}`
    restore(`${name}/${snapshot}`, join(data, snapshot))
  }
  return data
}

const bundle = at('third.safetensors')
restore('bundles/third.safetensors', bundle)

/** Words that were not said of a decision then, and are now. */
const newDegraded = new Set(['category-unknown', 'key-missing'])

/**
 * An answer without what every version says in its own way: when, the words of reasons, and the last digits of contributions,
 * which are sums that a faster way may take in another order.
 */
function verdict(text: string): unknown {
  const { decidedAt, reasons, degraded, ...said } = JSON.parse(text)
  return {
    ...said,
    reasons: reasons.map(({ code, contribution }: Reason) => ({ code, contribution: contribution?.toPrecision(12) })),
    degraded: degraded.filter((each: string) => !newDegraded.has(each)),
  }
}

for (const name of ['log', 'pruned'] as const) {
  describe(`a data directory of an older version (${name})`, () => {
    const { head, rows, continued } = figures[name]

    test('is verified up to the head that the older version printed', async () => {
      const data = restoreDirectory(name, `${name}-verified`)
      assert.equal((await succeed('log', 'head', '--data', data)).trim(), head)
      assert.match(
        await succeed('log', 'verify', '--data', data, '--head', head),
        / records, .* are unchanged since they were written/,
      )
    })

    test('is replayed to the same rows, to the last digit', async () => {
      const data = restoreDirectory(name, `${name}-replayed`)
      assert.equal(await succeed('features', '--from-log', '--data', data), rows)
    })

    test('is started on from its snapshot, and gone on with as the older version went on', async () => {
      const data = restoreDirectory(name, `${name}-continued`)
      const service = await ServiceProcess.start(bundle, data)
      for (const { body, answer, features } of continued) {
        const { status, text } = await service.decide(body)
        assert.equal(status, 200, text)
        assert.deepEqual(verdict(text), verdict(JSON.stringify(answer)))
        const { text: kept } = await service.ask('GET', `/v1/decisions/${body.transaction_id}`)
        assert.deepEqual(JSON.parse(kept).features, features)
      }
      const label = { transactionId: continued[0].body.transaction_id, isFraud: true }
      assert.equal((await service.label(label)).status, 200)
      await service.stop()
      // A start says of each snapshot that it does not use why it is left alone.
      assert.doesNotMatch(service.log(), /left alone|SNAPSHOT_INVALID/)
      await succeed('log', 'verify', '--data', data, '--head', head)
      assertSound(data)
    })
  })
}

describe('a log of an older version', () => {
  const { rowsOfFirst, exported, decided } = figures.log

  test('is replayed to the same rows by an earlier detector of the log, and exported with the same values', async () => {
    const data = restoreDirectory('log', 'exported')
    const yaml = readFileSync(join(golden, 'detector.yaml'), 'utf8').replace('  - signedLog\n', '')
    writeFileSync(at('first.yaml'), yaml)
    assert.equal(await succeed('features', '--from-log', '--data', data, '--detector', at('first.yaml')), rowsOfFirst)
    writeFileSync(at('exported.csv'), await succeed('log', 'export', '--data', data))
    writeFileSync(at('exported-then.csv'), exported)
    // Columns may have joined since, and history is told as legitimate where its file said so.
    const toldSince = (row: Record<string, string>) =>
      row.kind === 'history' && row.is_fraud === '' ? { ...row, is_fraud: '0' } : row
    const [now, then] = ['exported.csv', 'exported-then.csv'].map((name) => readRows(at(name)))
    assert.deepEqual(
      now.map((row, i) => Object.fromEntries(Object.keys(then[i]).map((column) => [column, row[column]]))),
      then.map(toldSince),
    )
  })

  test('has the rows and scores that were served, and a snapshot that leads to the same histories', async () => {
    const data = restoreDirectory('log', 'histories')
    const from = Date.parse(String(decided[0].body.time))
    assert.equal(await assertRowsAreReplayed(data, bundle, from), decided.length)
    assert.equal(assertSnapshotsLeadToSameState(data), 1)
  })

  test('gives the first answer to what is sent again, and its erased person stays erased', async () => {
    const data = restoreDirectory('log', 'sent-again')
    const service = await ServiceProcess.start(bundle, data)
    const customers = new Set<unknown>()
    for (const { body, answer, features } of decided) {
      const { text } = await service.decide(body)
      assert.deepEqual(verdict(firstAnswer(text)), verdict(JSON.stringify(answer)))
      const { text: kept } = await service.ask('GET', `/v1/decisions/${body.transaction_id}`)
      assert.deepEqual(JSON.parse(kept).features, features)
      customers.add(JSON.parse(kept).transaction.customer_id)
    }
    const { text } = await service.ask('GET', '/v1/decisions?limit=500')
    const { decisions } = JSON.parse(text)
    assert.equal(decisions.length, decided.length + 30)
    const erased = decisions.filter(
      (each: { transaction: { customer_id: unknown } }) => each.transaction.customer_id === null,
    )
    assert.ok(erased.length > 0 && !customers.has(null))
    await service.stop()
  })

  test('lets in the keys that the older version made', async () => {
    const data = restoreDirectory('log', 'keys')
    restore('log/keys.json', join(data, 'keys.json'))
    const service = await ServiceProcess.start(bundle, data)
    const decide = (headers: Readonly<Record<string, string>>) =>
      fetch(`${service.url}/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(figures.log.continued[0].body),
      })
    assert.equal((await decide({})).status, 401)
    assert.equal((await decide({ authorization: `Bearer ${figures.key}` })).status, 200)
    await service.stop()
  })
})

describe('bundles of an older version serve the probabilities that it served', () => {
  for (const [name, { rows, served }] of Object.entries(figures.bundles)) {
    test(name, async (t) => {
      const path = at(`${name}.safetensors`)
      restore(`bundles/${name}.safetensors`, path)
      writeFileSync(at(`${name}.csv`), rows)
      const { code, stdout, stderr } = await runShrike('score', path, at(`${name}.csv`))
      if (name === 'onnx-graph' && /RUNTIME_MISSING/.test(stderr)) return t.skip('no ONNX Runtime on this machine')
      assert.equal(code, 0, stderr)
      // ONNX Runtime adds up as the processor does it fastest.
      if (name !== 'onnx-graph') assert.equal(stdout, served)
      else assert.deepEqual(roundScores(stdout), roundScores(served))
    })
  }
})

function roundScores(csv: string): string {
  return csv.replace(/\d\.\d{6,}(?:e-\d+)?/g, (score) => Number(score).toFixed(5))
}
