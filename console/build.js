/** Builds what the service sends under /console, into a folder. Loaded late, since an installation may be without vite. */
export async function build(outDir = 'dist') {
  const vite = await import('vite')
  await vite.build({ root: import.meta.dirname, logLevel: 'warn', build: { outDir } })
}
