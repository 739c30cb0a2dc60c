// Writes what Shrike carries of others into dist/, where npm's package and the image take it from: sbom.cdx.json
// (CycloneDX) and THIRD-PARTY.txt (licences).
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { consoleFiles, kernelFiles } from './bundled-files.ts'
import { bundledFrom, installedWith } from './carried.ts'
import { cycloneDx } from './cyclone-dx.ts'
import { notices } from './notices.ts'
import { buildProgram } from './program.ts'

const repository = join(import.meta.dirname, '../..')
const program = await buildProgram(repository)
const files = [...program, ...(await consoleFiles(repository)), ...kernelFiles(repository)]
const carried = [...installedWith(repository), ...bundledFrom(repository, files)]
mkdirSync(join(repository, 'dist'), { recursive: true })
writeFileSync(
  join(repository, 'dist/sbom.cdx.json'),
  `${JSON.stringify(cycloneDx(repository, carried), undefined, 1)}\n`,
)
writeFileSync(join(repository, 'dist/THIRD-PARTY.txt'), notices(carried))
console.log(`dist/sbom.cdx.json and dist/THIRD-PARTY.txt list ${carried.length} packages`)
