import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FraudError } from '../../src/core/errors.ts'
import type { Random } from '../../src/core/random.ts'
import type { DecisionObserver } from '../../src/deciding/decision-observer.ts'
import { DecisionService } from '../../src/deciding/decision-service.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import type { CommitAnswer } from '../../src/log/commit-target.ts'
import { DatabaseLogWriter } from '../../src/stores/postgres/database-log-writer.ts'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { SqlitePages } from '../../src/stores/sqlite/sqlite-pages.ts'
import type { OtherWriter } from '../../src/stores/sqlite/sqlite-target.ts'
import { amountPredictor, cardsDetector } from '../service/decisions-fixture.ts'
import { recordingLog } from '../service/fixture.ts'
import { withoutSnapshots } from '../service/without-snapshots.ts'
import { type Machine, Timeline } from '../timeline.ts'
import { SimulatedPostgres } from './simulated-postgres.ts'
import type { Client } from './surroundings.ts'
import { on } from './virtual-timers.ts'

/** Compiled once for all seeds; cards are personal, so that persons come and are forgotten. */
export const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())

export interface Faults {
  readonly delayMs: number
  readonly commitMs: number
  /** The share of commits that take seconds. */
  readonly slow: number
}

export interface Purchase {
  readonly ID: string
  readonly TIME: number
  readonly AMOUNT: number
  readonly CARD?: string
  readonly SHOP?: string
}

const silent: DecisionObserver = {
  ...{
    decided() {},
    duplicate() {},
    decidedByCanary() {},
    canaryRolledBack() {},
    shadowScored() {},
    fusesTripped() {},
  },
  ...{ reviewsOverloaded() {}, labelled() {}, labelsRefused() {} },
}

interface Running {
  readonly machine: Machine
  readonly client: Client
  readonly service: DecisionService
  readonly log: SqliteLog
  readonly said: readonly string[]
}

/** What a caller was told. */
export interface Told {
  readonly sent: Purchase
  readonly by: string
  readonly decision: Decision
}

/** Two processes on machines that crash, stand still and come back, and the database between them. */
export class SimulatedPair {
  readonly timeline: Timeline
  readonly postgres: SimulatedPostgres
  readonly random: Random
  faults: Faults
  readonly told: Told[] = []
  readonly labelsTold: string[] = []
  readonly erasuresTold: string[] = []
  readonly refused = new Map<string, number>()
  /** By the number of the machine; undefined while nothing runs there. */
  readonly running: (Running | undefined)[] = []
  /** How far a machine's clock is off. */
  readonly clockOffMs: number[] = []
  /** Until when the network keeps a machine from the server. */
  readonly cutOffUntilMs: number[] = []
  readonly bugs: unknown[] = []
  /** Nobody asks for anything any more. */
  isOver = false
  readonly #folder: string
  #starts = 0
  /** Requests without an answer: what their callers do when they are cut, and where they are. */
  readonly #open = new Map<() => void, Machine>()
  /** Machines on which a process is about to run, or to end: it has the machine's copy to itself. */
  readonly #busy = new Set<number>()

  constructor(random: Random, faults: Faults, startMs: number, under: string) {
    this.random = random
    this.faults = faults
    this.timeline = new Timeline(startMs)
    this.#folder = mkdtempSync(join(under, 'shrike-pair-'))
    this.postgres = new SimulatedPostgres({
      after: (ms, happen) => this.timeline.after(ms, undefined, happen),
      delayMs: () => 1 + random.integer(this.faults.delayMs),
      commitMs: () => (this.chance(this.faults.slow) ? random.integer(6000) : 1 + random.integer(this.faults.commitMs)),
      isKept: () => this.chance(0.5),
      nowMs: () => this.timeline.nowMs,
    })
  }

  chance(share: number): boolean {
    return this.random.uniform() < share
  }

