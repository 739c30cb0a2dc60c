import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { shrikeScript } from '../run-shrike.ts'
import type { DocCommand, DocFile, DocStep } from './parse-doc.ts'

/** What the commands of a document print: by their step, both streams as they came. */
export type Printed = ReadonlyMap<DocStep, string>

export interface RunOptions {
  /** An empty folder. */
  readonly folder: string
  /** Another command in place of one: smaller data, say; undefined leaves it out. */
  readonly change?: (command: DocCommand) => string | undefined
  readonly onCommand?: (command: string) => void
}

/**
 * Runs a document as a reader would who pastes one command after the other into a folder of the repository.
 *
 * @throws Error where a command fails.
 */
export function runDoc(steps: readonly DocStep[], { folder, change, onCommand }: RunOptions): Printed {
  const path = prepare(folder)
  const printed = new Map<DocStep, string>()
  for (const step of steps) {
    if (step.kind === 'file') writeStep(folder, step)
    if (step.kind !== 'command') continue
    const command = change === undefined ? step.text : change(step)
    if (command === undefined) continue
    onCommand?.(command)
    const env = {
      ...process.env,
      NO_COLOR: '1',
      PATH: path,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, '.compiled'),
    }
    const { status, stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${command}`], {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    if (status !== 0) throw new Error(`Line ${step.line}: ${command}\nended with ${status}:\n${stdout}`)
    printed.set(step, stdout)
  }
  return printed
}

/** The repository's detectors, and commands named as in the documents. */
function prepare(folder: string): string {
  symlinkSync(resolve('detectors'), join(folder, 'detectors'))
  const commands = join(folder, '.bin')
  mkdirSync(commands)
  const run = `exec '${process.execPath}' '${shrikeScript}' "$@"`
  writeFileSync(join(commands, 'shrike'), `#!/bin/sh\n${run}\n`, { mode: 0o755 })
  return `${commands}:${process.env.PATH}`
}

function writeStep(folder: string, { how, path, text }: DocFile): void {
  const file = join(folder, path)
  if (how === 'write') {
    writeFileSync(file, `${text}\n`)
    return
  }
  const added: unknown = how === 'append' ? { features: parse(text) } : parse(text)
  writeFileSync(file, stringify(merge(parse(readFileSync(file, 'utf8')), added, how === 'append')))
}

function merge(one: unknown, other: unknown, joins: boolean): unknown {
  if (Array.isArray(one) && Array.isArray(other)) return joins ? [...one, ...other] : other
  if (!isMap(one) || !isMap(other)) return other
  const merged = Object.entries(other).map(([name, value]) => [name, merge(one[name], value, joins)])
  return { ...one, ...Object.fromEntries(merged) }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The output that each block and each figure is of: that of the named command, or of the last one before it. */
export function outputsOf(steps: readonly DocStep[], printed: Printed): ReadonlyMap<DocStep, string> {
  const outputs = new Map<DocStep, string>()
  const named = new Map<string, string>()
  let last: string | undefined
  for (const step of steps) {
    if (step.kind === 'command') {
      last = printed.get(step)
      if (step.name !== undefined && last !== undefined) named.set(step.name, last)
    } else if (step.kind !== 'file') {
      const output = step.kind === 'figure' && step.of !== undefined ? named.get(step.of) : last
      if (output !== undefined) outputs.set(step, output)
    }
  }
  return outputs
}
