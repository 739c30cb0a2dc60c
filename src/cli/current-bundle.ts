import { existsSync } from 'node:fs'
import { dataDirectory } from '../stores/data-directory.ts'
import { refuseLinks } from '../stores/file-access.ts'

/** The data directory's own bundle, else the one that training writes by default. */
export function currentBundle(data: string): string {
  const { bundlePath: own } = dataDirectory(data)
  refuseLinks(own)
  return existsSync(own) ? own : 'shrike-model.safetensors'
}
