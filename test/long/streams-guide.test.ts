import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { purchases, temporaryFolder, trainBundle } from '../durability/service.ts'
import { TestTopics, textOf } from '../durability/stream-topics.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'
import { shrikeScript, startShrike, withoutWarmUp } from '../run-shrike.ts'

const guide = readFileSync('docs/guides/streams.md', 'utf8')
const lines = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text]) => text.trim().split('\n'))

describe('the guide to streams', { skip: noKafka }, () => {
  let server: KafkaServer | undefined
  let topics: TestTopics
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const bodies = purchases(40).map(({ body }) => body)
  before(async () => {
    const bundle = await trainBundle(folder)
    if (bundle !== at('model.safetensors')) copyFileSync(bundle, at('model.safetensors'))
    writeFileSync(at('transactions.ndjson'), bodies.map((body) => `${JSON.stringify(body)}\n`).join(''))
    server = await startKafka()
    topics = await TestTopics.open(server.broker)
  })
  after(async () => {
    await topics?.close()
    await server?.remove()
  })
  const here = (line: string) =>
    line.replaceAll('localhost:9092', server?.broker ?? '').replace('--port 8000', '--port 0')

  /** A command of the guide as a person runs it; without its topics' tool, which is Kafka's own. */
  async function start(line: string) {
    const { child, ended } = startShrike(folder, [...here(line).split(' ').slice(1), withoutWarmUp])
    after(() => child.kill('SIGKILL'))
    let told = ''
    child.stderr?.on('data', (text: string) => {
      told += text
    })
    while (!/served on (http\S+)/.test(told)) {
      assert.equal(child.exitCode, null, told)
      await sleep(20)
    }
    const url = /served on (http[\w:./]+)/.exec(told)?.[1] ?? ''
    const ask = async (path: string) => (await fetch(`${url}${path}`)).text()
    const stop = async () => {
      child.kill('SIGINT')
      const { code } = await ended
      assert.equal(code, 0, told)
    }
    return { ask, stop }
  }

  const settled = async (topic: string, count: number) => {
    for (;;) {
      const read = (await topics.read(topic)).flat()
      if (read.length >= count) return read.map(({ value }) => JSON.parse(textOf(value)))
      await sleep(50)
    }
  }

  test('has commands that do as it says', async () => {
    const commands = lines.filter((line) => line.startsWith('shrike '))
    assert.equal(commands.length, 3)
    for (const line of lines) {
      const [, topic, partitions] = /^kafka-topics\.sh .* --topic (\w+) --partitions (\d+)$/.exec(line) ?? []
      if (topic !== undefined) await topics.create([topic], Number(partitions))
      else assert.ok(commands.includes(line), line)
    }
    const send = (from: number, to: number) =>
      topics.write(
        'transactions',
        bodies.slice(from, to).map((body, i) => ({ partition: i % 4, text: JSON.stringify(body) })),
      )
    await send(0, 20)
    const first = await start(commands[0])
    assert.equal((await settled('decisions', 20)).length, 20)
    const metrics = await first.ask('/metrics')
    assert.match(metrics, /shrike_stream_messages_total\{topic="transactions",result="decided"\} 20/)
    assert.match(metrics, /shrike_stream_lag_messages\{topic="transactions",partition="3"\} 0/)
    assert.match(metrics, /shrike_stream_waits 0/)
    assert.equal(JSON.parse(await first.ask('/readyz')).status, 'ready')
    await first.stop()
    await send(20, 40)
    const second = await start(commands[1])
    const label = { transactionId: bodies[0].transaction_id, isFraud: true }
    await topics.write('labels', [{ partition: 0, text: JSON.stringify(label) }])
    const decisions = await settled('decisions', 40)
    assert.equal(new Set(decisions.map(({ transactionId }) => transactionId)).size, 40)
    while (!/topic="labels",result="labelled"\} 1/.test(await second.ask('/metrics'))) await sleep(50)
    await second.stop()
    assert.equal((await topics.kafka.committed('shrike.transactions.decisions', 'transactions')).size, 4)

    writeFileSync(at('shrike'), `#!/bin/sh\nexec ${process.execPath} ${shrikeScript} "$@"\n`)
    chmodSync(at('shrike'), 0o755)
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` }
    const { status, stderr } = spawnSync('sh', ['-c', commands[2]], { cwd: folder, env, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const decided = readFileSync(at('decisions.ndjson'), 'utf8').trimEnd().split('\n')
    assert.deepEqual(
      decided.map((line) => JSON.parse(line).transactionId),
      bodies.map(({ transaction_id }) => transaction_id),
    )
  })
})
