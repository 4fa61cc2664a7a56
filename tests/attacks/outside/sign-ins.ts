import { PASSWORD, request } from '../../helpers/client.ts'
import { type Attack, assertAlive, HoleError } from './attack.ts'

const BEHIND_PROXY = { IGNY8_TRUSTED_PROXIES: '127.0.0.0/8' }

/** Attacks on sign-in by people without an account. */
export const signInAttacks: Attack[] = [
  {
    name: 'floods the service with sign-ins from many networks',
    environment: BEHIND_PROXY,
    async run(target) {
      const client = await target.owner()
      const statuses: Record<string, number> = {}
      let flooding = true
      const flood = Array.from({ length: 100 }, async (_, one) => {
        for (let n = 0; flooding; n++) {
          const headers = { 'x-forwarded-for': `10.${one}.${n % 250}.7` }
          const body = { email: `nobody-${one}-${n}@example.test`, password: 'a guess' }
          const { status } = await request(target.url, 'POST', 'auth/login/', body, headers)
          statuses[status] = (statuses[status] ?? 0) + 1
        }
      })
      let [slowestList, slowestHealth] = [0, 0]
      try {
        for (let n = 0; n < 20; n++) {
          await new Promise((resolve) => setTimeout(resolve, 500))
          slowestHealth = Math.max(slowestHealth, await assertAlive(target))
          const began = performance.now()
          const { status } = await client.get('auth/sites/')
          slowestList = Math.max(slowestList, Math.round(performance.now() - began))
          if (status !== 200) throw new HoleError(`a list was answered ${status}`)
        }
      } finally {
        flooding = false
        await Promise.allSettled(flood)
      }
      const seen = `/healthz within ${slowestHealth} ms, a list within ${slowestList} ms, sign-ins ${JSON.stringify(statuses)}`
      if (slowestList > 3000) throw new HoleError(seen)
      return seen
    },
  },
  {
    name: 'locks a known email address out by wrong passwords',
    environment: BEHIND_PROXY,
    async run(target) {
      const { email } = await target.owner()
      const logIn = (address: string, password: string) =>
        request(
          target.url,
          'POST',
          'auth/login/',
          { email, password },
          { 'x-forwarded-for': address },
        )
      for (let n = 0; n < 15; n++) await logIn('198.51.100.7', 'a guess')
      const { status } = await logIn('203.0.113.5', PASSWORD)
      if (status !== 200) throw new HoleError(`its user is answered ${status} elsewhere`)
      const guessing = (await logIn('198.51.100.7', PASSWORD)).status
      return `its user signs in elsewhere; who guessed is answered ${guessing}`
    },
  },
  {
    name: 'guesses from the addresses of one /64',
    environment: BEHIND_PROXY,
    async run(target) {
      const { email } = await target.owner()
      const seen: number[] = []
      for (let n = 1; n <= 12; n++) {
        const headers = { 'x-forwarded-for': `2001:db8::${n.toString(16)}` }
        const body = { email, password: 'a guess' }
        seen.push((await request(target.url, 'POST', 'auth/login/', body, headers)).status)
      }
      const guesses = seen.filter((status) => status === 401).length
      if (guesses > 10) throw new HoleError(`${guesses} guesses from one /64`)
      return `${guesses} guesses, then ${seen.at(-1)}`
    },
  },
]
