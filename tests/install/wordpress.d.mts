export function cacheFolder(): string
export function ensureWordPressCore(version: '6.1' | '6.5'): Promise<string>
export function buildOnce(
  folder: string,
  build: (unfinished: string) => Promise<void>,
): Promise<string>
