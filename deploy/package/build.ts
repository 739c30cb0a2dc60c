// Writes the program that is published into dist/.
import { join } from 'node:path'
import { buildProgram } from './program.ts'

const repository = join(import.meta.dirname, '../..')
await buildProgram(repository, join(repository, 'dist'))
