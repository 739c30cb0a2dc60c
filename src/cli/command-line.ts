import { basename, relative } from 'node:path'
import { quoteForShell } from '../core/shell.ts'
import { learnerOptions } from '../learners/model-choice.ts'
import { flagOf } from './flag-names.ts'

/** Where files are written and how many threads work changes nothing that a report tells. */
const untold: ReadonlySet<string> = new Set(['out', 'report', 'json', 'threads', 'saveDetector', 'journal', 'rejects'])

/** The command that repeats a run, quoted for a shell. */
export function commandLine(verb: string, operands: readonly string[], flags: object): string {
  const parts = ['shrike', verb, ...operands]
  for (const [name, value] of Object.entries(flags)) {
    if (untold.has(name) || value === undefined) continue
    const flag = flagOf(name)
    if (name === 'leakCheck' || learnerOptions.get(name)?.default === true) {
      if (value === false) parts.push(flag.replace('--', '--no-'))
    } else if (typeof value === 'boolean') {
      if (value) parts.push(flag)
    } else for (const each of name === 'allowLeak' ? value : [value]) parts.push(flag, String(each))
  }
  return parts.map(quoteForShell).join(' ')
}

/** How Shrike was called, and can be called again from the same folder: it is not always on the path. */
export function ownCommand(script: string, folder: string): string {
  if (basename(script) !== 'shrike.js') return 'shrike'
  const path = relative(folder, script)
  return `node ${quoteForShell(path.startsWith('..') ? script : path)}`
}
