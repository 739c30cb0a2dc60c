// The CSV reader of a checkout on one file, once, in a process of its own. Prints the processor seconds from its imports on.
import { pathToFileURL } from 'node:url'

const [checkout, file] = process.argv.slice(2)
const { readTable } = await import(pathToFileURL(`${checkout}/src/data/read-table.ts`).href)
const before = process.cpuUsage()
await readTable(file)
const { user, system } = process.cpuUsage(before)
process.stdout.write(`${(user + system) / 1e6}\n`)
