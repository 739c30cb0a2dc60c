import { FraudError } from '../core/errors.ts'
import { type ClusterDefinition, keylessValues, type LanePart } from './cluster-definition.ts'
import {
  type DecisionEntry,
  type Entry,
  encodeEntry,
  type IntakeEntry,
  type LabelEntry,
  type SaidLabel,
  type SentTransaction,
} from './entries.ts'
import { homeLane, placeOf } from './lanes.ts'
import type { Appended, OrderedLog } from './ordered-log.ts'
import { Questions } from './questions.ts'
import type { HomeReply, PartReply, Reply } from './replies.ts'

/** The position of a part whose key the transaction does not have. */
const keyless = -1
const reachStepMs = 20

/** What makes a decision's record of a transaction and its parts. */
export interface PartsJudge {
  /**
   * @param definition that the transaction was sent under; the newest one with the same parts decides.
   * @param parts missing where a part did not come in time, or came too late to be counted.
   * @returns the framed record, and the position of the control lane that it rests on.
   */
  judge(
    definition: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly (PartReply | undefined)[],
    isUnanswered: boolean,
  ): { readonly record: Uint8Array; readonly control: number }
  /** How long after a transaction was received its parts may come. */
  readonly deadlineMs: number
}

export interface FrontOptions {
  readonly log: OrderedLog
  /** Where replies reach this front: another one after each start, so that it never gets what an earlier one asked for. */
  readonly address: string
  /** Of each lane. */
  readonly partitions: number
  readonly definition: (position: number) => ClusterDefinition | undefined
  /** The position of the control lane that was taken here. */
  readonly controlPosition: () => number
  readonly judge: PartsJudge
  /** Milliseconds of a clock that nobody sets. */
  readonly steadyClock: () => number
  /** Resolves after so long, or once aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** An entry is appended again where nothing was heard for so long. */
  readonly retryMs: number
  /** How long a caller waits for what only its id's home can say. */
  readonly giveUpMs: number
}

/** What was decided of an id. */
export interface Decided {
  /** The transaction as it came first. */
  readonly intake: IntakeEntry
  readonly decision: DecisionEntry
  /** Whether another request had brought the id. */
  readonly isRepeat: boolean
}

/** Takes transactions to where they are ordered and counted, and back as decisions. */
export class Front {
  readonly #options: FrontOptions
  readonly #questions: Questions

  constructor(options: FrontOptions) {
    this.#options = options
    this.#questions = new Questions(options.address, options.wait)
  }

  /** How many questions wait for answers. */
  get pending(): number {
    return this.#questions.size
  }

  receive(reply: Reply): void {
    this.#questions.answer(reply)
  }

  /**
   * Decides a transaction once, wherever and however often its id is sent.
   *
   * @throws FraudError LOG_UNAVAILABLE where it is not known what became of it: the same id may be sent again.
   */
  async decide(sent: SentTransaction): Promise<Decided> {
    const untilMs = this.#deadline()
    const asker = this.#questions.ask(1)
    const control = this.#options.controlPosition()
    const home = await this.#askHome({ kind: 'intake', ...asker, ...sent, control })
    const { intake } = home
    const isRepeat = intake.front !== asker.front || intake.question !== asker.question
    const decision = home.decision ?? (await this.finish(intake, false, untilMs))
    // What it names has to be known here by those who tell it.
    await this.#reach(decision.control)
    return { intake, decision, isRepeat }
  }

  /** Takes an intake that its home knows to its decision: the first of those who try makes it. */
  async finish(intake: IntakeEntry, isUnanswered: boolean, untilMs = this.#deadline()): Promise<DecisionEntry> {
    await this.#reach(intake.control)
    const definition = this.#definitionOf(intake)
    const { parts, placed } = await this.#gather(definition, intake, untilMs)
    const { record, control } = this.#options.judge.judge(definition, intake, parts, isUnanswered)
    const positions = parts.map((part) => part?.position)
    const asker = this.#questions.ask(1)
    const { id } = intake
    const home = await this.#askHome({ kind: 'decision', ...asker, id, positions, control, record })
    if (home.decision === undefined) throw unanswered('its home does not know the decision')
    if (parts.includes(undefined)) void this.#tellPlaced(id, placed)
    return home.decision
  }

  /** Takes a transaction that was decided without some of its parts to the lanes of all its keys. */
  async observe(intake: IntakeEntry): Promise<void> {
    const asker = this.#questions.ask(0)
    this.#questions.close(asker.question)
    const keyed = keyedLanes(this.#definitionOf(intake), intake)
    await this.#options.log.append(keyed.map(({ lane, key }) => this.#observation(lane, key, { ...intake, ...asker })))
    await this.#tellObserved(intake.id)
  }

  /** Home keeps labels until the lanes are known to have the transaction; where this fails its holders see to it. */
  async #tellPlaced(id: string, placed: Promise<boolean>): Promise<void> {
    if (await placed) await this.#tellObserved(id).catch(() => {})
  }

