/** Builds what the service sends under /console, into a folder; `dist` by default. */
export function build(outDir?: string): Promise<void>
