import { randomBytes } from 'node:crypto'
import { diskMedia } from '../../server/media/disk.ts'

/** Keeps one new file after the other, four at a time, and says each name once it is kept. */
const media = diskMedia(process.argv[2]!)

async function keepOn(): Promise<never> {
  for (;;) {
    const { path } = await media.put(randomBytes(300_000), 'webp')
    process.stdout.write(`${path}\n`)
  }
}

await Promise.all([keepOn(), keepOn(), keepOn(), keepOn()])