  #tellObserved(id: string): Promise<void> {
    return this.#options.log.append(this.#toHome({ kind: 'observed', id }))
  }

  #deadline(): number {
    return this.#options.steadyClock() + this.#options.judge.deadlineMs
  }

  #definitionOf({ definition: position }: IntakeEntry): ClusterDefinition {
    const definition = this.#options.definition(position)
    if (definition === undefined) throw unanswered('its definition is not known here yet')
    return definition
  }

  /** Waits until changes are known here that another replica had known. */
  async #reach(control: number): Promise<void> {
    const { controlPosition, giveUpMs, wait } = this.#options
    const { signal } = new AbortController()
    for (let leftMs = giveUpMs; controlPosition() < control; leftMs -= reachStepMs) {
      if (leftMs <= 0) throw unanswered('changes that it was taken in or decided under are not known here yet')
      await wait(reachStepMs, signal)
    }
  }

  /** @returns whether the label waits for its transaction. */
  async label(id: string, said: SaidLabel & Pick<LabelEntry, 'receivedAtMs' | 'by'>): Promise<boolean> {
    const entry: LabelEntry = { kind: 'label', ...this.#questions.ask(1), id, ...said }
    const [answer] = await this.#ask(entry.question, this.#toHome(entry), this.#options.giveUpMs)
    if (answer?.kind !== 'label') throw unanswered('nobody who knows it answers')
    return answer.isPending
  }

  async #askHome(entry: IntakeEntry | DecisionEntry): Promise<HomeReply> {
    const [answer] = await this.#ask(entry.question, this.#toHome(entry), this.#options.giveUpMs)
    if (answer?.kind !== 'home') throw unanswered('nobody who knows it answers')
    return answer
  }

  #toHome(entry: Extract<Entry, { readonly kind: 'intake' | 'decision' | 'label' | 'observed' }>): readonly Appended[] {
    return [{ ...placeOf(homeLane, entry.id, this.#options.partitions), bytes: encodeEntry(entry) }]
  }

  /** The parts of a transaction that come in time, each from where its key is counted. */
  async #gather(definition: ClusterDefinition, intake: IntakeEntry, untilMs: number) {
    const transaction = definition.transactionOf(intake)
    if (transaction === undefined) throw unanswered('its definition does not hold it')
    const keyed = keyedLanes(definition, intake)
    const question = this.#questions.ask(keyed.length)
    const entries = keyed.map(({ lane, key }) => this.#observation(lane, key, { ...intake, ...question }))
    const { answers, placed } = await this.#askKeys(question.question, entries, untilMs)
    const parts = definition.parts.map((lane): PartReply | undefined => {
      if (lane.keyOf(intake) === undefined) {
        return { ...nothingCounted, lane: lane.lane, values: keylessValues(lane, transaction) }
      }
      const answer = answers.find((each) => each.kind === 'part' && each.lane === lane.lane)
      return answer?.kind === 'part' && answer.position >= 0 ? answer : undefined
    })
    return { parts, placed }
  }

  #observation(lane: LanePart, key: string, intake: IntakeEntry): Appended {
    const entry = {
      ...lane.reduce(intake),
      front: intake.front,
      question: intake.question,
      kind: 'observation',
    } as const
    return { ...placeOf(lane.lane, key, this.#options.partitions), bytes: encodeEntry(entry) }
  }

  /**
   * Appends until everything is answered or the time is over, even while the log has not said that it took it.
   *
   * @returns `placed` tells, once that shows, whether the log is known to have all of it.
   */
  async #askKeys(question: number, entries: readonly Appended[], untilMs: number) {
    const { retryMs, steadyClock } = this.#options
    let placed = Promise.resolve(false)
    let isUnderway = false
    const append = async () => {
      isUnderway = true
      const unheard = this.#unheard(question, entries)
      const isDone = await this.#options.log.append(unheard).then(yes, no)
      isUnderway = false
      return isDone
    }
    try {
      do {
        if (!isUnderway) {
          const appended = append()
          placed = placed.then((isPlaced) => isPlaced || appended)
        }
        await this.#questions.within(question, Math.max(0, Math.min(untilMs - steadyClock(), retryMs)))
      } while (this.#questions.isOpen(question) && steadyClock() < untilMs)
      return { answers: this.#questions.answers(question), placed }
    } finally {
      this.#questions.close(question)
    }
  }

  /** Entries to lanes that have not answered. */
  #unheard(question: number, entries: readonly Appended[]): readonly Appended[] {
    const heard = new Set(this.#questions.answers(question).map((answer) => answer.kind === 'part' && answer.lane))
    return entries.filter(({ lane }) => !heard.has(lane))
  }

  /** Appends until everything is answered or the time is over: what is there twice is a repeat. */
  async #ask(question: number, entries: readonly Appended[], withinMs: number) {
    const { log, retryMs } = this.#options
    try {
      for (let leftMs = withinMs; leftMs > 0 && this.#questions.isOpen(question); leftMs -= retryMs) {
        await log.append(entries)
        await this.#questions.within(question, Math.min(leftMs, retryMs))
      }
      return this.#questions.answers(question)
    } finally {
      this.#questions.close(question)
    }
  }
}

function keyedLanes({ parts }: ClusterDefinition, intake: IntakeEntry) {
  return parts.flatMap((lane) => {
    const key = lane.keyOf(intake)
    return key === undefined ? [] : [{ lane, key }]
  })
}

const yes = () => true
const no = () => false
const nothingCounted = { kind: 'part', position: keyless, isCapped: false } as const

function unanswered(why: string): FraudError {
  return new FraudError('LOG_UNAVAILABLE', `What became of the transaction is not known: ${why}; send it again`)
}
