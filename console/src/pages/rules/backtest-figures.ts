/** What of a backtest's figures the console shows; `shrike backtest --json` prints all. */
export interface Figures {
  readonly all: SetFigures
  readonly sides: readonly {
    readonly name: string
    readonly focus: SetFigures
    readonly rules: readonly (SetFigures & { readonly id: string; readonly unknownConditions: number })[]
  }[]
  readonly changes: readonly {
    readonly from: string
    readonly to: string
    readonly cells: readonly { readonly from: string; readonly to: string; readonly transactions: number }[]
  }[]
  readonly overlap: readonly { readonly rule: string; readonly other: string; readonly share: number }[]
  readonly days: readonly {
    readonly day: string
    readonly hits: {
      readonly fraud: number
      readonly legitimate: number
      readonly unknown: number
      readonly young: number
    }
  }[]
  readonly examples: Readonly<
    Record<string, readonly { readonly id: string; readonly amount: number | null; readonly truth: string }[]>
  >
}

export interface SetFigures {
  readonly transactions: number
  readonly share: number
  readonly frauds: number
  readonly legitimate: number
  readonly unknown: number
  readonly young: number
  readonly precision: Share
  readonly recall: Share
  readonly value: { readonly caught: number; readonly lost: number; readonly unknown: number } | null
}

interface Share {
  readonly value: number | null
  readonly lower: number
  readonly upper: number
}
