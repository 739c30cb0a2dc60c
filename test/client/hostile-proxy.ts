import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What happens to a connection: what of the request arrives, and what of the answer. */
export type Fate = 'passed' | 'late' | 'refused' | 'request-cut' | 'answer-lost' | 'answer-cut'

export interface HostileProxy {
  readonly url: string
  /** How often each fate befell a connection. */
  readonly fates: ReadonlyMap<Fate, number>
  /** Ends what is open. */
  cut(): void
  close(): void
}

/** Passes connections on, as a bad network does. @param port where to, as of now. @param fateOf what befalls the next. */
export async function startHostileProxy(port: () => number, fateOf: () => Fate, lateMs: number): Promise<HostileProxy> {
  const fates = new Map<Fate, number>()
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client)).on('error', () => {})
    const fate = fateOf()
    fates.set(fate, (fates.get(fate) ?? 0) + 1)
    if (fate === 'refused') return void client.resetAndDestroy()
    pass(client, connect(port(), '127.0.0.1'), fate, lateMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    fates,
    cut,
    close() {
      server.close()
      cut()
    },
  }
}

function pass(client: Socket, service: Socket, fate: Fate, lateMs: number): void {
  const end = () => {
    client.destroy()
    service.destroy()
  }
  service.on('error', end).on('close', () => client.end())
  client.on('close', () => service.destroy())
  client.on('data', (chunk) => {
    if (fate !== 'request-cut') return void service.write(chunk)
    service.end(chunk.subarray(0, chunk.length / 2))
    client.destroy()
  })
  service.on('data', (chunk) => {
    if (fate === 'passed') client.write(chunk)
    else if (fate === 'late') setTimeout(() => client.writable && client.write(chunk), lateMs)
    // The service did its work, and nobody hears of it.
    else if (fate === 'answer-lost') end()
    else if (fate === 'answer-cut') client.write(chunk.subarray(0, chunk.length / 2), end)
  })
}
