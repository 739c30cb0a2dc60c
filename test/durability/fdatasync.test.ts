import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'

const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
const folder = temporaryFolder()
const trace = join(folder, 'trace')
let bundle = ''

before(async () => {
  if (hasStrace) bundle = await trainBundle(folder)
})

test('answers 2xx only after an fdatasync of the log', { skip: !hasStrace && 'strace is not installed' }, async (t) => {
  const calls = 'trace=fdatasync,fsync,read,write,writev,pwrite64,pwritev,sendto,sendmsg,recvfrom'
  const service = await ServiceProcess.start(bundle, join(folder, 'data'))
  const strace = spawn('strace', ['-f', '-y', '-s', '60', '-e', calls, '-o', trace, '-p', String(service.child.pid)])
  const hasEnded = once(strace, 'close')
  // It says which threads it has attached to once it has.
  await once(strace.stderr, 'data')
  const sent = purchases(20)
  for (const { id, body } of sent) {
    assert.equal((await service.decide(body)).status, 200)
    assert.equal((await service.label({ transactionId: id, isFraud: true })).status, 200)
  }
  await service.stop()
  await hasEnded
  const answers = checkOrder(readFileSync(trace, 'utf8').split('\n'))
  assert.equal(answers, 2 * sent.length)
  t.diagnostic(`${answers} answers, each after an fdatasync of log.sqlite-wal that followed its request`)
})

/** One request is open at a time, so whatever happens between its arrival and its answer happens for it. */
function checkOrder(lines: readonly string[]): number {
  let answers = 0
  let isOpen = false
  let isSynced = false
  /** Threads in the midst of syncing the log: their call is shown again once it is done. */
  const syncing = new Set<string>()
  for (const line of lines) {
    const thread = line.split(' ', 1)[0]
    const isLog = /f(data)?sync\(\d+<[^>]*log\.sqlite-wal>/.test(line)
    if (isLog && line.endsWith('<unfinished ...>')) syncing.add(thread)
    else if (isLog || (syncing.has(thread) && /<\.\.\. f(data)?sync resumed>/.test(line))) {
      syncing.delete(thread)
      assert.match(line, /= 0$/)
      isSynced = true
    }
    if (/(read|recvfrom).*"POST \/v1\/(decisions|labels) /.test(line)) {
      isOpen = true
      isSynced = false
    }
    if (!isOpen || !line.includes('HTTP/1.1 200')) continue
    assert.ok(isSynced, `an answer before its record was on disk: ${line}`)
    isOpen = false
    answers += 1
  }
  return answers
}
