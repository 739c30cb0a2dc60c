/** What events are of. A reader may ask for some of them alone. */
export const eventTypes = ['decision', 'label', 'case', 'alert', 'job', 'policy', 'deployment'] as const
export type EventType = (typeof eventTypes)[number]

/** Where those who work tell what happens, for whoever watches (port). */
export interface EventSink {
  /**
   * Tells of something as of now. It is sent once the records that were appended before are durable, so that nothing is
   * told that a failure takes back.
   *
   * @param tell makes what is sent, with nothing personal in clear; called later, and only if it is still among the newest.
   */
  publish(type: EventType, tell: () => object): void
}
