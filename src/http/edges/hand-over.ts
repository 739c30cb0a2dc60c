import { timingSafeEqual } from 'node:crypto'
import type { Server } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import type { HandOverAddress } from './edge-messages.ts'

/** A secret, a space, an address of IPv6 with a zone, and the end of the line. */
const longestPreface = 256
const lingerMs = 1000

/**
 * Has the service's own server go on with a connection of this edge, as if these were its first bytes: all that comes is
 * carried there and back, behind a line that says whom it is from.
 */
export function handOver(socket: Socket, bytes: Buffer, { path, secret }: HandOverAddress, idleMs: number): void {
  const inner = connect({ path, allowHalfOpen: true })
  inner.write(`${secret} ${socket.remoteAddress ?? ''}\n`)
  if (bytes.length > 0) inner.write(bytes)
  socket.pipe(inner)
  inner.pipe(socket)
  const cut = () => void socket.destroy()
  let hasEnded = false
  inner.on('end', () => {
    // The server has said all, and looks after the connection no more.
    hasEnded = true
    socket.setTimeout(idleMs, cut)
    if (socket.writableFinished) socket.setTimeout(lingerMs)
    else socket.once('finish', () => socket.setTimeout(lingerMs))
  })
  inner.on('error', cut).on('close', () => {
    if (!hasEnded) cut()
  })
  const cutInner = () => void inner.destroy()
  socket.on('error', cutInner).on('close', cutInner)
}

/** Takes connections that edges hand over, and no others, before any of the server's listeners does. */
export function takeHandedOver(server: Server, secret: string, timeoutMs: number): void {
  const listeners = server.listeners('connection')
  const expected = Buffer.from(secret)
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    let held = Buffer.alloc(0)
    const cut = () => void socket.destroy()
    const timer = setTimeout(cut, timeoutMs)
    const take = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf('\n')
      if (end === -1 && held.length <= longestPreface) return
      const address = end === -1 ? undefined : addressIn(held.subarray(0, end), expected)
      if (address === undefined) return cut()
      clearTimeout(timer)
      socket.off('data', take).off('end', cut).off('error', cut)
      socket.pause()
      Object.defineProperty(socket, 'remoteAddress', { value: address })
      for (const listener of listeners) listener.call(server, socket)
      if (socket.destroyed) return
      if (held.length > end + 1) socket.unshift(held.subarray(end + 1))
      socket.resume()
    }
    socket.on('data', take).on('end', cut).on('error', cut)
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Whom a connection is from, where its first line has the secret. */
function addressIn(line: Buffer, secret: Buffer): string | undefined {
  if (line.length < secret.length || !timingSafeEqual(line.subarray(0, secret.length), secret)) return undefined
  const address = line.toString('latin1', secret.length + 1)
  return isIP(address) === 0 ? undefined : address
}
