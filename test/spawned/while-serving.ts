import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startShrike } from '../run-shrike.ts'

/** Starts a command that serves in a folder; runs the work with what it said so far, and stops it. */
export async function whileServing(
  folder: string,
  args: readonly string[],
  until: RegExp,
  work: (said: string) => Promise<void>,
) {
  const { child, ended } = startShrike(folder, [...args, '--port', '0'])
  let said = ''
  child.stdout?.on('data', (text: string) => {
    said += text
  })
  try {
    const isOver = ended.then(({ code, stderr }) => assert.fail(`it ended with ${code}: ${stderr}`))
    while (!until.test(said)) await Promise.race([sleep(50), isOver])
    await work(said)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

export async function post(url: string, body: unknown) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const decided: { readonly score: number; readonly degraded: readonly string[] } = JSON.parse(await answer.text())
  return { status: answer.status, decided }
}
