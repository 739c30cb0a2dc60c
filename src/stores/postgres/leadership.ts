import type { Leader } from '../../log/commit-target.ts'
import { unusable } from './connect.ts'
import { endLeader, heldBeat, Lead, type SeenLeader } from './lead.ts'
import { migrate } from './schema.ts'
import type { Session } from './session.ts'

/** A leader shows life twice a second: one that has not for so long is taken for stopped, or cut off. */
const lifelessMs = 2000

export interface LeadershipOptions {
  readonly url: string
  readonly connect: (url: string) => Promise<Session>
  /** Who this process is, for those whom it keeps out. */
  readonly holder: string
  /** As YYYY-MM-DD. */
  readonly today: () => string
  readonly nowMs: () => number
}

/** Whether this process writes into the database, and who does where it does not. */
export class Leadership {
  readonly #options: LeadershipOptions
  #lead: Lead | undefined
  /** The connection of one that follows; it becomes the lead's. */
  #watching: Session | undefined
  #seen: { readonly leader: SeenLeader; readonly sinceMs: number } | undefined
  /** Where this process takes requests. */
  #url: string | undefined

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  get lead(): Lead | undefined {
    return this.#lead
  }

  /** Who was seen to write in place of this process. */
  get leader(): Leader | undefined {
    const leader = this.#lead === undefined ? this.#seen?.leader : undefined
    return leader && { holder: leader.holder, url: leader.url }
  }

  /**
   * Leads, where nobody else does. Who holds the lead without a sign of life loses it: what it still sends is refused.
   *
   * @returns the lead, or the connection of one that follows.
   * @throws FraudError DATABASE_UNUSABLE
   */
  async take(): Promise<Lead | Session> {
    try {
      const client = await this.#watch()
      const { holder, today } = this.#options
      const taken = await Lead.take(client, holder, today())
      if (!(taken instanceof Lead)) {
        await this.#see(client, taken)
        return client
      }
      this.#lead = taken
      this.#watching = undefined
      this.#seen = undefined
      if (this.#url !== undefined) await taken.announce(this.#url)
      return taken
    } catch (error) {
      await this.giveUp()
      throw unusable(this.#options.url, error)
    }
  }

  async announce(url: string): Promise<void> {
    this.#url = url
    await this.#lead?.announce(url)
  }

  /** Leads no more, and asks nothing. */
  async giveUp(): Promise<void> {
    const given = [this.#lead?.client, this.#watching]
    this.#lead = undefined
    this.#watching = undefined
    this.#seen = undefined
    for (const client of given) await client?.end()
  }

  async #watch(): Promise<Session> {
    if (this.#watching !== undefined) return this.#watching
    const client = await this.#options.connect(this.#options.url)
    this.#watching = client
    await migrate(client)
    return client
  }

  async #see(client: Session, leader: SeenLeader): Promise<void> {
    const before = this.#seen
    const nowMs = this.#options.nowMs()
    const { beat, epoch } = leader
    const isAlive = beat === heldBeat || before?.leader.beat !== beat || before.leader.epoch !== epoch
    this.#seen = { leader, sinceMs: isAlive ? nowMs : before.sinceMs }
    if (nowMs - this.#seen.sinceMs < lifelessMs) return
    this.#seen = { leader, sinceMs: nowMs }
    await endLeader(client, leader)
  }
}
