import type { TakeMessages } from './decide-messages.ts'
import type { Message, Outcome } from './message.ts'

/** Messages whose order is kept, and where what became of them goes. */
export interface Lane<Came extends Message> {
  /** The next messages, once there are some; undefined at the end. */
  take(): Promise<readonly Came[] | undefined>
  /** Resolves once all are where they belong. */
  write(outcomes: readonly Outcome<Came>[]): Promise<void>
}

/** Takes and writes until the end. The next messages are decided while those before are written, and no more. */
export async function runLane<Came extends Message>(
  lane: Lane<Came>,
  take: TakeMessages,
  onFailure: (error: unknown) => void,
): Promise<void> {
  let written = Promise.resolve()
  try {
    for (let messages = await lane.take(); messages !== undefined; messages = await lane.take()) {
      const outcomes = await take(messages)
      await written
      written = lane.write(outcomes)
      // The lane may wait for messages meanwhile.
      written.catch(onFailure)
    }
  } finally {
    await written.catch(() => {})
  }
  await written
}
