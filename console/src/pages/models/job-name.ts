/** A name that no job had: each leaves a folder of its name. */
export function nameOfJob(kind: string): string {
  return `${kind}-${new Date().toISOString().replaceAll(/[:.]/g, '')}`
}
