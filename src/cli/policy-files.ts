import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FraudError } from '../core/errors.ts'
import { unwritable } from '../data/write-file.ts'
import {
  changeTo,
  type Definitions,
  type PolicyDocuments,
  type PolicyFile,
  readPolicyFiles,
  writePolicyFiles,
} from '../decisioning/index.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import type { Run } from './run.ts'

const topFiles = ['policy.yaml', 'rules.yaml', 'lists.yaml']

/** What a directory says of a policy. @throws FraudError FILE_UNREADABLE where it says nothing; POLICY_INVALID */
export async function readDirectory(directory: string, { terminal }: Run): Promise<PolicyDocuments> {
  const files = await findFiles(directory)
  for (const each of await tellUnread(directory)) terminal.warn(each)
  if (files.length > 0) return documentsOf(directory, files)
  const reason = `there is no ${topFiles.join(', ')} or rules/*.yaml in it`
  throw new FraudError('FILE_UNREADABLE', `${directory} holds no policy: ${reason}`, {
    hint: `shrike policy pull ${directory} writes what is in force`,
  })
}

/**
 * Writes what is in force into a directory; what says the same already is left as it is, with its comments.
 *
 * @returns the paths of the files that were written.
 */
export async function writeDirectory(
  directory: string,
  now: Definitions,
  flags: ForceRequest,
  run: Run,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(cause, directory)
  })
  const there = await findFiles(directory)
  const inFolder = there.filter(({ path }) => path.startsWith('rules/'))
  const parts = [there.filter(({ path }) => path === 'policy.yaml'), there.filter(isOfRules), there.filter(isOfLists)]
  const isSame = parts.map((part) => part.length > 0 && saysTheSame(part, now))
  const written: string[] = []
  if (inFolder.length > 0 && !isSame[1] && flags.force !== true) {
    throw new FraudError(
      'FILE_UNWRITABLE',
      `The rules in ${join(directory, 'rules')} are not those that are in force`,
      {
        hint: `shrike policy diff ${directory} shows how; --force removes that folder's rules and writes rules.yaml`,
      },
    )
  }
  for (const [i, { path, text }] of writePolicyFiles(now).entries()) {
    if (isSame[i]) continue
    const target = join(directory, path)
    await replaceFile(target, text, flags, run)
    written.push(target)
  }
  if (!isSame[1]) for (const { path } of inFolder) await rm(join(directory, path))
  return written
}

/** What looks like a part of the policy and is not read, so that nobody takes it for one. */
async function tellUnread(directory: string): Promise<readonly string[]> {
  const top = (await namesIn(directory)).toSorted()
  const entries = top.includes('lists')
    ? (await namesIn(join(directory, 'lists'))).map((name) => join('lists', name))
    : []
  const csv = [...top, ...entries].filter((name) => /\.(?:csv|ndjson)$/i.test(name))
  const others = top.filter(
    (name) => /\.(?:ya?ml|json)$/i.test(name) && !topFiles.includes(name) && !name.startsWith('.'),
  )
  return [
    ...csv.map((name) => {
      const file = join(directory, name)
      return `${file} is not read: entries of a list are added by shrike lists add NAME ${file}`
    }),
    ...others.map(
      (name) => `${join(directory, name)} is not read: a policy is in ${topFiles.join(', ')} and rules/*.yaml`,
    ),
  ]
}

function isOfRules({ path }: PolicyFile): boolean {
  return path === 'rules.yaml' || path.startsWith('rules/')
}

function isOfLists({ path }: PolicyFile): boolean {
  return path === 'lists.yaml'
}

/** Files that can't be read say something else. */
function saysTheSame(files: readonly PolicyFile[], now: Definitions): boolean {
  try {
    return changeTo(now, readPolicyFiles(files)) === undefined
  } catch (error) {
    if (error instanceof FraudError) return false
    throw error
  }
}

function documentsOf(directory: string, files: readonly PolicyFile[]): PolicyDocuments {
  try {
    return readPolicyFiles(files)
  } catch (error) {
    if (!(error instanceof FraudError)) throw error
    throw new FraudError(error.code, `The policy in ${directory} can't be read:\n${error.message}`, { cause: error })
  }
}

async function findFiles(directory: string): Promise<readonly PolicyFile[]> {
  const top = await namesIn(directory)
  const rules = top.includes('rules') ? await namesIn(join(directory, 'rules')) : []
  const ofRules = rules.filter((name) => /^[^.].*\.ya?ml$/.test(name)).map((name) => `rules/${name}`)
  const paths = [...topFiles.filter((name) => top.includes(name)), ...ofRules.sort()]
  return Promise.all(paths.map(async (path) => ({ path, text: await textOf(join(directory, path)) })))
}

/** Files of rules and lists of a directory: of a policy, or else every YAML or JSON file in it, as rules. */
export async function findRuleFiles(directory: string): Promise<readonly PolicyFile[]> {
  const files = (await findFiles(directory)).filter((file) => isOfRules(file) || isOfLists(file))
  if (files.some(isOfRules)) return files
  const others = (await namesIn(directory)).filter(
    (name) => /^[^.].*\.(?:ya?ml|json)$/.test(name) && name !== 'policy.yaml',
  )
  const rules = others.filter((name) => name !== 'lists.yaml').sort()
  return [
    ...files,
    ...(await Promise.all(rules.map(async (path) => ({ path, text: await textOf(join(directory, path)) })))),
  ]
}

/** The text of a file, or of standard input where it is called "-". */
export async function readTextFile(path: string): Promise<string> {
  return path === '-' ? await text(process.stdin) : await textOf(path)
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((cause: unknown) => {
    throw new FraudError('FILE_UNREADABLE', `There is no directory ${directory}, or it can't be read`, { cause })
  })
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FraudError('FILE_UNREADABLE', `${path} can't be read, or there is no such file`, { cause })
  })
}
