import { dirname, join } from 'node:path'

/** Where training writes the report of a bundle by default. */
export function reportBeside(bundle: string): string {
  return `${bundle.replace(/\.safetensors$/, '')}-report.html`
}

/** Where the report of a bundle may lie: the demo names its own plainly. */
export function reportsBeside(bundle: string): readonly string[] {
  return [reportBeside(bundle), join(dirname(bundle), 'report.html')]
}
