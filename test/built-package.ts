import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildProgram } from '../deploy/package/program.ts'

/** Puts what npm publishes and an image holds into a folder: no TypeScript, and the same program. */
export async function buildPackage(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await buildProgram(process.cwd(), join(folder, 'dist'))
  cpSync('package.json', join(folder, 'package.json'))
  cpSync('bin', join(folder, 'bin'), { recursive: true })
  for (const name of ['console', 'detectors', 'node_modules'])
    symlinkSync(resolve(name), join(folder, name), 'junction')
}
