import { createInterface } from 'node:readline'
import { start } from './child.ts'
import { benchFile } from './peers.ts'
import { type Times, timesSchema } from './quantiles.ts'

/** Bare writes with fdatasync in a folder, in a process of their own, until `end` asks how long they took. */
export async function startProbe(folder: string, perSecond: number): Promise<{ end(): Promise<Times> }> {
  const child = start(process.execPath, [benchFile('peers/bare-fdatasync.ts'), folder, String(perSecond)])
  if (!child.stdout) throw new Error('The disk probe has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    async end() {
      child.stdin?.end()
      const { value } = await lines.next()
      return timesSchema.parse(JSON.parse(value ?? ''))
    },
  }
}
