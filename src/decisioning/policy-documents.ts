import { FraudError } from '../core/errors.ts'
import { formatYaml, parseYamlFile } from '../core/yaml-file.ts'
import { z } from '../core/zod.ts'
import type { Definitions } from './definitions.ts'
import { type ListDefinition, listSchema } from './list-definition.ts'
import { type PolicyDefinition, policySchema } from './policy-definition.ts'
import { type RuleDefinition, ruleSchema } from './rule-definition.ts'

/** A file of a policy's directory, by its path in it. */
export interface PolicyFile {
  readonly path: string
  readonly text: string
}

/** What a directory says: what it has a file for is all that there is to be, and what it has none for stays as it is. */
export interface PolicyDocuments {
  readonly policy?: PolicyDefinition | undefined
  readonly rules?: readonly RuleDefinition[] | undefined
  readonly lists?: readonly ListDefinition[] | undefined
}

const policyPath = 'policy.yaml'
const rulesPath = 'rules.yaml'
const listsPath = 'lists.yaml'

/** Definitions as files: `policy.yaml`, `rules.yaml` and `lists.yaml`. */
export function writePolicyFiles({ policy, rules, lists }: Definitions): readonly PolicyFile[] {
  return [
    { path: policyPath, text: formatYaml(policy) },
    { path: rulesPath, text: formatYaml([...rules.values()]) },
    { path: listsPath, text: formatYaml([...lists.values()]) },
  ]
}

/**
 * Reads a directory's files. Rules are in `rules.yaml` and in `rules/`, one or a list of them in each file.
 *
 * @throws FraudError POLICY_INVALID, with the file, the line and the reason of everything that is wrong.
 */
export function readPolicyFiles(files: readonly PolicyFile[]): PolicyDocuments {
  const problems: string[] = []
  const at = (path: string) => files.find((file) => file.path === path)
  const [policyFile, listsFile] = [at(policyPath), at(listsPath)]
  const ruleFiles = files.filter(({ path }) => path === rulesPath || path.startsWith('rules/'))
  const policy = policyFile && readFile(policyFile, policySchema, problems)
  const lists = listsFile && readFile(listsFile, z.array(listSchema), problems)
  const rules = ruleFiles.flatMap((file) => {
    const isList = /^\s*(?:#[^\n]*\n\s*)*[-[]/.test(file.text)
    const one = isList ? undefined : readFile(file, ruleSchema, problems)
    return isList ? (readFile(file, z.array(ruleSchema), problems) ?? []) : one === undefined ? [] : [one]
  })
  problems.push(
    ...repeated(
      'rule',
      rules.map(({ id }) => id),
    ),
  )
  problems.push(...repeated('list', lists?.map(({ name }) => name) ?? []))
  if (problems.length > 0) throw new FraudError('POLICY_INVALID', problems.join('\n'))
  return { policy, lists, rules: ruleFiles.length === 0 ? undefined : rules }
}

/** Reads a file that holds a policy alone, by the same rules. */
export function readPolicyFile(file: PolicyFile): PolicyDefinition {
  const problems: string[] = []
  const policy = readFile(file, policySchema, problems)
  if (policy === undefined) throw new FraudError('POLICY_INVALID', problems.join('\n'))
  return policy
}

function readFile<Content>(
  { path, text }: PolicyFile,
  schema: z.ZodType<Content>,
  problems: string[],
): Content | undefined {
  try {
    const { value, locate } = parseYamlFile(text, path, { what: 'policy', code: 'POLICY_INVALID' })
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const { path: place, message } of parsed.error.issues) {
      problems.push(`${locate(place)}: ${[place.join('.'), message].filter((part) => part !== '').join(': ')}`)
    }
  } catch (error) {
    if (!(error instanceof FraudError)) throw error
    problems.push(error.message)
  }
  return undefined
}

function repeated(what: string, names: readonly string[]): readonly string[] {
  const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i))
  return [...twice].map((name) => `There are two ${what}s ${name}; each has its own name`)
}
