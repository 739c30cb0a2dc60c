/**
 * The kinds of fraud, as they are numbered in the column `scenario`; where several apply to a transaction, the highest.
 * The first three are those of the Fraud Detection Handbook (Le Borgne et al., 2022).
 */
export const scenario = {
  legitimate: 0,
  largeAmount: 1,
  compromisedTerminal: 2,
  leakedCard: 3,
  cardTesting: 4,
  impossibleTravel: 5,
  merchantTakeover: 6,
} as const
