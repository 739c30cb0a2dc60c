import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { Changes } from '../../src/cluster/changes.ts'
import { type Entry, encodeEntry, type SentTransaction } from '../../src/cluster/entries.ts'
import type { Decided } from '../../src/cluster/front.ts'
import { controlPlace } from '../../src/cluster/lanes.ts'
import type { Place } from '../../src/cluster/ordered-log.ts'
import { Replica, type SavedFold } from '../../src/cluster/replica.ts'
import { FraudError } from '../../src/core/errors.ts'
import { recordOfChange } from '../../src/deciding/change-policy.ts'
import type { Purchase } from '../feature-stream.ts'
import type { Machine } from '../timeline.ts'
import { SimulatedControl } from './simulated-control.ts'
import type { World } from './world.ts'

export const partitions = 2
export const keepMs = 30 * 86_400_000

interface Running {
  readonly machine: Machine
  readonly changes: Changes
  readonly control: SimulatedControl
  readonly replica: Replica
  readonly stop: AbortController
}

/** What a caller was told. */
export interface Told {
  readonly sent: SentTransaction
  readonly decided: Decided
  /** The newest change that the replica that was asked had told by then. */
  readonly toldChange: number
  /** Whether it is another transaction than the one of its id that came first. */
  readonly isConflict: boolean
}

/** Replicas on machines that crash, pause and come back. */
export class SimulatedCluster {
  readonly world: World
  readonly told: Told[] = []
  readonly labelsTold: string[] = []
  readonly changesTold: { readonly position: number; readonly why: string }[] = []
  readonly faults: FraudError[] = []
  /** By the number of the replica. */
  readonly running: (Running | undefined)[] = []
  /** Which replicas hold a place: they may be others after a restart. */
  holders: (place: Place) => readonly number[]
  readonly #saved = new Map<string, { mark: SavedFold['mark']; chunks: Uint8Array[] }>()
  /** Requests that have no answer: what their callers do when they get none, and where they are. */
  readonly #open = new Map<() => void, Machine>()
  readonly #toldChanges = new Map<Machine, number>()
  /** Changes that somebody was refused, or not told of. */
  readonly refused: FraudError[] = []
  #starts = 0
  #changes = 0

  constructor(world: World, replicas: number) {
    this.world = world
    this.holders = ({ partition, lane }) => [
      (partition + lane.length) % replicas,
      (partition + lane.length + 1) % replicas,
    ]
    for (let number = 0; number < replicas; number++) this.start(number)
  }

  start(number: number): Running {
    this.#starts++
    const { world } = this
    const machine: Machine = { name: `r${number}#${this.#starts}`, isDead: false, pausedUntilMs: 0 }
    const wait = world.waitOf(machine)
    const control = new SimulatedControl(async () => {
      const isSlow = world.chance(world.faults.slowModel)
      await wait(isSlow ? world.random.integer(6_000) : world.delay(), new AbortController().signal)
      if (world.chance(world.faults.lost)) throw new FraudError('LOG_UNAVAILABLE', 'The bundle can not be read now')
    })
    const holders = this.holders
    const replica = new Replica({
      log: world.logOf(machine),
      address: machine.name,
      partitions,
      keepMs,
      control,
      judge: control.judge,
      wait: world.waitOf(machine),
      clock: () => world.nowMs,
      steadyClock: () => world.nowMs,
      retryMs: 300,
      giveUpMs: 3_000,
      unansweredMs: 5_000,
      holds: (place) => holders(place).includes(number),
      saved: (name) => this.#saved.get(`${number} ${name}`),
      send: (reply) => {
        if (world.chance(world.faults.lostReply)) return
        world.after(world.delay(), undefined, () => {
          const to = this.running.find((each) => each?.machine.name === reply.to.front)
          if (to !== undefined) world.after(0, to.machine, () => to.replica.front.receive(reply))
        })
      },
      onFault: (_, fault) => this.faults.push(fault),
      onError: (error) => {
        if (!(error instanceof FraudError)) throw error
      },
    })
    const { lane } = control
    const changes = new Changes({
      ...{ lane, log: world.logOf(machine), address: machine.name, wait: world.waitOf(machine) },
      ...{ retryMs: 300, giveUpMs: 3_000 },
    })
    const running = { machine, control, changes, replica, stop: new AbortController() }
    this.running[number] = running
    void replica.run(running.stop.signal)
    return running
  }

  /** As if by kill -9. */
  crash(number: number): void {
    const running = this.running[number]
    if (running === undefined) return
    running.machine.isDead = true
    this.running[number] = undefined
    // Those who asked it see their connections break.
    for (const [again, machine] of this.#open) {
      if (machine === running.machine && this.#open.delete(again)) again()
    }
  }

  /** Keeps what a replica has folded; a later start of it begins there. */
  save(number: number): void {
    for (const { name, mark, chunks } of this.running[number]?.replica.save() ?? []) {
      this.#saved.set(`${number} ${name}`, { mark, chunks: [...chunks].map((chunk) => Uint8Array.from(chunk)) })
    }
  }

  /** A change of the policy, asked of some replica. */
  changePolicy(change: unknown, to: number): void {
    const running = this.running[to]
    if (running === undefined) return
    const { changes, control, machine } = running
    const why = `change ${++this.#changes}`
    const make = () => {
      const context = { by: 'ann', why, atMs: this.world.nowMs }
      const makeSecret = () => 'a1'.repeat(32)
      return recordOfChange(control.lane.policy, change, context, {
        makeSecret,
        isPerson: () => false,
        atMs: context.atMs,
      })
    }
    this.#tellMade(
      changes.make(make, () => undefined),
      why,
      machine,
    )
  }

