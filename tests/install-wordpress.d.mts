export function cacheFolder(): string
export function ensureWordPressCore(): Promise<string>
export function buildOnce(
  folder: string,
  build: (unfinished: string) => Promise<void>,
): Promise<string>
