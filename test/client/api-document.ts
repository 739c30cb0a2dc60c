import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyRing } from '../../src/access/keys.ts'
import { canonicalJson, isRecord } from '../../src/core/json-value.ts'
import { runJobs } from '../../src/jobs/jobs.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { newJobId, openJobFiles } from '../../src/stores/job-files.ts'
import { openModelFiles } from '../../src/stores/model-files.ts'
import { openTestAccounts } from '../service/accounts-fixture.ts'
import { cardsDetector, openTestDecisions } from '../service/decisions-fixture.ts'
import { buildTestService } from '../service/fixture.ts'

const key = 'a-key-of-sixteen-characters'

/** `/openapi.json` of a service with all that there is, as it is for every detector. */
export async function apiDocument(): Promise<Readonly<Record<string, unknown>>> {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-api-'))
  const decisions = await openTestDecisions({
    registry: (path, reading) => ({
      reading,
      bundles: openModelFiles(dataDirectory(path)),
      readServed: () => Promise.reject(new Error('none')),
    }),
  })
  const jobs = runJobs({
    store: openJobFiles(dataDirectory(folder)),
    args: [],
    files: undefined,
    data: folder,
    newId: newJobId,
    nowMs: Date.now,
    onEnd: () => {},
    onFailure: () => {},
  })
  const { service } = decisions
  const { lineup, deployer } = service
  const keyRing = () => createKeyRing([key])
  const people = openTestAccounts()
  const { accounts } = people
  const { app } = await buildTestService({ decisions: service, lineup, deployer, jobs, keyRing, accounts })
  try {
    const answer = await app.inject({ url: '/openapi.json', headers: { authorization: `Bearer ${key}` } })
    return ofEveryDetector(answer.json())
  } finally {
    await app.close()
    await jobs.close()
    people.close()
    await decisions.close()
    rmSync(folder, { recursive: true })
  }
}

/** What a document says, whatever order it says it in. */
export function hashOf(document: unknown): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex').slice(0, 16)
}

const keys = Object.keys(cardsDetector().transaction.keys ?? {}).join()
const anyFields = { type: 'object', additionalProperties: true }

/** A document without what is the detector's own: the fields of its transactions, the names of its keys, examples. */
function ofEveryDetector(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { components, info, ...others } = document
  const { schemas = {} } = isRecord(components) ? components : {}
  const own = { Transaction: anyFields, Input: anyFields }
  const whole = { ...others, components: { schemas: { ...(isRecord(schemas) && schemas), ...own } } }
  const general: unknown = JSON.parse(JSON.stringify(whole), (name, value) => {
    // A field of an answer may be called so as well, and is a schema.
    const isField = isRecord(value) && value.type !== undefined
    if (/^examples?$/.test(name) && !isField) return undefined
    return isRecord(value) && String(value.enum) === keys ? { ...value, enum: undefined } : value
  })
  return { ...(isRecord(general) && general), info: { title: 'Shrike', version: '1' } }
}
