import { transactionExample } from '../../src/http/schemas/decision.ts'
import { createLiveDetector } from '../../src/scoring/live-detector.ts'
import { amountPredictor, cardsDetector, openTestLive, startMs } from './live-fixture.ts'

// Prints the processor time, in microseconds, of each group of 50 decisions from the first on, by a service that has just
// become ready. A process of its own, for one that has decided before has nothing left to get ready. With the argument
// "cold" the service is not warmed up.
const [how = 'warm'] = process.argv.slice(2)
const live = createLiveDetector(cardsDetector(), amountPredictor())
const { service, close } = await openTestLive({ live, ...(how === 'warm' && { exampleOf: transactionExample }) })
await service.resume()
const groups: number[] = []
for (let group = 0; group < 40; group++) {
  const before = process.cpuUsage()
  const decisions: Promise<unknown>[] = []
  for (let i = 0; i < 50; i++) {
    const n = group * 50 + i
    const body = JSON.stringify({
      ...{ ID: `t-${n}`, TIME: startMs + n * 100, AMOUNT: (n * 37) % 900, CARD: `c-${n % 11}`, SHOP: `s-${n % 7}` },
    })
    decisions.push(service.decide(JSON.parse(body), undefined, () => 0))
  }
  const { user } = process.cpuUsage(before)
  groups.push(user)
  await Promise.all(decisions)
}
process.stdout.write(JSON.stringify(groups))
await close()
