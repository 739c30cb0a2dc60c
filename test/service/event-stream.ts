/** A message of a stream of server-sent events. */
export interface StreamMessage {
  readonly id?: string
  readonly event?: string
  /** Of JSON. */
  readonly data: unknown
}

export interface StreamEvent {
  readonly type: string
  readonly [name: string]: unknown
}

/** Reads a stream as browsers do, and keeps what came. */
export class EventStream {
  readonly messages: StreamMessage[] = []
  readonly #stop = new AbortController()
  status = 0
  /** The last id, of messages without data, too. */
  lastId: string | undefined
  isEnded = false

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    void this.#read(url, headers).catch(() => {
      this.isEnded = true
    })
  }

  get events(): readonly StreamEvent[] {
    return this.messages.flatMap(({ event, data }) => (event === 'events' ? eventsOf(data) : []))
  }

  /** Events of a type that were counted and not sent. */
  leftOut(type: string): number {
    return this.messages.reduce((sum, { event, data }) => sum + (event === 'events' ? countOf(data, type) : 0), 0)
  }

  of(event: string): readonly StreamMessage[] {
    return this.messages.filter((message) => message.event === event)
  }

  /** Resolves once a claim holds. */
  async until(claim: (stream: EventStream) => boolean, most = 10_000): Promise<void> {
    for (let waited = 0; !claim(this); waited += 10) {
      if (waited > most) throw new Error(`after ${most} ms: ${JSON.stringify(this.messages).slice(0, 2000)}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  close(): void {
    this.#stop.abort()
  }

  async #read(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const answer = await fetch(url, { headers, signal: this.#stop.signal })
    this.status = answer.status
    let rest = ''
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      rest += chunk
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        this.#take(rest.slice(0, end))
        rest = rest.slice(end + 2)
      }
    }
    this.isEnded = true
  }

  #take(text: string): void {
    const fields = new Map(text.split('\n').map((line) => [line.split(':')[0], line.replace(/^[^:]*: ?/, '')]))
    const id = fields.get('id')
    const event = fields.get('event')
    const data = fields.get('data')
    this.lastId = id ?? this.lastId
    if (data !== undefined) this.messages.push({ ...(id && { id }), ...(event && { event }), data: JSON.parse(data) })
  }
}

function eventsOf(data: unknown): readonly StreamEvent[] {
  return typeof data === 'object' && data !== null && 'events' in data && Array.isArray(data.events) ? data.events : []
}

function countOf(data: unknown, type: string): number {
  const leftOut = typeof data === 'object' && data !== null && 'leftOut' in data ? data.leftOut : undefined
  return typeof leftOut === 'object' && leftOut !== null ? Number(new Map(Object.entries(leftOut)).get(type) ?? 0) : 0
}
