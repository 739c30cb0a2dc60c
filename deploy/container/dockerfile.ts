import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { z } from 'zod'

export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  /** What it is built on: an image, or a stage before it. */
  readonly base: string
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** A Dockerfile -> its stages, with the defaults of its ARGs put in. */
export function readDockerfile(path: string): readonly Stage[] {
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const defaults = new Map<string, string>()
  const stages: { base: string; name: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [name, rest] = divide(line)
    const text = rest.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => defaults.get(variable) ?? '')
    if (name === 'ARG') {
      const [variable, value] = text.split('=')
      defaults.set(variable, value)
    } else if (name === 'FROM') {
      const [base, , stage = 'final'] = text.split(/\s+/)
      stages.push({ base, name: stage, instructions: [] })
    } else {
      stages.at(-1)?.instructions.push({ name, text })
    }
  }
  return stages
}

/** The first word of a line, and the rest. */
function divide(line: string): [string, string] {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
  return [word, rest]
}

/** The last instruction of this name in a stage. Throws where there is none. */
export function instructionOf(stage: Stage, name: string): string {
  const found = stage.instructions.findLast((instruction) => instruction.name === name)
  if (found === undefined) throw new Error(`stage ${stage.name} has no ${name}`)
  return found.text
}

/** The exec form of ENTRYPOINT, CMD or a HEALTHCHECK's CMD -> its words. Throws on the shell form, which eats signals. */
export function execForm(text: string): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(text.slice(text.indexOf('['))))
}

/** Says which paths of the context an image may see: the last line of .dockerignore that fits a path, or a folder over it, decides. */
export function readIgnoreFile(path: string): (file: string) => boolean {
  const rules = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ pattern: line.replace(/^!/, ''), isVisible: line.startsWith('!') }))
  return (file) => {
    const parts = file.split('/')
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
    return rules.findLast(({ pattern }) => paths.some((part) => matchesGlob(part, pattern)))?.isVisible ?? true
  }
}
