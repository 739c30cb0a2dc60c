import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The data directory's own bundle, else the one that training writes by default. */
export function currentBundle(data: string): string {
  const own = join(data, 'model.safetensors')
  return existsSync(own) ? own : 'shrike-model.safetensors'
}
