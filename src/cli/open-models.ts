import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { recordIn } from '../deciding/append-change.ts'
import type { Deployer } from '../deciding/deployer.ts'
import { Models, type ModelView, tellDeed, versionOf } from '../deciding/models.ts'
import { dataDirectory, lockDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'
import { openLogOf } from '../stores/open-log.ts'
import type { SinkFlags } from './label-sink.ts'
import { keepPrivate, logKey, openLog } from './log-files.ts'
import type { ModelTarget } from './model-target.ts'
import { openForCommand } from './open-service.ts'
import type { Run } from './run.ts'
import { bundleServed, type Served, servedIn } from './served.ts'
import { serviceAddress } from './service-address.ts'
import { serviceModels } from './service-models.ts'

/** Works on the models of the service at the URL, else of the one on the data directory, else on the directory itself. */
export function openModels(flags: SinkFlags, run: Run, by = 'command:models'): ModelTarget {
  const { url, data, key, timeout } = flags
  const address = serviceAddress(url, data)
  if (address === undefined) return directoryModels(flags, run, by)
  return serviceModels({ url: address, key, deadlineMs: timeout, signal: run.signal }, run)
}

function directoryModels(flags: SinkFlags, run: Run, by: string): ModelTarget {
  const { data } = flags
  const told = (model: ModelView) => ({ ...model, state: 'idle' as const })
  return {
    where: data,
    list: async () =>
      reading(data, (models) => ({ ...versionOf(models.deployments), models: models.list().map(told) })),
    find: async (id) => reading(data, (models) => told(models.find(id))),
    versions: async () =>
      reading(data, ({ deployments: { steps } }) =>
        steps.toReversed().map(({ change, led, ...on }) => ({ ...tellDeed(on), change })),
      ),
    add: (bytes, reason) => writing(data, (models) => models.add(bytes, { ...reason, by })),
    remove: (id, reason, forgets) => writing(data, (models) => models.remove(id, { ...reason, by }, forgets)),
    rehearse: (id, request) => deciding(id, flags, run, (deployer) => deployer.rehearse(id, request)),
    deploy: (id, request, reason) =>
      deciding(id, flags, run, (deployer) => deployer.deploy(id, request, { ...reason, by })),
    rollback: (to, reason) => deciding(undefined, flags, run, (deployer) => deployer.rollback(to, { ...reason, by })),
  }
}

/** Beside whoever works on the directory. */
function reading<Result>(data: string, work: (models: Models) => Result): Result {
  const reading = openLog({ data })
  try {
    return work(new Models({ reading, bundles: openModelFiles(dataDirectory(data)), clock: Date.now }))
  } finally {
    reading.close()
  }
}

/** With the directory for itself, and without making histories, which no bundle is needed for. */
async function writing<Result>(data: string, work: (models: Models) => Promise<Result>): Promise<Result> {
  keepPrivate()
  const directory = dataDirectory(data)
  const lock = lockDirectory(directory)
  try {
    const log = await openLogOf(directory, { key: logKey(), makeToken: refuseToken })
    try {
      lock.note()
      const bundles = openModelFiles(directory)
      return await work(new Models({ record: recordIn(log), reading: log.reading, bundles, clock: Date.now }))
    } finally {
      await log.close()
    }
  } finally {
    lock.release()
  }
}

function refuseToken(): string {
  throw new FraudError('INTERNAL', 'A bundle names no person')
}

/** A model that takes over needs histories, and so whoever decides there now. */
async function deciding<Result>(
  id: string | undefined,
  { data, bundle, detector }: SinkFlags,
  run: Run,
  work: (deployer: Deployer) => Promise<Result>,
): Promise<Result> {
  const named = { ...(bundle !== undefined && { bundle }), ...(detector !== undefined && { detector }) }
  const served = firstServed(data, id) ?? servedIn(data, named)
  const { service, close } = await openForCommand(served, data, { acceptLostHistories: false }, run)
  try {
    if (service.deployer === undefined) throw new FraudError('INTERNAL', 'A data directory keeps models')
    return await work(service.deployer)
  } finally {
    await close()
  }
}

/** Where nobody has decided yet, the model that is deployed is the first that does. */
function firstServed(data: string, id: string | undefined): Served | undefined {
  const path = id === undefined ? undefined : openModelFiles(dataDirectory(data)).pathOf(id)
  if (path === undefined || !existsSync(path)) return undefined
  const log = openLog({ data })
  try {
    return log.lastDefinition() === undefined ? bundleServed(path) : undefined
  } finally {
    log.close()
  }
}
