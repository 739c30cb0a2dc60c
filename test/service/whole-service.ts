import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import type { Detector } from '../../src/detector/detector.ts'
import type { ServerOptions } from '../../src/http/server.ts'
import { runJobs } from '../../src/jobs/jobs.ts'
import { decodeBundle } from '../../src/models/bundle.ts'
import { createPredictor } from '../../src/scoring/load-predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { newJobId, openJobFiles } from '../../src/stores/job-files.ts'
import { openModelFiles } from '../../src/stores/model-files.ts'
import { openTestAccounts } from './accounts-fixture.ts'
import { cardsDetector, openTestDecisions, startMs } from './decisions-fixture.ts'
import { buildTestService } from './fixture.ts'
import { amountBundle } from './model-fixture.ts'

/** A service with all that there is: decisions, models, jobs whose processes end at once, and people. */
export async function openWholeService(
  options: Partial<ServerOptions> = {},
  scores?: readonly [number, number],
  transaction: Partial<Detector['transaction']> = {},
) {
  const policy = { review: 0.5, decline: 0.9 }
  const { bytes, id } = amountBundle(cardsDetector({ policy }, transaction), 100, scores)
  const { detector } = decodeBundle(bytes)
  const people = openTestAccounts()
  const running = await openTestDecisions({
    asksForApproval: () => people.accounts.fourEyes.isOn,
    inForce: createDetectorInForce(detector, createPredictor(decodeBundle(bytes))),
    registry: (path, reading) => ({
      reading,
      bundles: openModelFiles(dataDirectory(path)),
      readServed: async () => bytes,
    }),
  })
  await running.service.resume()
  const folder = mkdtempSync(join(tmpdir(), 'shrike-whole-'))
  const jobs = runJobs({
    store: openJobFiles(dataDirectory(folder)),
    args: ['--eval', '0'],
    files: undefined,
    data: folder,
    newId: newJobId,
    nowMs: () => 1,
    onEnd: () => {},
    onFailure: () => {},
  })
  const { service, metrics } = running
  const { lineup, deployer } = service
  const { app, log } = await buildTestService({
    ...{ decisions: service, lineup, deployer, metrics, jobs, accounts: people.accounts },
    ...options,
  })
  return {
    ...{ app, log, people, service, modelId: id },
    decide: (id: string) =>
      service.decide({ ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c-1', SHOP: 's' }, undefined, () => 0),
    async close() {
      await app.close()
      await jobs.close()
      people.close()
      await running.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
