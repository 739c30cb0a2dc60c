import { setImmediate as nextTurn } from 'node:timers/promises'

// Other requests get their turn after this many items, and this much text is handed to the socket at once.
const itemsPerTurn = 256
const textPerWrite = 64 * 1024

/** Answers -> pieces of text for the socket, at its pace, with turns for other requests in between. */
export async function* joinedText(
  groups: AsyncIterable<Iterable<string>> | Iterable<Iterable<string>>,
  open: string,
  separator: string,
  close: string,
): AsyncGenerator<string> {
  let text = open
  let count = 0
  for await (const answers of groups) {
    for (const answer of answers) {
      text += count === 0 ? answer : separator + answer
      count += 1
      if (count % itemsPerTurn !== 0 && text.length < textPerWrite) continue
      yield text
      text = ''
      await nextTurn()
    }
    if (text !== '') yield text
    text = ''
  }
  // Where there were no groups, the beginning is still to be written.
  if (text + close !== '') yield text + close
}
