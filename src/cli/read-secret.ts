import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { FraudError } from '../core/errors.ts'

/** A password: typed twice without being shown, or the first line of standard input, for a script. Never a flag: others see those. */
export async function readSecret(what: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ''] = (await text(process.stdin)).split(/\r?\n/)
    if (line !== '') return line
    throw new FraudError('OPTION_INVALID', `Standard input is empty: write the ${what} to it, or type it in a terminal`)
  }
  const first = await ask(`${what}: `)
  if (first === (await ask(`${what} again: `))) return first
  throw new FraudError('OPTION_INVALID', `The ${what} was not typed the same way twice`)
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true })
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  lines.on('SIGINT', () => reject(new FraudError('INTERRUPTED', 'Nothing was changed')))
  try {
    return await Promise.race([lines.question(''), interrupted])
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
