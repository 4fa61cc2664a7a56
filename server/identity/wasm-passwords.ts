import Argon2 from '@phi-ag/argon2'
import type { Passwords } from '../deps.ts'

/** What Node's module does by default (OWASP's first recommendation), so that either can check the other's. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** argon2id in WebAssembly, for where no native module runs. */
export async function wasmPasswords(module: WebAssembly.Module): Promise<Passwords> {
  const argon2 = new Argon2(await WebAssembly.instantiate(module))
  return {
    hash: async (password) => argon2.hash(password, COST).encoded,
    verify: async (hash, password) => argon2.tryVerify(hash, password).success,
  }
}
