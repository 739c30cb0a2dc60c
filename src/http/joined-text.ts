import type { Turns } from './turns.ts'

// This much text is handed to the socket at once.
const textPerWrite = 64 * 1024

/** Answers -> pieces of text for the socket, at its pace, with turns for other requests in between. */
export async function* joinedText(
  groups: AsyncIterable<Iterable<string>> | Iterable<Iterable<string>>,
  turns: Turns,
  open = '',
  separator = '',
  close = '',
): AsyncGenerator<string> {
  let text = open
  let isFirst = true
  for await (const answers of groups) {
    if (turns.isOver()) await turns.next()
    for (const answer of answers) {
      text += isFirst ? answer : separator + answer
      isFirst = false
      if (text.length >= textPerWrite) {
        yield text
        text = ''
      }
      if (turns.isOver()) await turns.next()
    }
    if (text !== '') yield text
    text = ''
  }
  // Where there were no groups, the beginning is still to be written.
  if (text + close !== '') yield text + close
}
