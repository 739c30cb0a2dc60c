import { benchFile } from './harness/peers.ts'
import { updateReadme } from './harness/readme-table.ts'

updateReadme(benchFile('../README.md'), benchFile('RESULTS.md'))
