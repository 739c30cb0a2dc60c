import assert from 'node:assert/strict'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { type Purchase, purchases, succeed, trainBundle } from './service.ts'

const handbook = '../shared/data/handbook-transactions.csv.gz'
const columns = [
  ...['TRANSACTION_ID', 'TX_DATETIME', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT', 'TX_TIME_SECONDS', 'TX_TIME_DAYS'],
  ...['TX_FRAUD', 'TX_FRAUD_SCENARIO'],
]
const trainedOn = 200_000

/** Transactions for a cluster, and the bundle that decides them. */
export interface Traffic {
  readonly bundle: string
  readonly all: readonly Purchase[]
}

/**
 * So many of a made-up portfolio, or with `SHRIKE_HANDBOOK=1` of the handbook's own file, which has to be there: those behind
 * the ones that the bundle learned from.
 */
export async function clusterTraffic(folder: string, count: number): Promise<Traffic> {
  if (process.env.SHRIKE_HANDBOOK !== '1') return { bundle: await trainBundle(folder), all: purchases(count) }
  if (!existsSync(handbook)) throw new Error(`SHRIKE_HANDBOOK=1 wants the handbook's transactions at ${handbook}`)
  const { header, lines } = await readLines(trainedOn + count)
  const [csv, bundle] = [join(folder, 'handbook.csv'), join(folder, 'handbook.safetensors')]
  writeFileSync(csv, `${[header, ...lines.slice(0, trainedOn)].join('\n')}\n`)
  const detector = join(folder, 'handbook.yaml')
  const small = ['--preset', 'recipe', '--n-estimators', '5', '--no-leak-check']
  // However busy the machine is, each decision has a score.
  const yaml = readFileSync('detectors/handbook.yaml', 'utf8').replace('policy: {', 'policy: { deadlineMs: 60000,')
  writeFileSync(detector, yaml)
  await succeed('train', '--no-report', csv, '--detector', detector, ...small, '--out', bundle)
  return { bundle, all: lines.slice(trainedOn).map(purchaseOf) }
}

/** The first lines of the file: none of its fields has a comma. */
async function readLines(count: number) {
  const lines: string[] = []
  for await (const line of createInterface({ input: createReadStream(handbook).pipe(createGunzip()) })) {
    lines.push(line)
    if (lines.length > count) break
  }
  const [header, ...rest] = lines
  assert.equal(rest.length, count, `${handbook} has ${rest.length} transactions`)
  assert.equal(header, columns.join(','))
  return { header, lines: rest }
}

function purchaseOf(line: string): Purchase {
  const [id, time, customer, terminal, amount, , , isFraud] = line.split(',')
  const body = { TRANSACTION_ID: id, TX_DATETIME: time, CUSTOMER_ID: customer, TERMINAL_ID: terminal }
  return { id, timestampMs: Date.parse(time), body: { ...body, TX_AMOUNT: Number(amount) }, isFraud: isFraud === '1' }
}
