import Argon2 from '@phi-ag/argon2'
import type { Passwords } from '../deps.ts'

/** The defaults of @node-rs/argon2 (OWASP's first recommendation), so that each can verify the other's hashes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** argon2id in WebAssembly, for platforms without native modules. */
export async function wasmPasswords(module: WebAssembly.Module): Promise<Passwords> {
  const argon2 = new Argon2(await WebAssembly.instantiate(module))
  return {
    hash: async (password) => argon2.hash(password, COST).encoded,
    verify: async (hash, password) => argon2.tryVerify(hash, password).success,
  }
}
