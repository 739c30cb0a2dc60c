import { simulate } from './simulation.ts'

// node test/pair/run.ts FIRST LAST: runs these seeds, and prints what they tried. Beside the runner of tests, whose hooks on
// promises cost more than what is simulated.

const [first, last] = process.argv.slice(2).map(Number)
const all: Record<string, number> = {}
for (let seed = first; seed <= last; seed++) {
  try {
    for (const [what, times] of Object.entries(await simulate(seed))) all[what] = (all[what] ?? 0) + times
  } catch (error) {
    console.error(`Seed ${seed} fails; repeat it by: node test/pair/run.ts ${seed} ${seed}`)
    throw error
  }
}
console.log(JSON.stringify(all))
