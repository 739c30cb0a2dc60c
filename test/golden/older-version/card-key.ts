/** The key that the card numbers of the kept data directories were hashed with. */
export const cardKey = 'a card key of the golden directory'
