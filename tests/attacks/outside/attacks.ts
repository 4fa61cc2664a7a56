import type { Attack } from './attack.ts'
import { callerAttacks } from './callers.ts'

/** Every attack, in the order in which they are run. */
export const attacks: Attack[] = [...callerAttacks]
