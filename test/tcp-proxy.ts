import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** A place between a client and a server of which one can be cut off from the other, or another one put in its stead. */
export class TcpProxy {
  readonly port: number
  /** Nothing passes, and nobody is told. */
  isDropping = false
  #target: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(server: Server, port: number, target: number, sockets: Set<Socket>) {
    this.#server = server
    this.port = port
    this.#target = target
    this.#sockets = sockets
    server.on('connection', (near) => this.#pass(near))
  }

  static async open(target: number): Promise<TcpProxy> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    return new TcpProxy(server, typeof address === 'object' && address !== null ? address.port : 0, target, new Set())
  }

  #pass(near: Socket): void {
    const far = dial(this.#target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(from)
      from.on('data', (chunk) => this.isDropping || to.write(chunk))
      from.on('close', () => {
        this.#sockets.delete(from)
        if (!this.isDropping) to.destroy()
      })
      from.on('error', () => {})
    }
  }

  /** Ends all connections; new ones go there. */
  switchTo(target: number): void {
    this.#target = target
    this.cut()
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
