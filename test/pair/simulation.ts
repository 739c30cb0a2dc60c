import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createRandom } from '../../src/core/random.ts'
import { checkPair } from './check-pair.ts'
import { type Faults, type Purchase, SimulatedPair } from './simulated-pair.ts'
import { installTimers } from './virtual-timers.ts'

// Half an hour before midnight, so that a clock that jumps changes the day.
const startMs = Date.UTC(2026, 2, 28, 23, 30)
const hourMs = 3_600_000
const actMs = 8_000
const healMs = 60_000
const requests = 24
/** In memory where that is a folder. */
const under = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** What happened in a run, so that a test can ask whether it tried what it is for. */
export interface Tried {
  readonly told: number
  readonly duplicates: number
  readonly labels: number
  readonly erased: number
  readonly refused: number
  readonly epochs: number
  /** Decisions that are in the log, and of which nobody was told. */
  readonly untold: number
}

/**
 * One run of a pair, all of it drawn from the seed: requests at either process, repeated, changed; labels and erasures;
 * crashes, machines that vanish, stand still, or are cut off; a server that crashes, whose disk is full, that ends
 * connections; commits that are slow; clocks that jump. Then everything heals, and what the pair promises is checked.
 */
export async function simulate(seed: number): Promise<Tried> {
  const random = createRandom(seed)
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  const faults: Faults = { delayMs: pick([10, 40, 80]), commitMs: pick([2, 20]), slow: pick([0, 0, 0.02, 0.1]) }
  const pair = new SimulatedPair(random, faults, startMs, under)
  const putBack = installTimers(pair.timeline)
  try {
    void pair.start(0)
    void pair.start(1)
    await pair.timeline.run(startMs + 1000)
    planRequests(pair)
    for (let left = random.integer(6); left > 0; left--) plan(pair, random.integer(actMs))
    await pair.timeline.run(pair.timeline.nowMs + actMs)
    await heal(pair)
    if (pair.bugs.length > 0) throw pair.bugs[0]
    const decisions = await checkPair(pair)
    const first = pair.told.filter(({ decision }) => !decision.duplicate).length
    return {
      told: pair.told.length,
      duplicates: pair.told.length - first,
      labels: pair.labelsTold.length,
      erased: pair.erasuresTold.length,
      refused: [...pair.refused.values()].reduce((sum, count) => sum + count, 0),
      epochs: pair.postgres.tables.holders.size,
      untold: decisions - first,
    }
  } finally {
    putBack()
    pair.remove()
  }
}

/** Everything works again, and both processes run: the one that leads decides, and the other has what it decided. */
async function heal(pair: SimulatedPair): Promise<void> {
  const { timeline, postgres } = pair
  pair.faults = { delayMs: 20, commitMs: 2, slow: 0 }
  postgres.tables.isDiskFull = false
  postgres.restart()
  pair.clockOffMs.length = 0
  for (const number of [0, 1]) {
    pair.cutOffUntilMs[number] = 0
    const machine = pair.running[number]?.machine
    if (machine !== undefined) machine.pausedUntilMs = 0
    else void pair.start(number)
  }
  await timeline.run(timeline.nowMs + healMs, () => isHealed(pair))
  const last = { ID: 'last', TIME: startMs, AMOUNT: 7, CARD: 'c1', SHOP: 's1' }
  const isTold = () => pair.told.some(({ sent }) => sent === last)
  for (let turn = 0; turn < 60 && !isTold(); turn++) {
    for (const number of pair.running.keys()) pair.send(last, number, 0)
    await timeline.run(timeline.nowMs + 500, isTold)
  }
  pair.isOver = true
  await timeline.run(timeline.nowMs + 15_000, () => isInStep(pair))
  if (isTold()) return
  const said = pair.running.map((each) => `${each?.machine.name}: ${each?.said.slice(-3).join('; ')}`)
  throw new Error(`Nothing is decided after all has healed. ${said.join('. ')}`)
}

function isHealed({ running }: SimulatedPair): boolean {
  const [one, other] = running
  if (one === undefined || other === undefined) return false
  const isFollowing = ({ service, log }: typeof one) => !service.isReady && log.leader !== undefined
  return (one.service.isReady && isFollowing(other)) || (other.service.isReady && isFollowing(one))
}

/** Whether nothing is on the way, and both copies hold what the database does. */
function isInStep({ running, postgres }: SimulatedPair): boolean {
  const last = Math.max(...postgres.tables.records.keys())
  return running.every((each) => each?.log.pending === 0 && each.log.reading.lastSequence() === last)
}

function planRequests(pair: SimulatedPair): void {
  const { random, timeline } = pair
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  const draw = (): Omit<Purchase, 'ID'> => {
    const [CARD, SHOP] = [pick(['c1', 'c1', 'c2', 'c3', undefined]), pick(['s1', 's2', undefined])]
    return {
      ...{ TIME: startMs - random.integer(3 * hourMs), AMOUNT: pick([1, 49.99, 400, 700, 950]) },
      ...(CARD && { CARD }),
      ...(SHOP && { SHOP }),
    }
  }
  for (let i = 0; i < requests; i++) {
    const ID = `t${i}`
    const purchase = { ...draw(), ID }
    const send = (atMs: number, what: Purchase = purchase) => {
      const [to, repeats] = [random.integer(2), pick([0, 3, 6])]
      timeline.after(atMs, undefined, () => pair.send(what, to, repeats))
    }
    const atMs = random.integer(actMs)
    send(atMs)
    if (random.integer(4) === 0) send(atMs + random.integer(40))
    if (random.integer(8) === 0) send(random.integer(actMs), { ...draw(), ID })
    if (random.integer(3) === 0) {
      const [to, isFraud] = [random.integer(2), random.integer(2) === 0]
      timeline.after(random.integer(actMs), undefined, () => pair.label(ID, isFraud, `source-${i}`, to, 3))
    }
  }
  for (let left = random.integer(3); left > 0; left--) {
    const [card, to] = [pick(['c1', 'c2', 'c3']), random.integer(2)]
    timeline.after(random.integer(actMs), undefined, () => pair.erase(card, to))
  }
}

/** Something that goes wrong at a time, and is put right later. */
function plan(pair: SimulatedPair, atMs: number): void {
  const { random, timeline, postgres } = pair
  const number = random.integer(2)
  const lasts = 1 + random.integer(5000)
  const happen = (then: () => void, later = () => {}) => {
    timeline.after(atMs, undefined, then)
    timeline.after(atMs + lasts, undefined, later)
  }
  const fillDisk = (isFull: boolean) => {
    postgres.tables.isDiskFull = isFull
  }
  const start = () => void pair.start(number)
  const faults: readonly (() => void)[] = [
    () => happen(() => pair.crash(number, false), start),
    () => happen(() => pair.crash(number, true), start),
    () => happen(() => void pair.stop(number)),
    () =>
      happen(() => {
        const machine = pair.running[number]?.machine
        if (machine !== undefined) machine.pausedUntilMs = timeline.nowMs + lasts
      }),
    () => happen(() => pair.cutOff(number, lasts)),
    () =>
      happen(
        () => postgres.crash(),
        () => postgres.restart(),
      ),
    () => happen(() => postgres.terminateAll()),
    () =>
      happen(
        () => fillDisk(true),
        () => fillDisk(false),
      ),
    () =>
      happen(() => {
        pair.clockOffMs[number] = (random.integer(5) - 2) * hourMs
      }),
  ]
  faults[random.integer(faults.length)]()
}
