import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { parseYamlFile } from '../core/yaml-file.ts'
import type { PolicyFile } from '../decisioning/index.ts'
import { findRuleFiles, readTextFile } from './policy-files.ts'
import type { CheckAnswer, PolicyTarget } from './policy-target.ts'

type Problem = CheckAnswer['problems'][number]

/** Something that is wrong with, or doubtful about, a rule, and the line of its file. */
interface PlacedProblem extends Problem {
  readonly place: string
}

/** What became of looking at one rule, or at one list that rules may ask. */
export interface CheckedPart {
  readonly id: string
  readonly kind: 'rule' | 'list'
  readonly place: string
  readonly problems: readonly PlacedProblem[]
  readonly warnings: readonly PlacedProblem[]
}

/** A rule or a list as a file has it, right or wrong. */
interface WrittenPart {
  readonly kind: 'rule' | 'list'
  readonly id: string
  readonly value: unknown
  readonly text: string
  /** `rules.yaml:7`, of one of its parts. */
  readonly locate: (path: readonly PropertyKey[]) => string
}

/**
 * Checks all rules of a file, or of a directory that holds a policy, against what is in force and the directory's own lists:
 * their form and their conditions at once.
 */
export async function checkRuleFiles(path: string, target: PolicyTarget): Promise<readonly CheckedPart[]> {
  const parts = (await ruleFiles(path)).flatMap(partsOf)
  if (!parts.some(({ kind }) => kind === 'rule')) throw new FraudError('POLICY_INVALID', `There is no rule in ${path}`)
  const changes = parts.map(({ kind, value }) => (kind === 'rule' ? { kind, rule: value } : { kind, list: value }))
  const { problems, warnings } = await target.checkChange({ kind: 'together', changes })
  return parts.map((part, i) => {
    const own = (all: readonly Problem[]) => all.flatMap((problem) => ownProblem(problem, part, i))
    const twin = parts.slice(0, i).find(({ kind, id }) => id !== '' && kind === part.kind && id === part.id)
    const again = { field: 'id', reason: `another ${part.kind} of this name is at ${twin?.locate([])}` }
    const found = [...own(problems), ...(twin === undefined ? [] : [{ ...again, place: part.locate([]) }])]
    return { id: part.id, kind: part.kind, place: part.locate([]), problems: found, warnings: own(warnings) }
  })
}

/** What is told of this part, by its place in the change or by its name; the field as the file has it. */
function ownProblem({ field, ...problem }: Problem, part: WrittenPart, i: number): readonly PlacedProblem[] {
  const { kind, id, locate } = part
  const mark = [`changes.${i}.${kind}`, `${kind}s.${id}`].find((each) => field === each || field.startsWith(`${each}.`))
  if (mark === undefined) return []
  const own = field.slice(mark.length + 1)
  const path = own === '' ? [] : own.split('.')
  return [{ ...problem, field: own === '' ? kind : own, place: withinText(locate(path), part.text, problem) }]
}

/** The line within a condition that is written below its name, after a "|". */
function withinText(place: string, text: string, { at }: Pick<Problem, 'at'>): string {
  const [, file = '', line = ''] = /^(.*):(\d+)$/.exec(place) ?? []
  const isBelow = /[:-]\s*\|[-+\d]*\s*(?:#.*)?$/.test(text.split('\n')[Number(line) - 1] ?? '')
  return isBelow && at !== undefined ? `${file}:${Number(line) + at.line}` : place
}

async function ruleFiles(path: string): Promise<readonly PolicyFile[]> {
  const isDirectory = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true
  if (!isDirectory) return [{ path: path === '-' ? 'standard input' : path, text: await readTextFile(path) }]
  const files = await findRuleFiles(path)
  return files.map((file) => ({ ...file, path: join(path, file.path) }))
}

/** @throws FraudError POLICY_INVALID where the file is not YAML */
function partsOf({ path, text }: PolicyFile): readonly WrittenPart[] {
  const { value, locate } = parseYamlFile(text, path, { what: 'rule', code: 'POLICY_INVALID' })
  const kind = /(?:^|[/\\])lists\.ya?ml$/.test(path) ? 'list' : 'rule'
  const isList = Array.isArray(value)
  return (isList ? value : value === null ? [] : [value]).map((each: unknown, i): WrittenPart => {
    const name = isRecord(each) ? (kind === 'rule' ? each.id : each.name) : undefined
    const id = typeof name === 'string' ? name : ''
    return { kind, id, value: each, text, locate: (part) => locate(isList ? [i, ...part] : part) }
  })
}