  pathOf(number: number): string {
    return join(this.#folder, `copy-${number}.sqlite`)
  }

  /** Starts a process on a machine, with the copy that is there, if one is. */
  async start(number: number): Promise<void> {
    if (this.running[number] !== undefined || this.#busy.has(number)) return
    this.#busy.add(number)
    const machine: Machine = { name: `m${number}#${++this.#starts}`, isDead: false, pausedUntilMs: 0 }
    const client: Client = {
      cutOffUntilMs: () => this.cutOffUntilMs[number] ?? 0,
      after: (ms, happen) => this.timeline.after(ms, machine, happen),
    }
    const clock = () => this.timeline.nowMs + (this.clockOffMs[number] ?? 0)
    const path = this.pathOf(number)
    let tokens = 0
    const logger = recordingLog()
    await on(machine, async () => {
      const log = await SqliteLog.open({
        path,
        writer: this.#writer(machine, client, clock),
        makeToken: () => `tok_${machine.name}_${++tokens}`,
      })
      const service = new DecisionService(inForce, {
        log,
        pages: new SqlitePages(path),
        persons: log.persons,
        observer: silent,
        hashCardNumber: (digits) => digits,
        cardKeyCheck: undefined,
        logger,
        clock,
        ...withoutSnapshots,
      })
      this.#busy.delete(number)
      this.running[number] = { machine, client, service, log, said: logger.lines }
      void service.resume().catch((error) => this.bugs.push(error))
    }).catch((error: unknown) => {
      if (!(error instanceof FraudError)) throw error
      // The database is gone: whatever supervises it starts it again.
      this.#busy.delete(number)
      this.timeline.after(1000, undefined, () => void this.start(number))
    })
  }

  /** As kill -9 does, or as a machine vanishes, of which the server hears later. */
  crash(number: number, isVanished: boolean): void {
    const running = this.running[number]
    if (running === undefined) return
    running.machine.isDead = true
    this.running[number] = undefined
    // Those who asked it see their connections break.
    for (const [cut, machine] of this.#open) if (machine === running.machine) cut()
    this.postgres.leaveAll(running.client, isVanished ? 3500 : 1 + this.random.integer(this.faults.delayMs))
  }

  /** Ends it in order, and starts another. */
  async stop(number: number): Promise<void> {
    const running = this.running[number]
    if (running === undefined) return
    this.running[number] = undefined
    this.#busy.add(number)
    await on(running.machine, () => running.service.close())
    this.#busy.delete(number)
    // Whatever supervises it starts the next one.
    await this.start(number)
  }

  cutOff(number: number, ms: number): void {
    this.cutOffUntilMs[number] = this.timeline.nowMs + ms
    const running = this.running[number]
    if (running !== undefined) this.postgres.cutOff(running.client)
  }

  /** A request to some machine; what is refused or cut is sent again. */
  send(purchase: Purchase, to: number, repeats: number): void {
    this.#ask(
      to,
      repeats,
      (again) => this.send(purchase, again, repeats - 1),
      async ({ service, machine }) => {
        const decision = await service.decide(purchase, undefined, () => 0)
        return () => this.told.push({ sent: purchase, by: machine.name, decision })
      },
    )
  }

  label(transactionId: string, isFraud: boolean, source: string, to: number, repeats: number): void {
    const again = (other: number) => this.label(transactionId, isFraud, source, other, repeats - 1)
    this.#ask(to, repeats, again, async ({ service }) => {
      await service.label({ transactionId, isFraud, source }, 'desk')
      return () => this.labelsTold.push(source)
    })
  }

  erase(card: string, to: number): void {
    this.#ask(
      to,
      0,
      () => {},
      async ({ service }) => {
        const erased = await service.erase('card', card, 'desk')
        return () => void (erased && this.erasuresTold.push(erased))
      },
    )
  }

  #ask(
    to: number,
    repeats: number,
    again: (other: number) => void,
    work: (running: Running) => Promise<() => void>,
  ): void {
    const { timeline, random } = this
    const retry = (withinMs = 3000) => {
      if (repeats === 0) return
      timeline.after(random.integer(withinMs), undefined, () => again(random.integer(this.running.length)))
    }
    const running = this.running[to]
    if (this.isOver) return
    if (running === undefined || running.machine.pausedUntilMs > timeline.nowMs) {
      retry()
      return
    }
    const cut = () => settle(() => retry(300))
    const settle = (told: () => void) => {
      if (this.#open.delete(cut)) told()
    }
    this.#open.set(cut, running.machine)
    // The caller has patience for so long.
    timeline.after(8000, undefined, cut)
    on(running.machine, async () => {
      try {
        settle(await work(running))
      } catch (error) {
        if (!(error instanceof FraudError)) this.bugs.push(error)
        else this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1)
        settle(retry)
      }
    })
  }

  #writer(machine: Machine, client: Client, clock: () => number): OtherWriter {
    return (path, key) => {
      const { timeline, postgres } = this
      const first = Promise.withResolvers<CommitAnswer | undefined>()
      let answered = first.resolve as (answer: CommitAnswer) => void
      const writer = new DatabaseLogWriter({
        ...{ path, key, url: 'postgres://simulated/log', holder: machine.name, follows: true },
        connect: () => postgres.connect(client),
        today: () => new Date(clock()).toISOString().slice(0, 10),
        nowMs: () => timeline.nowMs,
        wait: (ms) => new Promise((resolve) => timeline.after(ms, machine, resolve)),
        say: (answer) => timeline.after(0, machine, () => answered(answer)),
      })
      writer.start()
      let hasEnded = false
      const live = () => {
        writer.showLife()
        if (!hasEnded) timeline.after(250, machine, live)
      }
      timeline.after(250, machine, live)
      return {
        first: first.promise,
        post: (order) => timeline.after(0, machine, () => void writer.take(order)),
        poll: () => undefined,
        listen: (take) => {
          answered = take
        },
        async end() {
          hasEnded = true
        },
      }
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
