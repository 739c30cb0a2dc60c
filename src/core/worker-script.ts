/** The URL of a worker's module named without its ending: TypeScript in a checkout, JavaScript once built. */
export function workerScript(name: string, importMetaUrl: string): URL {
  return new URL(`${name}${importMetaUrl.endsWith('.ts') ? '.ts' : '.js'}`, importMetaUrl)
}