  /** A deployment, asked of some replica: another model of the features in force, or the first one of them again. */
  deploy(version: number, to: number, isRollback: boolean): void {
    const running = this.running[to]
    if (running?.control.newest === undefined) return
    const { changes, control, machine } = running
    const why = `change ${++this.#changes}`
    const make = () => {
      const { definition } = control.newest ?? assert.fail('there was a definition')
      const deployed = `${featuresOf(definition.model)}@${String(version).padStart(12, '0')}`
      const first = control.lane.deployments.steps.find(({ led }) => featuresOf(led.champion) === featuresOf(deployed))
      const back = isRollback ? first : undefined
      const model = back?.led.champion ?? deployed
      const change = back ? { kind: 'rollback', to: back.sequence } : { kind: 'champion', model }
      const record = { kind: 'deployment', by: 'ann', why, atMs: this.world.nowMs, change } as const
      return { record, definition: { ...definition, model } }
    }
    this.#tellMade(
      changes.make(make, () => undefined),
      why,
      machine,
    )
  }

  #tellMade(made: Promise<{ readonly position: number }>, why: string, machine: Machine): void {
    made.then(
      ({ position }) => {
        if (machine.isDead) return
        this.changesTold.push({ position, why })
        this.#toldChanges.set(machine, Math.max(position, this.#toldChanges.get(machine) ?? -1))
      },
      (error) => {
        if (!(error instanceof FraudError)) throw error
        this.refused.push(error)
      },
    )
  }

  /** Whether a definition came with a deployment. */
  isOfDeployment(position: number): boolean {
    return this.running[0]?.control.definition(position)?.definition.model?.includes('@') === true
  }

  changeControl(entry: Entry): number {
    return this.world.put(controlPlace, encodeEntry(entry))
  }

  /** A request to some replica; what fails is sent again, so often. */
  send(purchase: Purchase & { readonly id: string }, to: number, repeats: number, isOldDefinition = false): void {
    const again = () => {
      if (repeats > 0) {
        this.world.after(1_000 + this.world.random.integer(9_000), undefined, () =>
          this.send(purchase, this.world.random.integer(this.running.length), repeats - 1),
        )
      }
    }
    const running = this.running[to]
    const { newest } = running?.control ?? {}
    if (running === undefined || newest === undefined) {
      again()
      return
    }
    const before = isOldDefinition ? running.control.definition(0) : undefined
    const sent = sentOf(purchase, before ?? newest, this.world.nowMs)
    const toldChange = this.#toldChanges.get(running.machine) ?? -1
    this.#open.set(again, running.machine)
    const settle = (isTold: boolean) => {
      if (this.#open.delete(again) && !isTold) again()
    }
    running.replica.front.decide(sent).then(
      (decided) => {
        if (this.#open.has(again)) {
          this.told.push({ sent, decided, toldChange, isConflict: isOther(sent, decided.intake) })
        }
        settle(true)
      },
      (error) => {
        if (!(error instanceof FraudError)) throw error
        settle(false)
      },
    )
  }

  label(id: string, isFraud: boolean, knownAtMs: number, source: string | undefined, to: number): void {
    const { front } = this.running[to]?.replica ?? {}
    const said = { isFraud, knownAtMs, source, receivedAtMs: this.world.nowMs, by: 'bank' }
    void front?.label(id, said).then(
      () => this.labelsTold.push(id),
      (error) => {
        if (!(error instanceof FraudError)) throw error
      },
    )
  }
}

/** Models of the same features are called alike up to here. */
export function featuresOf(model: string | null | undefined): string {
  return model?.split('@')[0] ?? ''
}

const fieldsOf = ({ amount, card, shop, city, points, latitude, longitude }: Purchase): Record<string, unknown> => ({
  ...{ AMOUNT: amount / 100, CARD: card, SHOP: shop, CITY: city, POINTS: points },
  ...{ LATITUDE: latitude, LONGITUDE: longitude },
})

function sentOf(
  purchase: Purchase & { readonly id: string },
  { position, definition }: { readonly position: number; readonly definition: { readonly columns: readonly string[] } },
  receivedAtMs: number,
): SentTransaction {
  const values = fieldsOf(purchase)
  const fields = definition.columns.map((column) => {
    const value = values[column]
    return typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value)) ? value : undefined
  })
  return { id: purchase.id, definition: position, timestampMs: purchase.time, receivedAtMs, fields }
}

function isOther(one: SentTransaction, other: SentTransaction): boolean {
  return one.timestampMs !== other.timestampMs || !isDeepStrictEqual(one.fields, other.fields)
}
