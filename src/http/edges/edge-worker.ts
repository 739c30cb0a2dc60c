import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, Server as NetServer, Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { ReaderElsewhere } from '../../deciding/read-elsewhere.ts'
import { createConnectionErrorHandler, refuseBy } from '../connection-error.ts'
import { backlog, boundConnections } from '../connections.ts'
import { HeldBytes } from '../held-bytes.ts'
import { holdWithin } from '../lane/hold-within.ts'
import { KnownHeads } from '../lane/known-heads.ts'
import { LaneAnswers } from '../lane/lane-answers.ts'
import { openLanes } from '../lane/open-lanes.ts'
import { watchPressure } from '../pressure.ts'
import { presentRefusal } from '../refusal.ts'
import { tooMuchToWrite } from '../shed-load.ts'
import { AskedRequests } from './asked.ts'
import { Channel } from './channel.ts'
import { type EdgeData, type EdgeNotice, type EdgeOrder, edgeCells, refusedCell, toSharedMs } from './edge-messages.ts'
import { EdgeScorer } from './edge-scorer.ts'
import { handOver } from './hand-over.ts'
import { readDown, upLength, writeUp } from './request-bytes.ts'
import { isOfScore } from './score-bytes.ts'

// A thread that has connections of its own, takes plain requests whole, and has the thread that decides answer them.

const { host, port, up, down, cells, paths, limits, handOver: address }: EdgeData = workerData
const lingerMs = 1000

assert(parentPort !== null, 'an edge is a thread')
const service = parentPort
const say = (notice: EdgeNotice) => service.postMessage(notice)

const asked = new AskedRequests()
const channel = new Channel(up, down, {
  say,
  take(message) {
    if (isOfScore(message)) return scorer.take(message)
    const { slot, answer } = readDown(message)
    asked.answer(slot, answer)
  },
})
const scorer = new EdgeScorer(channel, say)
let reader: ReaderElsewhere | undefined
/** How often it was ordered to read. */
let way = 0
const pressure = watchPressure(limits.eventLoopLagMs, () => performance.now())

const { keepAliveTimeoutMs: keepAliveTimeout, headersTimeoutMs: headersTimeout } = limits
const server = createServer({ keepAliveTimeout, headersTimeout })
server.on(
  'clientError',
  createConnectionErrorHandler(
    { countRequest: (route, status) => say({ unparsed: { route, status } }) },
    { streaming: new WeakSet(), newest: new WeakMap(), lingerMs },
  ),
)
const connections = boundConnections(server, limits)
const sockets = new Set<Socket>()

function show(): void {
  const { open, refused } = connections
  Atomics.store(cells, edgeCells.open, open)
  Atomics.store(cells, edgeCells.refusedByAddress, refused.address)
  Atomics.store(cells, edgeCells.refusedInTotal, refused.total)
  Atomics.store(cells, edgeCells.keepAliveMs, server.keepAliveTimeout)
}
show()
server.on('drop', show)
server.on('connection', (socket) => {
  show()
  if (socket.destroyed) return
  sockets.add(socket)
  socket.once('close', () => {
    sockets.delete(socket)
    show()
  })
})

const answers = new LaneAnswers(server)
const tooMany = answers.constant(presentRefusal(tooMuchToWrite))
const routes = paths.map((path, place) => ({ ...path, refusedCell: refusedCell(place), up: 0 }))
const heads = new KnownHeads(routes, limits)
const lanes = openLanes<(typeof routes)[number]>(server, limits, ({ forget }) => ({
  forget,
  ...holdWithin(new HeldBytes(limits.heldBytes)),
  find: (bytes) => heads.find(bytes),
  begin({ text, route }, body, arrivedMs, settle, leave) {
    // Under overload a turn of the loop is long, and what was answered need not wait for its end.
    if (route.up >= route.mostUp) channel.exchange()
    if (route.up >= route.mostUp) {
      settle(tooMuchToWrite, '')
      return true
    }
    const slot = asked.add(route, settle, leave)
    const reading = route.isRead ? reader?.read(body) : undefined
    const arrivedSharedMs = toSharedMs(arrivedMs)
    const request = { slot, arrivedSharedMs, isOverloaded: pressure.isOverloaded(), way, reading }
    channel.send(upLength(request, text.length, body), (bytes, at) => writeUp(bytes, at, request, text, body))
    return true
  },
  answer(route, refusal, answer) {
    if (refusal === undefined) return answer.startsWith('HTTP/') ? answer : answers.ok(answer)
    Atomics.add(cells, route.refusedCell, 1)
    return tooMany()
  },
  passOn(socket, bytes) {
    assert(socket instanceof Socket)
    handOver(socket, bytes, address, limits.idleTimeoutMs)
  },
  refuse: (socket, code) => refuseBy(server, socket, code),
}))

service.on('message', (order: EdgeOrder) => {
  if (order === 'stop listening') {
    NetServer.prototype.close.call(server)
    say('stopped')
  } else if (order === 'close idle') {
    lanes.closeIdle()
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  } else if (order !== 'wake' && 'scoreBy' in order) void scorer.load(order.scoreBy)
  else if (order !== 'wake' && 'read' in order) {
    way += 1
    reader = order.read && new ReaderElsewhere(order.read.way, order.read.mostNames, Date.now)
  } else channel.hear(order)
})
server.on('error', (error: Error & { readonly code?: string }) => {
  say({ failed: { message: error.message, code: error.code } })
})
// A text would be that of a socket's path.
const portOf = (bound: string | AddressInfo | null) => (typeof bound === 'object' ? (bound?.port ?? port) : port)
server.listen({ host, port, backlog, reusePort: true }, () => say({ listening: portOf(server.address()) }))
