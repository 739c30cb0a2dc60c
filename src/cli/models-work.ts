import { FraudError } from '../core/errors.ts'
import { formatYaml, parseYamlFile } from '../core/yaml-file.ts'
import { decodeBundleOf, readBundleBytes } from '../scoring/load-predictor.ts'
import { readBytes } from '../training/read-bytes.ts'
import type { SinkFlags } from './label-sink.ts'
import { openModels } from './open-models.ts'
import type { Run } from './run.ts'

interface ReasonFlags extends SinkFlags {
  readonly why?: string
  readonly reason?: string
  readonly ifVersion?: number
}

export interface AddFlags extends ReasonFlags {
  readonly parent?: string
}

export interface RemoveFlags extends ReasonFlags {
  readonly forget?: boolean
}

export interface DeployFlags extends ReasonFlags {
  readonly champion?: boolean
  readonly canary?: number
  readonly by?: string
  readonly guard?: string
  readonly shadow?: boolean
  readonly retired?: boolean
  readonly dryRun?: boolean
}

export type RollbackFlags = ReasonFlags

/** `shrike models list`. */
export async function listModels(flags: SinkFlags, run: Run): Promise<void> {
  const target = openModels(flags, run)
  const { version, models } = await target.list()
  for (const { id, role, state, addedAt, addedBy, isMissing } of models) {
    const notes = [...(state === 'idle' ? [] : [state]), ...(isMissing ? ['its file is missing'] : [])]
    run.terminal.say(`${id}  ${[role ?? 'no role', ...notes].join(', ')}  added ${addedAt} by ${addedBy}`)
  }
  if (models.length === 0) run.terminal.say(`no model has been added in ${target.where}`)
  run.terminal.result({ version, models })
}

/** `shrike models show ID`. */
export async function showModel(id: string, flags: SinkFlags, run: Run): Promise<void> {
  const model = await openModels(flags, run).find(id)
  run.terminal.say(formatYaml(model).trimEnd())
  run.terminal.result(model)
}

/** `shrike models versions`. */
export async function listVersions(flags: SinkFlags, run: Run): Promise<void> {
  const versions = await openModels(flags, run).versions()
  for (const { version, at, by, why, change } of versions) {
    const { kind, model, to } = change
    run.terminal.say(`${version}  ${at}  ${kind} ${model ?? `to ${to}`}  ${by}${why === '' ? '' : `: ${why}`}`)
  }
  if (versions.length === 0) run.terminal.say('nobody has deployed a model yet')
  run.terminal.result(versions)
}

/** `shrike models add FILE`. */
export async function addModel(file: string, flags: AddFlags, run: Run): Promise<void> {
  const bytes = await readBundleBytes(file)
  // What is wrong with the file is told by its name, before anything is sent.
  decodeBundleOf(file, bytes)
  const target = openModels(flags, run)
  const added = await target.add(bytes, { why: reasonOf(flags), parent: flags.parent })
  run.terminal.say(`${added.id} ${added.isNew ? 'was added to' : 'was there before in'} ${target.where}`)
  run.terminal.result(added)
}

/** `shrike models remove ID`. */
export async function removeModel(id: string, flags: RemoveFlags, run: Run): Promise<void> {
  const target = openModels(flags, run)
  const removed = await target.remove(id, contextOf(flags), flags.forget === true)
  run.terminal.say(`${id} was removed from ${target.where}`)
  run.terminal.result({ id, ...removed })
}

/** `shrike models deploy ID`. */
export async function deployModel(id: string, flags: DeployFlags, run: Run): Promise<void> {
  const request = { ...requestOf(flags), ...(flags.guard !== undefined && { guard: await readGuard(flags.guard) }) }
  const target = openModels(flags, run)
  if (flags.dryRun === true) {
    const rehearsal = await target.rehearse(id, request)
    for (const { code, detail } of rehearsal.problems) run.terminal.say(`${code}: ${detail}`)
    for (const warning of rehearsal.warnings) run.terminal.warn(warning)
    if (rehearsal.problems.length > 0) process.exitCode = 1
    else run.terminal.say(`${id} can be ${request.role}; records to go through: ${rehearsal.records}`)
    run.terminal.result(rehearsal)
    return
  }
  const deployed = await target.deploy(id, request, contextOf(flags))
  for (const warning of deployed.warnings) run.terminal.warn(warning)
  run.terminal.say(`${id} is ${deployed.role} in ${target.where} (version ${deployed.version})`)
  run.terminal.result(deployed)
}

/** `shrike models rollback`. */
export async function rollbackModels(to: number | undefined, flags: RollbackFlags, run: Run): Promise<void> {
  const target = openModels(flags, run)
  const deployed = await target.rollback(to, contextOf(flags))
  for (const warning of deployed.warnings) run.terminal.warn(warning)
  run.terminal.say(`${deployed.id} is champion again in ${target.where} (version ${deployed.version})`)
  run.terminal.result(deployed)
}

/** What is in it is for the service to check. */
export async function readGuard(path: string): Promise<unknown> {
  const content = (await readBytes(path, 'The guard')).toString('utf8')
  return parseYamlFile(content, path, { what: 'guard', code: 'OPTION_INVALID' }).value
}

function reasonOf({ why, reason }: ReasonFlags): string {
  return why ?? reason ?? ''
}

function contextOf(flags: ReasonFlags) {
  return { why: reasonOf(flags), ifVersion: flags.ifVersion }
}

function requestOf({ champion, canary, by, shadow, retired }: DeployFlags) {
  const asked = [
    ...(champion === true ? [{ role: 'champion' as const }] : []),
    ...(canary === undefined ? [] : [{ role: 'canary' as const, share: canary, by }]),
    ...(shadow === true ? [{ role: 'shadow' as const }] : []),
    ...(retired === true ? [{ role: 'retired' as const }] : []),
  ]
  const [request, another] = asked
  if (request === undefined || another !== undefined)
    throw new FraudError('OPTION_INVALID', 'Name one role: --champion, --canary, --shadow or --retired')
  if (request.role === 'canary' && by === undefined)
    throw new FraudError('OPTION_INVALID', '--canary needs --by: the key by which transactions are divided')
  return request
}
