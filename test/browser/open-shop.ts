import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from '../../console/build.js'
import { runService } from '../../src/app.ts'
import type { Change } from '../../src/decisioning/index.ts'
import { policySchema } from '../../src/decisioning/policy-definition.ts'
import { openAccounts } from '../../src/open-accounts.ts'
import { loadModel, readBundleBytes } from '../../src/scoring/load-predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { startMs, writeDecidedLog } from '../decided-log.ts'
import { copyMadeOnce } from '../made-once.ts'
import { shrikeScript, succeedIn } from '../run-shrike.ts'
import { testPassword } from '../service/accounts-fixture.ts'
import { logIn } from './open-console.ts'

const transactions = 3000
const perDay = 100
const policy = policySchema.parse({
  thresholds: { review: 0.5, decline: 0.8 },
  segments: [{ name: 'large', when: 'amount > 100.0', thresholds: { review: 0.4, decline: 0.75 } }],
  costs: {
    missedFraud: { share: 1, fixed: 15 },
    wrongDecline: { share: 0.1, fixed: 5 },
    review: { cost: 4, finds: 0.8, perDay: 20 },
  },
  controlGroup: { share: 0.02, upTo: 100 },
})
const changes: readonly { readonly before: number; readonly change: Change }[] = [
  { before: 0, change: { kind: 'policy', policy } },
]

/**
 * A shop with a month of decisions, labels, a model and people, as `shrike serve` runs it: jobs in processes of their own,
 * the console as it is now.
 */
export async function openShop() {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-shop-'))
  const data = join(folder, 'data')
  const built = join(folder, 'console')
  const bundle = join(folder, 'first.safetensors')
  await copyMadeOnce('the console', built, build)
  await writeDecidedLog({ path: data, transactions, seed: 9, perDay, legitimateLabels: 60, heldLabels: 60, changes })
  await succeedIn(folder, [
    'train',
    '--no-report',
    '--from-log',
    '--data',
    'data',
    '--learner',
    'logistic-regression',
    '--out',
    bundle,
  ])
  const { accounts, close: closeAccounts } = openAccounts(dataDirectory(data), Date.now)
  for (const [name, role] of [
    ['lead', 'admin'],
    ['ada', 'author'],
    ['eve', 'viewer'],
  ] as const)
    await accounts.users.create(name, testPassword, role === 'author' ? ['author', 'approver'] : [role])
  closeAccounts()
  const service = await runService(
    {
      load: async () => ({
        ...(await loadModel(bundle)),
        bundlePath: bundle,
        readOffered: () => readBundleBytes(bundle),
      }),
      decisions: { directory: data },
      jobs: { args: [shrikeScript, 'job', 'run', '--data', data], files: undefined },
      ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, apiKeys: [] },
      ...{ version: 'test', logLevel: 'silent', consoleFolder: built },
      // A page on a machine that has much else to do is answered late, and not refused.
      limits: { eventLoopLagMs: 60_000 },
    },
    new AbortController().signal,
  )
  if (service === undefined) throw new Error('the service did not start')
  await service.ready
  const cookie = await logIn(service.url, 'lead')
  let sent = 0
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json', origin: service.url, cookie }
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: JSON.parse((await answer.text()) || 'null') }
  }
  return {
    ...{ url: service.url, ask },
    /** Payments of many cards, after all that the log has. */
    async pay(count: number, amount = 20): Promise<void> {
      for (let i = 0; i < count; i++) {
        const at = startMs + (transactions / perDay + 5) * 86_400_000 + ++sent * 1000
        const body = {
          ID: `p-${sent}`,
          AT: at,
          AMOUNT: amount,
          CARD: `c${sent % 60}`,
          DEVICE: `d${sent % 30}`,
          COUNTRY: 'DE',
        }
        const { status } = await ask('POST', '/v1/decisions', body)
        if (status !== 200) throw new Error(`a payment was answered with ${status}`)
      }
    },
    /** Waits for something that takes a process of its own. */
    async until(holds: () => Promise<boolean>): Promise<void> {
      while (!(await holds())) await sleep(200)
    },
    async close() {
      await service.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
