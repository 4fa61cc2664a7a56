import { answerAttacks } from './answers.ts'
import type { Attack } from './attack.ts'
import { callerAttacks } from './callers.ts'
import { databaseAttacks } from './database.ts'
import { hostileAnswerAttacks } from './hostile-answers.ts'
import { outageAttacks } from './outages.ts'
import { signInAttacks } from './sign-ins.ts'
import { siteAttacks } from './sites.ts'
import { uploadAttacks } from './uploads.ts'
import { workerAttacks } from './worker.ts'

/** Every attack, in the order in which they are run. */
export const attacks: Attack[] = [
  ...callerAttacks,
  ...databaseAttacks,
  ...uploadAttacks,
  ...signInAttacks,
  ...hostileAnswerAttacks,
  ...outageAttacks,
  ...workerAttacks,
  ...siteAttacks,
  ...answerAttacks,
]
