import { realpathSync } from 'node:fs'

/** Whether Node was started with this module: Node 22 has no `import.meta.main`, and would do nothing in silence. */
export function isMain({ filename }: ImportMeta): boolean {
  const [, script] = process.argv
  return script !== undefined && realpathSync(script) === filename
}
