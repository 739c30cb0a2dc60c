import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

// node kernels/build.ts     Writes the modules that carry the kernels' bytes.

/** Each kernel's source under assembly/, and the module that carries it. */
export const kernels = [
  { source: 'forest.ts', module: 'src/models/trees/forest-kernel.ts', name: 'forestKernel', isShared: false },
  { source: 'shap.ts', module: 'src/models/trees/shap-kernel.ts', name: 'shapKernel', isShared: false },
  { source: 'walk-rows.ts', module: 'src/models/trees/walk-kernel.ts', name: 'walkKernel', isShared: false },
  { source: 'boosting.ts', module: 'src/learners/boosting/boosting-kernel.ts', name: 'boostingKernel', isShared: true },
  { source: 'csv-numbers.ts', module: 'src/data/number-kernel.ts', name: 'numberKernel', isShared: false },
]

const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--initialMemory', '1']
/** Of a memory that threads share. */
const sharedOptions = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536']

/** The text of the module that carries a kernel: the same for everyone who compiles the same source. */
export async function compileKernel({ source, name, isShared }: (typeof kernels)[number]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-kernel-'))
  try {
    const target = join(folder, 'kernel.wasm')
    const { error, stderr } = await asc.main([
      fileURLToPath(new URL(`assembly/${source}`, import.meta.url)),
      '--outFile',
      target,
      ...options,
      ...(isShared ? sharedOptions : []),
    ])
    if (error !== null) throw new Error(`${source}: ${stderr.toString()}`)
    return [
      `// Made of kernels/assembly/${source} by \`npm run kernels\`.`,
      `export const ${name} =`,
      `  '${readFileSync(target).toString('base64')}'`,
      '',
    ].join('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  for (const kernel of kernels) {
    writeFileSync(new URL(`../${kernel.module}`, import.meta.url), await compileKernel(kernel))
  }
}
